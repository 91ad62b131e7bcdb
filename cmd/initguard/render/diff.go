package render

import (
	"fmt"
	"io"
	"strings"
)

// diffContext is how many unchanged lines a difference shows around a change.
const diffContext = 3

// maxDiff bounds the lines of which a difference is computed; longer texts are
// shown as replaced as a whole.
const maxDiff = 20_000

// Diff writes the difference of two texts as diff -u does. name stands in its
// head.
func Diff(w io.Writer, name, before, after string, color bool) error {
	lines := edits(splitLines(before), splitLines(after))
	var out strings.Builder
	paint := painter(color)
	out.WriteString(paint("1", "--- "+name) + "\n" + paint("1", "+++ "+name) + "\n")
	for start := 0; start < len(lines); {
		from, to := hunk(lines, start)
		if from < 0 {
			break
		}
		writeHunk(&out, lines, from, to, paint)
		start = to
	}
	_, err := io.WriteString(w, out.String())
	return err //nolint:wrapcheck // The writer's own.
}

func painter(color bool) func(code, text string) string {
	return func(code, text string) string {
		if !color || code == "" {
			return text
		}
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
}

// diffLine is a line of a difference: kept (' '), removed ('-') or added ('+').
type diffLine struct {
	kind byte
	text string
	// old and new are how many lines of each text stand before it.
	old, new int
}

func splitLines(text string) []string {
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// edits is the shortest way from one list of lines to another.
func edits(a, b []string) []diffLine {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []diffLine
	x, y := 0, 0
	keep := func() { out = append(out, diffLine{' ', a[x], x, y}); x, y = x+1, y+1 }
	drop := func() { out = append(out, diffLine{'-', a[x], x, y}); x++ }
	add := func() { out = append(out, diffLine{'+', b[y], x, y}); y++ }
	for x < head {
		keep()
	}
	midA, midB := a[head:len(a)-tail], b[head:len(b)-tail]
	common := commonLines(midA, midB)
	for x-head < len(midA) || y-head < len(midB) {
		i, j := x-head, y-head
		switch {
		case common != nil && i < len(midA) && j < len(midB) && midA[i] == midB[j]:
			keep()
		case i < len(midA) && (j == len(midB) || common == nil || common[i+1][j] >= common[i][j+1]):
			drop()
		default:
			add()
		}
	}
	for x < len(a) {
		keep()
	}
	return out
}

// commonLines says how many lines two texts have in common from each place on; nil
// where they are too long to say.
func commonLines(a, b []string) [][]int {
	if len(a)+len(b) > maxDiff || len(a)*len(b) > maxDiff*500 {
		return nil
	}
	t := make([][]int, len(a)+1)
	for i := range t {
		t[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if t[i][j] = max(t[i+1][j], t[i][j+1]); a[i] == b[j] {
				t[i][j] = t[i+1][j+1] + 1
			}
		}
	}
	return t
}

// hunk finds the next changes from a line on, with the lines around them;
// -1 when there are none.
func hunk(lines []diffLine, start int) (from, to int) {
	first := start
	for first < len(lines) && lines[first].kind == ' ' {
		first++
	}
	if first == len(lines) {
		return -1, -1
	}
	last := first
	for i := first; i < len(lines) && i <= last+2*diffContext; i++ {
		if lines[i].kind != ' ' {
			last = i
		}
	}
	return max(start, first-diffContext), min(len(lines), last+diffContext+1)
}

func writeHunk(out *strings.Builder, lines []diffLine, from, to int, paint func(code, text string) string) {
	olds, news := 0, 0
	for _, l := range lines[from:to] {
		if l.kind != '+' {
			olds++
		}
		if l.kind != '-' {
			news++
		}
	}
	fmt.Fprintf(out, "%s\n", paint("36", fmt.Sprintf("@@ -%d,%d +%d,%d @@", lines[from].old+1, olds, lines[from].new+1, news)))
	for _, l := range lines[from:to] {
		code := map[byte]string{'-': "31", '+': "32"}[l.kind]
		out.WriteString(paint(code, string(l.kind)+Printable(l.text)) + "\n")
	}
}
