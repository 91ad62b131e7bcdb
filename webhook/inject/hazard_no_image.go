package inject

// noImage
//
// Reads: the configuration.
// Speaks against: wrap, where it is not known from which image tini is to come.
func noImage(p planner, _ Strategy) string {
	if p.Options.Image == "" {
		return "no image of initguard is configured to take tini from"
	}
	return ""
}
