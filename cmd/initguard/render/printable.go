package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes foreign text fit for one line of a terminal: what could move
// the cursor, change colours or reverse the reading direction is spelled out.
func Printable(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, s[0])
		case !hidden(r):
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&out, `\x%02x`, r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		s = s[size:]
	}
	return out.String()
}

// PrintableLines is Printable for a text of several lines.
func PrintableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Printable(strings.ReplaceAll(line, "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

func hidden(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// width is how many columns a text takes. Wide East Asian characters count as
// one: a table with them is uneven, not wrong.
func width(s string) int { return utf8.RuneCountInString(s) }

// pad fills a text up to a width.
func pad(s string, to int) string {
	if n := to - width(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// cut shortens a text to a width.
func cut(s string, to int) string {
	if width(s) <= to {
		return s
	}
	return string([]rune(s)[:to-1]) + "…"
}

// cutFront shortens a text to a width and keeps its end, which tells more of a
// path and a line.
func cutFront(s string, to int) string {
	if width(s) <= to {
		return s
	}
	runes := []rune(s)
	return "…" + string(runes[len(runes)-to+1:])
}

// wrap breaks a text into lines of a width, between words where it can.
func wrap(s string, to int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= to:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
