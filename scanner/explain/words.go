package explain

import (
	"fmt"
	"strings"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
)

// Why says why zombies are there, in a sentence without its full stop that goes
// on from the name of the cause; empty for a cause that is not known.
func Why(g v1alpha1.Cause) string {
	parent := g.Parent
	if g.Parents > 1 {
		parent = fmt.Sprintf("%s and %d more of that name", parent, g.Parents-1)
	}
	switch scanner.Cause(g.Cause) {
	case scanner.PID1NotReaping:
		return "PID 1 is " + parent + ", which does not wait for orphans; an init would"
	case scanner.ParentNotWaiting:
		return fmt.Sprintf("they were started by %s (PID %d in the container), which does not wait for them; an init would not help", parent, g.ParentPID)
	case scanner.PID1Ambiguous:
		return "PID 1 is " + parent + ", which may have started them itself; if it did, an init would not help"
	default:
		return ""
	}
}

// Kinds are the names of the zombies, all the same or with their numbers.
func Kinds(g v1alpha1.Cause) string {
	if len(g.Children) == 1 && g.OtherChildren == 0 {
		return "all called " + g.Children[0].Name
	}
	var parts []string
	for _, c := range g.Children {
		parts = append(parts, fmt.Sprintf("%s %d", c.Name, c.Count))
	}
	if g.OtherChildren > 0 {
		parts = append(parts, fmt.Sprintf("others %d", g.OtherChildren))
	}
	return strings.Join(parts, ", ")
}

// Starter is the probe or hook that seems to start the zombies of a container.
func Starter(container string, s v1alpha1.Starter) string {
	text := "the " + s.Field + " (exec)"
	if s.Container != container {
		text += " of container " + s.Container
	}
	if s.PeriodSeconds > 0 {
		text += fmt.Sprintf(", which runs every %d s", s.PeriodSeconds)
	}
	if s.Certainty == string(scanner.Certain) {
		return text + ": the names are those of its command, and they come as often as it runs"
	}
	return "probably " + text + ", by their names or how often they come"
}
