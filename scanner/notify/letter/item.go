package letter

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/explain"
	"github.com/initguard/initguard/scanner/notice"
)

const (
	// maxCauses are told of a workload, maxContainers mended, with maxFixes each;
	// maxActs is how much of what was done is told.
	maxCauses     = 4
	maxContainers = 3
	maxFixes      = 3
	maxActs       = 5
	maxReasons    = 8
)

// full tells a workload in full.
func full(i notice.Item, s Settings) item {
	status := &i.Report.Status
	out := item{title: clean(status.Workload.String(), maxName), severity: clean(i.Severity, maxName)}
	out.lead = count(int(status.Summary.Zombies), "zombie") + " in " + count(int(status.Summary.Pods), "pod")
	if n := perHour(status); n > 0 {
		out.lead += ", " + thousands(n) + " more an hour"
	}
	if i.Again {
		out.lead += "; you were told before, and it goes on"
	}
	add := func(label, text string) { out.facts = append(out.facts, fact{label, clean(text, maxSentence)}) }
	add("since", begin(i, s.Now))
	if text := limit(status, s.Now); text != "" {
		add("PIDs", text)
	}
	for n, reason := range i.Reasons {
		if n < maxReasons {
			add("reason", reason)
		}
	}
	for _, c := range causes(status) {
		where := ""
		if c.container != "" {
			where = " in container " + c.container
		}
		add("what", fmt.Sprintf("%s%s, %s", count(int(c.Zombies), "zombie"), where, explain.Kinds(c.Cause)))
		add("why", cmp.Or(explain.Why(c.Cause), c.Cause.Cause+", below "+c.Parent))
		if c.StartedBy != nil {
			add("from", explain.Starter(c.container, *c.StartedBy))
		}
	}
	if kept := status.Notice; kept != nil && kept.Alert != nil && kept.Alert.EndsAt == nil {
		add("alert", kept.Alert.Name+", for pod "+kept.Alert.Pod)
	}
	out.quick = quickFix(i.Report)
	out.fixes = proper(i.Report, s)
	out.done = acts(status.Remedy)
	return out
}

// begin is since when there are zombies, and since when people care.
func begin(i notice.Item, now time.Time) string {
	status := &i.Report.Status
	from := status.FirstSeen.Time
	if len(status.History) > 0 && status.History[0].To == nil {
		from = status.History[0].From.Time
	}
	text := since(from, now)
	if n := len(status.History); n > 1 {
		text += fmt.Sprintf("; it is the %s time since %s", ordinal(n), at(status.FirstSeen.Time))
	}
	return text
}

func ordinal(n int) string {
	switch n {
	case 2:
		return "second"
	case 3:
		return "third"
	default:
		return fmt.Sprintf("%dth", n)
	}
}

// perHour is how many come in an hour in all pods that are listed; 0 where that
// can't be told.
func perHour(s *v1alpha1.ZombieReportStatus) int {
	n := 0
	for _, p := range s.Pods {
		if p.PerHour != nil {
			n += int(*p.PerHour)
		}
	}
	return n
}

// limit is how near the nearest pod is to its PID limit.
func limit(s *v1alpha1.ZombieReportStatus, now time.Time) string {
	pods := slices.DeleteFunc(slices.Clone(s.Pods), func(p v1alpha1.Pod) bool { return p.PIDsUsed == nil })
	if len(pods) == 0 {
		return ""
	}
	p := slices.MinFunc(pods, func(a, b v1alpha1.Pod) int {
		switch {
		case a.LimitAt != nil && b.LimitAt != nil:
			return a.LimitAt.Compare(b.LimitAt.Time)
		case a.LimitAt != nil:
			return -1
		case b.LimitAt != nil:
			return 1
		default:
			return cmp.Compare(*b.PIDsUsed, *a.PIDsUsed)
		}
	})
	text := thousands(int(*p.PIDsUsed))
	if p.PIDLimit != nil {
		text += " of " + thousands(int(*p.PIDLimit))
	}
	text += " in use in pod " + p.Name
	switch {
	case p.LimitAt == nil:
	case !p.LimitAt.After(now):
		text += "; none is left: it can't start processes any more"
	default:
		text += "; at this rate none is left in " + span(p.LimitAt.Sub(now)) + ", " + at(p.LimitAt.Time)
		if p.LimitEarly {
			text += ", which rests on less than ten minutes and may be far off"
		}
	}
	return text
}

// causeIn is a cause in a container, over all pods.
type causeIn struct {
	v1alpha1.Cause

	container string
}

