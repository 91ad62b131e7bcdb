package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

// Style is how text is to look.
type Style struct {
	// Color allows colours.
	Color bool
	// Width is how many columns a table may take; DefaultWidth when 0.
	Width int
}

// DefaultWidth is how wide a table is where no terminal says.
const DefaultWidth = 120

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	faint  = "2"
)

func (s Style) paint(color, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (s Style) verdict(o imageinspect.Outcome, text string) string {
	switch o {
	case imageinspect.Reaps:
		return s.paint(green, text)
	case imageinspect.DoesNotReap:
		return s.paint(red, text)
	default:
		return s.paint(yellow, text)
	}
}

// ImageText writes the answer about an image for people: the verdict, then the
// way to it, one step a line.
func ImageText(w io.Writer, i Image, s Style) error {
	var out strings.Builder
	if len(i.Platforms) == 0 || i.agrees() {
		answer(&out, s, i.Answer, i.Way, "")
		if i.unasked {
			out.WriteString("  the image was not asked: the command decides\n")
		}
		i.text(&out, s, "")
		return flush(w, &out)
	}
	fmt.Fprintf(&out, "%s  %s\n", s.verdict(i.Verdict, i.Verdict.String()), Printable(i.Reason))
	for n, p := range i.Platforms {
		if n > 0 && said(i.Platforms[:n], p) {
			continue
		}
		var names []string
		for _, other := range i.Platforms {
			if same(other, p) {
				names = append(names, Printable(other.Platform))
			}
		}
		fmt.Fprintf(&out, "\n%s\n", strings.Join(names, ", "))
		answer(&out, s, p.Answer, p.Way, "  ")
		p.text(&out, s, "  ")
	}
	return flush(w, &out)
}

func said(before []Platform, p Platform) bool {
	for _, b := range before {
		if same(b, p) {
			return true
		}
	}
	return false
}

func flush(w io.Writer, out *strings.Builder) error {
	_, err := io.WriteString(w, out.String())
	return err //nolint:wrapcheck // The caller says what was written.
}

// answer writes a verdict and the way to it.
func answer(out *strings.Builder, s Style, a Answer, w Way, indent string) {
	head := s.verdict(a.Verdict, a.Verdict.String())
	switch {
	case a.PID1 == "":
		head += "  " + Printable(a.Reason)
	case a.ByName:
		head += "  " + Printable(a.PID1) + s.paint(faint, "  (by name)")
	default:
		head += "  " + Printable(a.PID1)
	}
	fmt.Fprintf(out, "%s%s\n", indent, head)
	chain(out, s, withReason(w.Chain, a), indent+"  ")
	if a.HarmedByOrphans != "" {
		fmt.Fprintf(out, "%s  %s\n", indent, s.paint(yellow, "harmed by orphans: it "+Printable(a.HarmedByOrphans)))
	}
	if a.MustBePID1 {
		fmt.Fprintf(out, "%s  refuses to run as anything but PID 1\n", indent)
	}
}

// withReason is a chain that ends with the reason, which is said once: in the
// first line where PID 1 is not known.
func withReason(steps []imageinspect.Step, a Answer) []imageinspect.Step {
	last := len(steps) - 1
	switch {
	case a.PID1 == "":
		return unsaid(steps, a.Reason)
	case last >= 0 && strings.HasPrefix(a.Reason, steps[last].Text):
		steps = slices.Clone(steps)
		steps[last].Text = a.Reason
		return steps
	}
	return append(slices.Clip(steps), imageinspect.Step{Kind: imageinspect.StepProgram, Program: a.PID1, Text: a.Reason})
}

// unsaid is a chain without a last step that only says the reason, where that
// was said before.
func unsaid(steps []imageinspect.Step, reason string) []imageinspect.Step {
	last := len(steps) - 1
	if last >= 0 && steps[last].Text == reason && steps[last].Evidence == "" {
		return steps[:last]
	}
	return steps
}
