package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

// AuditTable writes an audit for people: one row a container with a finding,
// what each setting would do, and a line that counts. Verbose adds why it is
// one and the fix.
func AuditTable(w io.Writer, a ClusterAudit, s Style, verbose bool) error {
	if s.Width <= 0 {
		s.Width = DefaultWidth
	}
	var out strings.Builder
	rows := [][]string{{"NAMESPACE", "WORKLOAD", "CONTAINER", "VERDICT", "PID 1", "RISK", "NOW", "INJECT WOULD"}}
	var below [][]note
	for _, workload := range a.Workloads {
		for _, c := range workload.Containers {
			if c.Finding == NoFinding {
				continue
			}
			rows = append(rows, []string{
				Printable(workload.Namespace), Printable(workload.Kind + "/" + workload.Name), Printable(c.Name), c.Verdict.String(),
				dash(Printable(c.PID1)), dash(strings.TrimSuffix(c.Risk.String(), "none")), string(c.Cluster), workload.injects(c),
			})
			below = append(below, auditNotes(workload, c))
		}
	}
	if len(rows) > 1 {
		writeAuditRows(&out, rows, below, s, verbose)
		out.WriteString("\n")
	}
	if a.Summary.Findings.Total() > 0 {
		writeSettings(&out, a)
		out.WriteString("\n")
	}
	for _, n := range a.Namespaces {
		for _, p := range n.Problems {
			out.WriteString("namespace " + Printable(n.Name) + ": " + Printable(p) + "\n")
		}
	}
	out.WriteString(a.Summary.line(len(a.Namespaces)) + "\n")
	return flush(w, &out)
}

// injects is what inject would do to a container at the mildest setting that
// acts on it.
func (w AuditedWorkload) injects(c Container) string {
	i, ok := w.Injection[c.Risk.String()]
	switch {
	case !ok:
		return "-"
	case i.safe(c.Name):
		return i.Strategy
	default:
		return "refuse"
	}
}

func (i Injection) safe(container string) bool {
	for _, name := range i.Containers {
		if name == container {
			return true
		}
	}
	return false
}

func auditNotes(w AuditedWorkload, c Container) []note {
	why := []string{Printable(c.Reason)}
	for _, e := range c.Exposures {
		why = append(why, Printable(e.Text))
	}
	if c.Observed != nil {
		text := c.Observed.String()
		if c.Verdict == imageinspect.Reaps {
			text += ", which contradicts the verdict"
		}
		why = append(why, text)
	}
	notes := []note{{label: "why", text: strings.Join(why, "; ")}}
	if c.Fix != nil {
		notes = append(notes, note{label: "fix", text: c.Fix.String()})
	}
	if i := w.Injection[c.Risk.String()]; i.Refused != "" && !i.safe(c.Name) {
		notes = append(notes, note{label: "inject", text: "refused: " + Printable(i.Refused)})
	}
	if c.Exempt {
		notes = append(notes, note{label: "note", text: "an annotation of the workload exempts this container"})
	}
	return notes
}

// writeAuditRows writes the rows as wide as they are, notes below them.
func writeAuditRows(out *strings.Builder, rows [][]string, below [][]note, s Style, verbose bool) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	t := table{style: s}
	for n, row := range rows {
		var text strings.Builder
		for i, cell := range row {
			fill := strings.Repeat(" ", widths[i]-width(cell)+2)
			if n > 0 && i == columnVerdict {
				cell = s.verdictNamed(cell)
			}
			text.WriteString(cell + fill)
		}
		out.WriteString(strings.TrimRight(text.String(), " ") + "\n")
		if n > 0 && verbose {
			t.writeNotes(out, below[n-1])
		}
	}
}

// verdictNamed paints a verdict by its name.
func (s Style) verdictNamed(text string) string {
	switch text {
	case "Reaps":
		return s.paint(green, text)
	case "DoesNotReap":
		return s.paint(red, text)
	default:
		return s.paint(yellow, text)
	}
}

// writeSettings says what each mode would do at each risk.
func writeSettings(out *strings.Builder, a ClusterAudit) {
	fmt.Fprintf(out, "Of %s, each setting would act on:\n\n", count(a.Summary.Workloads, "workload"))
	head := []string{"SETTING"}
	for _, risk := range AuditRisks() {
		head = append(head, risk.String())
	}
	rows := [][]string{head}
	for _, line := range []struct {
		name, mode string
		number     func(Setting) int
	}{
		{"warn, audit", "warn", func(s Setting) int { return s.Workloads }},
		{"enforce: denied when applied anew", "enforce", func(s Setting) int { return s.Workloads }},
		{"inject: safe with share-pid", "inject", func(s Setting) int { return s.SharePID }},
		{"inject: safe with wrap", "inject", func(s Setting) int { return s.Wrap }},
		{"inject: refused, at least in part", "inject", func(s Setting) int { return s.Refused }},
	} {
		row := []string{line.name}
		for _, s := range a.Settings {
			if s.Mode == line.mode {
				row = append(row, strconv.Itoa(line.number(s)))
			}
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(head))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	for _, row := range rows {
		text := "  " + pad(row[0], widths[0])
		for i, cell := range row[1:] {
			text += "  " + strings.Repeat(" ", widths[i+1]-width(cell)) + cell
		}
		out.WriteString(text + "\n")
	}
}

func (s AuditSummary) line(namespaces int) string {
	text := count(s.Workloads, "workload") + " in " + count(namespaces, "namespace") + ", " + count(s.Containers, "container") + ": "
	if n := s.Findings.Total(); n == 0 {
		text += "no findings"
	} else {
		text += count(n, "workload") + " with findings (" + s.Findings.String() + ")"
	}
	if s.Unknown > 0 {
		text += fmt.Sprintf(", %d with an unknown PID 1", s.Unknown)
	}
	if s.Exempt > 0 {
		text += fmt.Sprintf(", %d exempt", s.Exempt)
	}
	return text
}
