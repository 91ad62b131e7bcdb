package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/initguard/initguard/api/v1alpha1"
)

// ReportTable writes ZombieReports as kubectl does, one a line.
type ReportTable struct {
	Style Style
	// Namespaces adds a column, Wide those that kubectl has with -o wide.
	Namespaces, Wide bool
	Now              time.Time

	widths []int
}

// Write writes the heading and the reports; without reports nothing.
func (t *ReportTable) Write(w io.Writer, reports []v1alpha1.ZombieReport) error {
	if len(reports) == 0 {
		return nil
	}
	rows := [][]string{t.heading()}
	for _, r := range reports {
		rows = append(rows, t.cells(r))
	}
	t.widths = make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			t.widths[i] = max(t.widths[i], width(cell))
		}
	}
	var out strings.Builder
	for i, row := range rows {
		t.line(&out, row, i > 0)
	}
	return flush(w, &out)
}

// Row writes one more report below, as wide as those before.
func (t *ReportTable) Row(w io.Writer, r v1alpha1.ZombieReport) error {
	var out strings.Builder
	cells := t.cells(r)
	if t.widths == nil {
		head := t.heading()
		t.widths = make([]int, len(head))
		for i := range head {
			t.widths[i] = max(width(head[i]), width(cells[i]))
		}
		t.line(&out, head, false)
	}
	t.line(&out, cells, true)
	return flush(w, &out)
}

func (t *ReportTable) heading() []string {
	head := []string{"WORKLOAD", "PODS", "ZOMBIES", "OLDEST", "PER HOUR", "PID LIMIT IN", "CAUSE"}
	if t.Namespaces {
		head = append([]string{"NAMESPACE"}, head...)
	}
	if t.Wide {
		head = append(head, "PARENT", "LAST SEEN")
	}
	return head
}

func (t *ReportTable) cells(r v1alpha1.ZombieReport) []string {
	s := r.Status.Summary
	cells := []string{
		Printable(s.Workload), strconv.Itoa(int(s.Pods)), strconv.Itoa(int(s.Zombies)), ago(s.OldestSince, t.Now),
		dash(Printable(s.PerHour)), dash(Printable(s.PIDLimitIn)), dash(Printable(s.Cause)),
	}
	if t.Namespaces {
		cells = append([]string{Printable(r.Namespace)}, cells...)
	}
	if t.Wide {
		cells = append(cells, dash(Printable(s.Parent)), ago(&r.Status.LastSeen, t.Now))
	}
	return cells
}

// line writes numbers to the right, and the cause in the colour of what it
// means.
func (t *ReportTable) line(out *strings.Builder, cells []string, paint bool) {
	head := t.heading()
	var line strings.Builder
	for i, cell := range cells {
		fill := strings.Repeat(" ", max(t.widths[i]-width(cell), 0))
		text := cell
		if paint && head[i] == "CAUSE" {
			text = t.Style.cause(cell)
		}
		switch head[i] {
		case "PODS", "ZOMBIES", "OLDEST", "PER HOUR", "PID LIMIT IN":
			line.WriteString(fill + text)
		default:
			line.WriteString(text + fill)
		}
		line.WriteString("  ")
	}
	out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// cause is red where an init would help, yellow where it would not or nobody
// can tell.
func (s Style) cause(text string) string {
	switch text {
	case "PID1NotReaping":
		return s.paint(red, text)
	case "-", "":
		return text
	default:
		return s.paint(yellow, text)
	}
}

// ago is how long ago something was, as kubectl writes it.
func ago(t *metav1.Time, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return duration.HumanDuration(now.Sub(t.Time))
}

// thousands writes a number with commas.
func thousands(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
