package config

import (
	"strings"
	"unicode"
)

const (
	// maxValueRunes is how much of a foreign value a text repeats.
	maxValueRunes = 63
	// maxProseRunes is how long a clause may be that users are shown.
	maxProseRunes = 120
)

// quote returns a foreign value in quotes, fit for a Warning header, an event
// or a log line: one line, only printable characters, at most maxValueRunes.
func quote(s string) string { return `"` + sanitise(s, maxValueRunes) + `"` }

// sanitise replaces what isn't printable, and the double quote that would end
// the quotation, and cuts the text after limit runes.
func sanitise(s string, limit int) string {
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
