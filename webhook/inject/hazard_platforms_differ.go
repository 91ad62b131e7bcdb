package inject

// platformsDiffer
//
// Reads: the answers for each platform of the image.
// Speaks against: wrap, where ENTRYPOINT or CMD differ: a pod holds one
// command, and where it will land is not known.
func platformsDiffer(_ planner, _ Strategy, t target) string {
	if len(t.Command) == 0 && t.Result.ArgvDiffers {
		return "its image starts something else on each platform"
	}
	return ""
}
