package render

import (
	"fmt"
	"io"
	"strings"
)

// Table writes a check for people: one row a container with a finding, why it
// is one and the fix below it, then a line that counts. Verbose adds the
// containers without a finding and the way to each PID 1, and cuts nothing.
func Table(w io.Writer, c Check, s Style, verbose bool) error {
	if s.Width <= 0 {
		s.Width = DefaultWidth
	}
	t := table{style: s, verbose: verbose}
	for _, workload := range c.Workloads {
		t.add(workload)
	}
	var out strings.Builder
	t.write(&out)
	out.WriteString(c.Summary.line(verbose) + "\n")
	return flush(w, &out)
}

// The columns.
const (
	columnPlace = iota
	columnWorkload
	columnContainer
	columnVerdict
	columnPID1
	columnRisk
	columnCluster
	columns
)

func header() [columns]string {
	return [columns]string{"FILE:LINE", "WORKLOAD", "CONTAINER", "VERDICT", "PID 1", "RISK", "CLUSTER"}
}

// row is one line of the table and what stands below it.
type row struct {
	cells     [columns]string
	container Container
	notes     []note
	// last stands below all else of the row.
	last []note
}

// note is a text with the word in front of it, and the lines below it.
type note struct {
	label, text string
	block       []string
}

type table struct {
	style   Style
	verbose bool
	rows    []row
}

