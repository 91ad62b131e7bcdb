package advice

import "path"

// initOfTheImage
//
// Changes: command of the container, to start an init that the image holds.
// Fits: an init was seen in the image, and the program need not be PID 1.
func initOfTheImage(s Situation) []Fix {
	if !s.finding() || s.Init == "" || s.Containers == 0 || s.MustBePID1 {
		return nil
	}
	f := Fix{Path: s.field("command"), Change: path.Base(s.Init) + " of the image in front", Page: AddInit}
	if s.Full {
		if text, ok := podCommand(s, s.Init); ok {
			f.Patches = []Patch{{Manifest, text}}
		}
	}
	return []Fix{f}
}

// podCommand are command and args of a container with an init before what is
// started now; false where that is not known.
func podCommand(s Situation, init string) (string, bool) {
	front := []string{init, "--"}
	if len(s.Command) > 0 {
		return "command: " + flow(append(front, s.Command...)), true
	}
	if s.Withheld || len(s.Argv) < s.Entrypoint || len(s.Argv) == 0 || s.HasArgs && s.Entrypoint == 0 {
		return "", false
	}
	text := "command: " + flow(append(front, escaped(s.Argv[:s.Entrypoint])...))
	if rest := s.Argv[s.Entrypoint:]; len(rest) > 0 && !s.HasArgs {
		text += "\nargs: " + flow(escaped(rest))
	}
	return text, true
}