// causes are those of all pods, the most zombies first.
func causes(s *v1alpha1.ZombieReportStatus) []causeIn {
	var out []causeIn
	for _, p := range s.Pods {
		for _, c := range p.Containers {
			for _, g := range c.Causes {
				at := slices.IndexFunc(out, func(o causeIn) bool {
					return o.container == c.Name && o.Cause.Cause == g.Cause && o.Parent == g.Parent
				})
				if at < 0 {
					out = append(out, causeIn{g, c.Name})
					continue
				}
				merge(&out[at].Cause, g)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b causeIn) int { return cmp.Compare(b.Zombies, a.Zombies) })
	return out[:min(len(out), maxCauses)]
}

// merge adds the zombies of another pod. Children are counted where both have
// the name; those that would be one too many are others.
func merge(to *v1alpha1.Cause, g v1alpha1.Cause) {
	to.Zombies += g.Zombies
	to.OtherChildren += g.OtherChildren
	children := slices.Clone(to.Children) // the report is not ours to change
	for _, c := range g.Children {
		at := slices.IndexFunc(children, func(o v1alpha1.Children) bool { return o.Name == c.Name })
		switch {
		case at >= 0:
			children[at].Count += c.Count
		case len(children) < v1alpha1.MaxChildren:
			children = append(children, c)
		default:
			to.OtherChildren += c.Count
		}
	}
	to.Children = children
	if to.StartedBy == nil {
		to.StartedBy = g.StartedBy
	}
}

// command is a command to paste; empty where it would hold what a shell takes
// for something else. The names of Kubernetes' objects have nothing like that.
func command(s string) string {
	if len(s) > maxSentence || !consists(s, alphanumeric+" ./=_-") {
		return ""
	}
	return s
}

func quickFix(r *v1alpha1.ZombieReport) *quick {
	q := explain.Quick(r.Namespace, &r.Status, false)
	out := quick{what: clean(q.What()+"; "+q.Note, maxSentence)}
	for n, c := range q.Commands {
		if c = command(c); c != "" && n < maxCommands {
			out.commands = append(out.commands, c)
		}
	}
	if len(out.commands) == 0 {
		return nil
	}
	if more := len(q.Commands) - maxCommands; more > 0 {
		out.what += fmt.Sprintf(" (%d pods more have some)", more)
	}
	return &out
}

// maxCommands is how many pods are named one by one.
const maxCommands = 10

// proper are the fixes of each container. Of several pods one stands for all.
func proper(r *v1alpha1.ZombieReport, s Settings) []fixes {
	var out []fixes
	for n, c := range explain.Containers(&r.Status) {
		if n == maxContainers {
			break
		}
		known := advice.Situation{}
		if s.Situation != nil && c.Name != "" && len(c.Causes) > 0 {
			known, _ = s.Situation(r, c.Name, c.Causes[0].Parent)
		}
		known.Full, known.Withheld = true, true
		f := fixes{title: "Proper fix"}
		if c.Name != "" {
			f.title += " of container " + clean(c.Name, maxName)
		}
		for _, situation := range c.Causes.Situations(known) {
			a := advice.For(situation)
			for n, one := range append([]advice.Fix{a.Fix}, a.Others...) {
				if one.Kind != "" && n < maxFixes {
					f.list = append(f.list, fixOf(one, r, c.Name, s))
				}
			}
		}
		if len(f.list) > 0 {
			out = append(out, f)
		}
	}
	return out
}

func fixOf(f advice.Fix, r *v1alpha1.ZombieReport, container string, s Settings) fix {
	where, spec := f.Path, explain.SpecPath(r.Status.Workload)
	if f.Where == advice.InPod && spec != "" {
		where = spec + "." + f.Path
	}
	out := fix{text: clean(where+": "+f.Change, maxSentence), note: clean(f.Note, maxSentence)}
	if s.FixesURL != "" {
		out.url = s.FixesURL + string(f.Page)
	}
	for _, p := range f.Patches {
		if p.File == advice.Manifest {
			out.patches = append(out.patches, patch{
				title: "in the manifest of " + clean(r.Status.Workload.String(), maxName) + ":", lines: nested(where, container, lines(p.Text)),
			})
			continue
		}
		out.patches = append(out.patches, patch{title: "in the image's " + clean(p.File, maxName) + ":", lines: lines(p.Text)})
	}
	return out
}

// line tells a workload in one line.
func line(i notice.Item) row {
	s := i.Report.Status
	return row{
		workload: clean(s.Workload.String(), maxName), severity: clean(i.Severity, maxName), zombies: thousands(int(s.Summary.Zombies)),
		since: at(i.Since), cause: clean(s.Summary.Cause, maxName),
	}
}
