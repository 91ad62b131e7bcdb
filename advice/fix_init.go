package advice

import (
	"path"
	"strings"
)

// initInFront
//
// Changes: the image's ENTRYPOINT, or the pod's command where that takes its
// place: an init before the program, from the image's own distribution where
// that has one.
// Fits: every program that need not be PID 1.
func initInFront(s Situation) []Fix {
	if !s.finding() || s.Script != "" || s.MustBePID1 {
		return nil
	}
	f := inFront(s)
	if f.Where == InPod && len(s.Command) == 0 {
		f.Change += " as its ENTRYPOINT"
	} else {
		f.Change += " in front"
	}
	f.Page = AddInit
	return []Fix{f}
}

// inFront is the fix that puts an init before what is started now; its Change
// only names the init.
func inFront(s Situation) Fix {
	d := distributionOf(s.Distribution)
	if s.Init != "" {
		d = distribution{init: s.Init}
	}
	f := Fix{Path: s.field("image"), Change: path.Base(d.init)}
	if d.manager != "" {
		f.Change += " (" + d.manager + ")"
	}
	switch {
	case len(s.Command) > 0:
		f.Path = s.field("command")
		if d.install != "" {
			f.Note = "the image needs the init too: command takes the place of its ENTRYPOINT"
		}
	case s.ContainerPath == "":
		f.Where, f.Path = InImage, "ENTRYPOINT"
	}
	if s.Full {
		f.Patches = initPatches(s, d)
	}
	return f
}

// initPatches are the lines for the Dockerfile, and for the manifest where the
// pod says what is started.
func initPatches(s Situation, d distribution) []Patch {
	var lines []string
	if d.install != "" {
		lines = append(lines, d.install)
	}
	if len(s.Command) > 0 {
		var out []Patch
		if len(lines) > 0 {
			out = append(out, Patch{Dockerfile, strings.Join(lines, "\n")})
		}
		text, _ := podCommand(s, d.init)
		return append(out, Patch{Manifest, text})
	}
	if len(s.Argv) == 0 || len(s.Argv) < s.Entrypoint {
		return []Patch{{Dockerfile, strings.Join(append(lines, "ENTRYPOINT "+flow([]string{d.init, "--"})), "\n")}}
	}
	lines = append(lines, "ENTRYPOINT "+flow(append([]string{d.init, "--"}, s.Argv[:s.Entrypoint]...)))
	switch rest := s.Argv[s.Entrypoint:]; {
	case s.HasArgs || s.Withheld:
		lines = append(lines, repeatCmd)
	case len(rest) > 0:
		lines = append(lines, "CMD "+flow(rest))
	}
	return []Patch{{Dockerfile, strings.Join(lines, "\n")}}
}
