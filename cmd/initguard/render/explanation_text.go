package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/scanner/explain"
)

// explaining writes an explanation.
type explaining struct {
	Explanation
	out   strings.Builder
	style Style
	now   time.Time
}

// Write writes an explanation for people.
func (e Explanation) Write(w io.Writer, s Style, now time.Time) error {
	x := explaining{Explanation: e, style: s, now: now}
	x.head()
	for i, p := range e.Report.Pods {
		if i < maxPods {
			x.pod(p)
		}
	}
	if more := max(len(e.Report.Pods)-maxPods, 0) + int(e.Report.OtherPods); more > 0 && e.Pod == "" {
		x.line("", "\nand %s more; name one to see it", count(more, "pod"))
	}
	x.quick()
	for _, c := range e.Containers {
		x.proper(c)
	}
	for _, n := range e.Notes {
		x.line("", "\nnote: %s", Printable(n))
	}
	return flush(w, &x.out)
}

// maxPods are told in full, the worst first: those of a workload mostly have the
// same causes.
const maxPods = 3

func (x *explaining) line(indent, format string, args ...any) {
	x.out.WriteString(indent + fmt.Sprintf(format, args...) + "\n")
}

// fact is a line with a word in front of it, wrapped below itself.
func (x *explaining) fact(indent, label, format string, args ...any) {
	const labels = len("expected")
	label = pad(label, labels) + "  "
	to := DefaultWidth
	if x.style.Width > 0 {
		to = x.style.Width
	}
	for i, text := range wrap(fmt.Sprintf(format, args...), max(to-len(indent)-len(label), minColumn)) {
		if i > 0 {
			label = strings.Repeat(" ", labels+2)
		}
		x.out.WriteString(indent + x.style.paint(faint, label) + text + "\n")
	}
}

func (x *explaining) head() {
	s := x.Report.Summary
	title := Printable(x.Report.Workload.String()) + " in namespace " + Printable(x.Namespace)
	if x.Pod != "" {
		title = "Pod " + Printable(x.Pod) + " of " + title
	}
	switch {
	case len(x.Report.Pods) == 0:
		x.line("", "%s: no zombies now", title)
	case x.Pod != "":
		x.line("", "%s: %s", title, count(int(x.Report.Pods[0].Zombies), "zombie"))
	default:
		x.line("", "%s: %s in %s", title, count(int(s.Zombies), "zombie"), count(int(s.Pods), "pod"))
	}
	seen := "first seen " + ago(&x.Report.FirstSeen, x.now) + " ago"
	if len(x.Report.Pods) == 0 {
		seen += ", last " + ago(&x.Report.LastSeen, x.now) + " ago"
	}
	if n := len(x.Report.History); n > 1 {
		seen += fmt.Sprintf("; %d times with zombies since, at most %s of them", n, thousands(int64(most(x.Report.History))))
	}
	x.line("", "%s", seen)
}

func most(history []v1alpha1.Episode) int32 {
	var n int32
	for _, h := range history {
		n = max(n, h.MostZombies)
	}
	return n
}

func (x *explaining) pod(p v1alpha1.Pod) {
	x.line("", "\npod %s on node %s", Printable(p.Name), Printable(p.Node))
	x.limit(p)
	for _, c := range p.Containers {
		name := "container " + Printable(c.Name)
		if c.Name == "" {
			name = "a container that is not in the pod any more"
		}
		x.line("  ", "%s: %s", name, count(int(c.Zombies), "zombie"))
		for _, cause := range c.Causes {
			x.cause(c, cause)
		}
		if c.OtherZombies > 0 {
			x.fact("    ", "and", "%s of other causes and parents", count(int(c.OtherZombies), "zombie"))
		}
	}
	if p.OtherContainers > 0 {
		x.line("  ", "and %s more", count(int(p.OtherContainers), "container"))
	}
}

// limit says how many PIDs the pod takes, and until when they last.
func (x *explaining) limit(p v1alpha1.Pod) {
	if p.PIDsUsed == nil {
		return
	}
	text := thousands(*p.PIDsUsed)
	if p.PIDLimit != nil {
		text += " of " + thousands(*p.PIDLimit)
	}
	text += " in use by processes, threads and zombies"
	if p.LimitAt != nil {
		left := p.LimitAt.Sub(x.now)
		switch {
		case left <= 0:
			text += "; " + x.style.paint(red, "none is left: the pod can't start processes any more")
		default:
			text += "; at this rate none is left in " + x.style.paint(red, duration.HumanDuration(left))
			if p.LimitEarly {
				text += " (it rests on less than ten minutes and may be far off)"
			}
		}
	}
	x.fact("  ", "PIDs", "%s", text)
}

func (x *explaining) cause(c v1alpha1.Container, g v1alpha1.Cause) {
	const indent = "    "
	x.fact(indent, "what", "%s: %s", count(int(g.Zombies), "zombie"), Printable(explain.Kinds(g)))
	if why := explain.Why(g); why != "" {
		x.fact(indent, "why", "%s: %s", x.style.cause(g.Cause), Printable(why))
	} else {
		x.fact(indent, "why", "%s, below %s", Printable(g.Cause), Printable(g.Parent))
	}
	if g.StartedBy != nil {
		x.fact(indent, "from", "%s", Printable(explain.Starter(c.Name, *g.StartedBy)))
	}
	since := "the oldest is there for " + ago(&g.OldestSince, x.now) + " at most"
	if g.PerHour != nil {
		since += fmt.Sprintf("; %d more come in an hour", *g.PerHour)
	}
	x.fact(indent, "since", "%s", since)
}

func (x *explaining) quick() {
	if len(x.QuickFix.Commands) == 0 {
		return
	}
	x.line("", "\n%s %s; %s", x.style.paint(faint, "quick fix:"), x.QuickFix.What(), x.QuickFix.Note)
	for _, c := range x.QuickFix.Commands {
		x.line("    ", "%s", Printable(c))
	}
}

func (x *explaining) proper(c ZombieContainer) {
	if c.Fix == nil {
		return
	}
	name := ""
	if c.Name != "" {
		name = " of container " + Printable(c.Name)
	}
	x.line("", "\n%s", x.style.paint(faint, "proper fix"+name+":"))
	x.expected(c)
	label := ""
	for _, f := range append([]Fix{*c.Fix}, c.OtherFixes...) {
		for i, n := range f.noted("") {
			if i == 0 {
				x.line("  ", "%s%s", x.style.paint(faint, label), n.text)
				continue
			}
			x.line("    ", "%s", n.text)
			for _, text := range n.block {
				x.out.WriteString(strings.TrimRight("      "+text, " ") + "\n")
			}
		}
		label = "or "
	}
}

// expected says what the image promises where that is not what was seen.
func (x *explaining) expected(c ZombieContainer) {
	if c.Expected == nil || c.Expected.Verdict != imageinspect.Reaps || !c.Causes.Orphans() {
		return
	}
	x.line("  ", "%s", x.style.paint(yellow, fmt.Sprintf("the manifest and the image as they are now say %s, which reaps: was the pod started before they changed?",
		Printable(c.Expected.PID1))))
}
