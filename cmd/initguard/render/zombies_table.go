package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/initguard/initguard/scanner"
)

// shortID is how many digits of a container's id crictl and docker show, at
// least.
const shortID = 13

// ZombieTable writes a report for people: one row a cause, what the causes mean,
// and a line that counts.
func ZombieTable(w io.Writer, r scanner.Report, s Style) error {
	var out strings.Builder
	if len(r.Containers) > 0 {
		rows := [][]string{{"POD", "CONTAINER", "ZOMBIES", "OLDEST", "PER HOUR", "CAUSE", "PARENT", "CHILDREN"}}
		var causes []scanner.Cause
		for _, f := range r.Containers {
			for _, g := range f.Groups {
				rows = append(rows, zombieRow(f.Container, g))
				if !slices.Contains(causes, g.Cause) {
					causes = append(causes, g.Cause)
				}
			}
		}
		writeColumns(&out, rows, s)
		out.WriteString("\n")
		for _, c := range causes {
			label := string(c) + ": "
			for _, text := range wrap(c.Explain(), max(cmp.Or(s.Width, DefaultWidth)-len(label), minColumn)) {
				out.WriteString(label + text + "\n")
				label = strings.Repeat(" ", len(label))
			}
		}
		out.WriteString("\n")
	}
	out.WriteString(zombieSummary(r) + "\n")
	return flush(w, &out)
}

func zombieRow(c scanner.Container, g scanner.Group) []string {
	id := containerName(c)
	rate := "-"
	if g.PerHour != nil {
		rate = strconv.FormatFloat(*g.PerHour, 'f', 0, 64)
	}
	parent := fmt.Sprintf("%s (%d)", Printable(g.Parent.Comm), g.Parent.PID)
	if g.Parents > 1 {
		parent += fmt.Sprintf(" and %d more", g.Parents-1)
	}
	return []string{
		dash(Printable(c.Pod)), dash(Printable(id[:min(len(id), shortID)])), strconv.Itoa(g.Zombies),
		duration.HumanDuration(g.Oldest), rate, string(g.Cause), parent, childrenText(g.Children),
	}
}

func childrenText(c scanner.Children) string {
	var parts []string
	for _, n := range c.Names {
		parts = append(parts, fmt.Sprintf("%s %d", Printable(n.Comm), n.Count))
	}
	if c.Others > 0 {
		parts = append(parts, fmt.Sprintf("others %d", c.Others))
	}
	return strings.Join(parts, ", ")
}

// writeColumns writes rows, numbers to the right, the last column cut where a
// terminal would wrap the line.
func writeColumns(out *strings.Builder, rows [][]string, s Style) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	last := len(widths) - 1
	taken := 0
	for _, n := range widths[:last] {
		taken += n + 2
	}
	for _, row := range rows {
		for i, cell := range row[:last] {
			fill := strings.Repeat(" ", widths[i]-width(cell))
			if rows[0][i] == "ZOMBIES" || rows[0][i] == "OLDEST" || rows[0][i] == "PER HOUR" {
				out.WriteString(fill + cell + "  ")
			} else {
				out.WriteString(cell + fill + "  ")
			}
		}
		text := row[last]
		if s.Width > 0 {
			text = cut(text, max(s.Width-taken, minColumn))
		}
		out.WriteString(text + "\n")
	}
}

func zombieSummary(r scanner.Report) string {
	text := "no zombies"
	if n := r.Zombies(); n > 0 {
		text = count(n, "zombie") + " in " + count(len(r.Containers), "place")
	}
	text += " among " + strconv.Itoa(r.Processes) + " processes"
	var ignored []string
	for _, i := range []struct {
		n    int
		what string
	}{
		{r.Ignored.Young, "not there in both scans"},
		{r.Ignored.Runtime, "of the container runtime"},
		{r.Ignored.Leaders, "with live threads"},
	} {
		if i.n > 0 {
			ignored = append(ignored, fmt.Sprintf("%d %s", i.n, i.what))
		}
	}
	if len(ignored) > 0 {
		text += "; not counted: " + strings.Join(ignored, ", ")
	}
	return text
}
