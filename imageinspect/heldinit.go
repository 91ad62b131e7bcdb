package imageinspect

// heldInit is the path of an init that lies in the image, whether it is started
// or not, where that is known without another download. A name alone is no
// proof: the file has to say it.
func heldInit(files Files, e end) string {
	if files == nil || e.verdict.Outcome == Unknown {
		return ""
	}
	for _, at := range []string{
		"/usr/bin/tini", "/sbin/tini", "/usr/local/bin/tini", "/usr/bin/tini-static", "/tini",
		"/usr/bin/dumb-init", "/usr/local/bin/dumb-init", "/usr/bin/catatonit",
	} {
		f, known := files.Known(at)
		if !known || f.Program == nil || !f.Executable {
			continue
		}
		switch f.Program.Program {
		case "tini", "dumb-init", "catatonit":
			return at
		}
	}
	return ""
}
