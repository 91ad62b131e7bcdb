package advice

// shareProcessNamespace
//
// Changes: shareProcessNamespace of the pod; PID 1 is the sandbox process then,
// which reaps.
// Fits: a pod of one container. Several would see one another. Not where the
// pod opted out, where the program insists on being PID 1, or where the pod's
// commands mean it by its number.
func shareProcessNamespace(s Situation) []Fix {
	if !s.finding() || s.Containers != 1 || s.OptedOut || s.MustBePID1 || s.NamesPID1 {
		return nil
	}
	f := Fix{Path: "shareProcessNamespace", Change: "true", Page: ShareProcessNamespace}
	if s.Full {
		f.Patches = []Patch{{Manifest, "shareProcessNamespace: true"}}
	}
	return []Fix{f}
}