func (t *table) add(w Workload) {
	if w.Exempt != "" && t.verbose {
		r := row{notes: []note{{label: "why", text: "exempt: " + Printable(w.Exempt)}}}
		r.cells = [columns]string{
			columnPlace: w.String(), columnWorkload: w.title(), columnContainer: "-", columnVerdict: "-",
			columnPID1: "-", columnRisk: "-", columnCluster: string(NoAction),
		}
		t.rows = append(t.rows, r)
	}
	for _, c := range w.Containers {
		if c.Finding == NoFinding && !t.verbose {
			continue
		}
		place := w.Place
		place.Line = c.Line
		r := row{container: c, notes: t.notes(c)}
		r.cells = [columns]string{
			columnPlace: place.String(), columnWorkload: w.title(), columnContainer: Printable(c.Name),
			columnVerdict: c.Verdict.String(), columnPID1: dash(Printable(c.PID1)),
			columnRisk: dash(strings.TrimSuffix(c.Risk.String(), "none")), columnCluster: string(c.Cluster),
		}
		t.rows = append(t.rows, r)
	}
	if last := len(t.rows) - 1; t.verbose && last >= 0 {
		for _, warning := range w.Warnings {
			t.rows[last].last = append(t.rows[last].last, note{label: "kubectl prints", text: "Warning: " + Printable(warning)})
		}
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// String is FILE:LINE, fit for a terminal.
func (p Place) String() string {
	if p.Line == 0 {
		return Printable(p.File)
	}
	return fmt.Sprintf("%s:%d", Printable(p.File), p.Line)
}

// title names a workload as kubectl takes it.
func (w Workload) title() string {
	title := Printable(w.Kind) + "/" + Printable(w.Name)
	if w.Namespace != "" {
		title += " -n " + Printable(w.Namespace)
	}
	return title
}

// notes are the lines below a container's row.
func (t *table) notes(c Container) []note {
	var notes []note
	why := []string{Printable(c.Reason)}
	if c.HarmedByOrphans != "" {
		why = append(why, "orphans harm it: it "+Printable(c.HarmedByOrphans))
	}
	for _, e := range c.Exposures {
		why = append(why, Printable(e.Text))
	}
	if c.Finding != NoFinding || t.verbose {
		notes = append(notes, note{label: "why", text: strings.Join(why, "; ")})
	}
	switch {
	case c.Fix == nil:
	case t.verbose:
		notes = append(notes, c.Fix.noted("fix")...)
		for _, other := range c.OtherFixes {
			notes = append(notes, other.noted("or")...)
		}
	default:
		notes = append(notes, note{label: "fix", text: c.Fix.String()})
	}
	if c.Exempt {
		notes = append(notes, note{label: "note", text: "an annotation of the workload exempts this container"})
	}
	return notes
}

func (t *table) write(out *strings.Builder) {
	if len(t.rows) == 0 {
		return
	}
	head := header()
	widths := t.widths(head)
	line(out, head, widths, func(_ int, text string) string { return text })
	for _, r := range t.rows {
		line(out, r.cells, widths, func(column int, text string) string {
			if column == columnVerdict && r.cells[columnVerdict] != "-" {
				return t.style.verdict(r.container.Verdict, text)
			}
			return text
		})
		t.below(out, r)
	}
	out.WriteString("\n")
}

// minColumn is how far a column can be cut.
const minColumn = 10

// widths are those of the columns, the widest of them cut until the table fits.
func (t *table) widths(head [columns]string) [columns]int {
	var widths [columns]int
	for i := range head {
		widths[i] = width(head[i])
		for _, r := range t.rows {
			widths[i] = max(widths[i], width(r.cells[i]))
		}
	}
	for !t.verbose {
		total, widest := 2*(columns-1), columnPlace
		for i, n := range widths {
			total += n
			if cuttable(i) && n > widths[widest] {
				widest = i
			}
		}
		if total <= t.style.Width || widths[widest] <= minColumn {
			break
		}
		widths[widest]--
	}
	return widths
}

// cuttable are the columns whose text is anybody's.
func cuttable(column int) bool { return column <= columnContainer || column == columnPID1 }

func line(out *strings.Builder, cells [columns]string, widths [columns]int, paint func(column int, text string) string) {
	last := columns - 1
	for i, cell := range cells {
		text := cut(cell, widths[i])
		if i == columnPlace {
			text = cutFront(cell, widths[i])
		}
		if i == last {
			out.WriteString(paint(i, text) + "\n")
			continue
		}
		out.WriteString(paint(i, text) + strings.Repeat(" ", widths[i]-width(text)) + "  ")
	}
}

// below writes what stands below a row.
func (t *table) below(out *strings.Builder, r row) {
	t.writeNotes(out, r.notes)
	if t.verbose {
		chain(out, t.style, unsaid(r.container.Chain, r.container.Reason), noteIndent+"  ")
	}
	t.writeNotes(out, r.last)
}

const noteIndent = "    "

func (t *table) writeNotes(out *strings.Builder, notes []note) {
	for _, n := range notes {
		label := pad(n.label, len("note")) + "  "
		lines := wrap(n.text, max(t.style.Width-len(noteIndent)-len(label), minColumn))
		if t.verbose {
			lines = []string{n.text}
		}
		for i, text := range lines {
			if i > 0 {
				label = strings.Repeat(" ", len(label))
			}
			out.WriteString(noteIndent + t.style.paint(faint, label) + text + "\n")
		}
		for _, text := range n.block {
			out.WriteString(strings.TrimRight(noteIndent+strings.Repeat(" ", len(label)+2)+text, " ") + "\n")
		}
	}
}

// line is the last line of a check.
func (s Summary) line(verbose bool) string {
	text := count(s.Workloads, "workload") + ", " + count(s.Containers, "container") + ": "
	if n := s.Findings.Total(); n == 0 {
		text += "no findings"
	} else {
		text += count(n, "finding") + " (" + s.Findings.String() + ")"
	}
	if s.Unknown > 0 {
		text += fmt.Sprintf(", %d unknown", s.Unknown)
	}
	if s.Exempt > 0 {
		text += fmt.Sprintf(", %d exempt", s.Exempt)
	}
	if s.Problems > 0 {
		text += ", " + count(s.Problems, "problem") + " in the input"
	}
	if verbose && s.Ignored > 0 {
		text += "; " + count(s.Ignored, "object") + " of other kinds ignored"
	}
	return text
}

// String names the risks that occur, the worst first.
func (r RiskCounts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		name string
	}{{r.Observed, "observed"}, {r.Exposed, "exposed"}, {r.Possible, "possible"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.name))
		}
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
