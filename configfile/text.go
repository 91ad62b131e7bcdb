package configfile

import (
	"strings"
	"unicode"
)

const (
	// MaxValue is how much of a foreign value a text repeats, in runes.
	MaxValue = 63
	// MaxProse is how long a clause may be that users are shown, in runes.
	MaxProse = 120
)

// Quote returns a foreign value in quotes, fit for a Warning header, an event
// or a log line: one line, only printable characters, at most MaxValue.
func Quote(s string) string { return `"` + Printable(s, MaxValue) + `"` }

// Printable replaces what isn't printable, and the double quote that would end
// the quotation, and cuts the text after limit runes.
func Printable(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == limit {
			b.WriteString("…")
			break
		}
		n++
		switch {
		case r == '"':
			b.WriteByte('\'')
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
