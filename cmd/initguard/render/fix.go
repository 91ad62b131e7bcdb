package render

import (
	"slices"
	"strings"

	"github.com/initguard/initguard/advice"
)

// Fix is one way to mend a finding.
type Fix struct {
	// Kind names the fix for programs.
	Kind advice.Kind `json:"kind"`
	// Path is the field in the object, or where in the image; Change is what to
	// put there.
	Path   string `json:"path"`
	Change string `json:"change"`
	// Note is what else to know before it is done.
	Note string `json:"note,omitempty"`
	// URL is a page that explains the fix; empty when none is configured.
	URL string `json:"url,omitempty"`
	// Patches are the exact lines, as far as they can be told.
	Patches []advice.Patch `json:"patches,omitempty"`
}

// Mend is what to do about a finding, and about a shell that keeps signals from
// the program below it.
type Mend struct {
	// Fix is the one that fits best; null when nothing is to be mended.
	Fix *Fix `json:"fix,omitempty"`
	// OtherFixes fit too, the better first.
	OtherFixes []Fix `json:"otherFixes,omitempty"`
}

// NewMend takes the fixes that fit a situation. specPath is where in the object
// the pod's spec stands; url gives the address of a page.
func NewMend(s advice.Situation, specPath string, url func(page string) string) Mend {
	s.Full = true
	a := advice.For(s)
	if a.Kind == "" {
		return Mend{}
	}
	fix := func(f advice.Fix) Fix {
		out := Fix{Kind: f.Kind, Path: f.Path, Change: f.Change, Note: f.Note, URL: url(string(f.Page)), Patches: f.Patches}
		if f.Where == advice.InPod && specPath != "" {
			out.Path = specPath + "." + f.Path
		}
		return out
	}
	first := fix(a.Fix)
	m := Mend{Fix: &first}
	for _, f := range a.Others {
		m.OtherFixes = append(m.OtherFixes, fix(f))
	}
	return m
}

// String is a fix on one line, fit for a terminal.
func (f Fix) String() string {
	text := f.Path + ": " + f.Change
	if f.URL != "" {
		text += ", see " + f.URL
	}
	return Printable(text)
}

// noted is a fix as notes: one line, what else to know, and the exact lines.
func (f Fix) noted(label string) []note {
	notes := []note{{label: label, text: f.String()}}
	if f.Note != "" {
		notes = append(notes, note{text: Printable(f.Note)})
	}
	for _, p := range f.Patches {
		notes = append(notes, note{text: Printable(p.File) + ":", block: printableLines(p.Text)})
	}
	return notes
}

func printableLines(text string) []string {
	return strings.Split(strings.TrimRight(PrintableLines(text), "\n"), "\n")
}

// text writes the fixes below the answer about an image.
func (m Mend) text(out *strings.Builder, s Style, indent string) {
	if m.Fix == nil {
		return
	}
	label := "fix:"
	for _, f := range slices.Concat([]Fix{*m.Fix}, m.OtherFixes) {
		for i, n := range f.noted(label) {
			if i == 0 {
				out.WriteString(indent + "  " + s.paint(faint, n.label) + " " + n.text + "\n")
				continue
			}
			out.WriteString(indent + "    " + n.text + "\n")
			for _, line := range n.block {
				out.WriteString(strings.TrimRight(indent+"      "+line, " ") + "\n")
			}
		}
		label = "or:"
	}
}
