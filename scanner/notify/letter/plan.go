package letter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/initguard/initguard/scanner/notice"
)

// page is what a mail says, before it is text or HTML. Every string in it is
// clean, and one line.
type page struct {
	title string
	// notes stand above all: for the platform, where it was sent for want of
	// somebody else.
	notes []string
	intro []string
	items []item
	// rows are workloads that are only named; more is how many others there are.
	rows []row
	more int
	// resolved are sentences about workloads without zombies.
	resolved []string
	optOut   string
	command  string
	sent     string
	preview  string
}

// item is a workload in full.
type item struct {
	title    string
	severity string
	lead     string
	facts    []fact
	quick    *quick
	fixes    []fixes
	done     []string
}

// fact is a line with a word in front of it.
type fact struct{ label, text string }

// quick is the quick fix.
type quick struct {
	what     string
	commands []string
}

// fixes are the proper fixes of one container, the best first.
type fixes struct {
	title string
	list  []fix
}

// fix is one of them.
type fix struct {
	text, note, url string
	patches         []patch
}

// patch is what to paste.
type patch struct {
	title string
	lines []string
}

// row is a workload in one line.
type row struct{ workload, severity, zombies, since, cause string }

// maxResolved is how many workloads without zombies are named.
const maxResolved = 50

func plan(d notice.Digest, s Settings) page {
	namespace := clean(d.Namespace, maxName)
	where := "namespace " + namespace
	if s.Cluster != "" {
		where += " of cluster " + clean(s.Cluster, maxName)
	}
	p := page{title: "Zombie processes in " + where}
	if d.NoContact != "" {
		p.notes = append(p.notes, "For the platform's team: this came to you because "+clean(d.NoContact, maxSentence))
	}
	size, resolved := 0, 0
	for _, i := range d.Items {
		if i.Kind != notice.KindFiring {
			if resolved++; resolved <= maxResolved {
				p.resolved = append(p.resolved, ended(i, s))
			}
			continue
		}
		p.add(i, s, &size)
	}
	if more := resolved - maxResolved; more > 0 {
		p.resolved = append(p.resolved, "and "+count(more, "workload")+" more")
	}
	if firing := len(d.Items) - resolved; firing > 0 {
		p.intro = append(p.intro, "A zombie is a process that has ended and that nobody has waited for. It keeps its process ID. "+
			"A pod that has none left can't start processes any more: its probes fail, and so does kubectl exec.")
		p.preview = p.items[0].title + ": " + p.items[0].lead
	} else {
		p.title = "No zombie processes any more in " + where
		p.preview = p.resolved[0]
	}
	p.close(d, s, namespace)
	return p
}

// add tells a workload in full as long as there is room for that.
func (p *page) add(i notice.Item, s Settings, size *int) {
	if len(p.items) < MaxFull && *size < mostFull {
		full := full(i, s)
		p.items = append(p.items, full)
		*size += len(full.html())
		return
	}
	r := line(i)
	if n := len(r.html()); len(p.rows) < maxRows && *size+n < mostHTML {
		p.rows = append(p.rows, r)
		*size += n
		return
	}
	p.more++
}

func (p *page) close(d notice.Digest, s Settings, namespace string) {
	var roles, to []string
	for _, c := range d.To {
		role := clean(cmp.Or(c.Role, "contact"), maxName)
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
		to = append(to, clean(c.Address, maxName)+" ("+role+")")
	}
	if len(to) > maxFooter {
		to = append(to[:maxFooter], fmt.Sprintf("%d more", len(to)-maxFooter))
	}
	p.sent = "You get this as " + strings.Join(roles, ", ") + " of " + namespace + ". It went to " + and(to) + "."
	switch s.OptOut {
	case notice.NotifyCritical:
		p.optOut = "Who may annotate the namespace can choose to be told of what is critical alone:"
	case notice.NotifyNever:
		p.optOut = "Who may annotate the namespace can choose to be told of what is critical alone, or, with never, of nothing:"
	default:
		return
	}
	p.command = command("kubectl annotate --overwrite namespace " + d.Namespace + " " + notice.AnnotationNotify + "=critical")
}

// maxFooter is how many addresses a mail names at its end; To has them all.
const maxFooter = 20
