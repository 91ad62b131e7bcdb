package letter

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest texts, in runes.
const (
	maxName     = 128 // a name
	maxSentence = 600 // a reason, a note
	maxLine     = 300 // of a patch
	maxLines    = 40  // of a patch
	maxSubject  = 200
)

// clean makes foreign text one line that says what it is and does nothing else:
// control characters, line ends, marks that turn the direction of reading, and
// what is no UTF-8 are shown as U+FFFD, and it is cut at a number of runes.
func clean(s string, limit int) string {
	if len(s) > limit*utf8.UTFMax {
		s = s[:limit*utf8.UTFMax]
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, strings.TrimSpace(s))
	return cut(s, limit)
}

// cut shortens a text to a number of runes.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// lines are those of a patch, each of them clean, with their indent.
func lines(s string) []string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(all) > maxLines {
		all = append(all[:maxLines:maxLines], "...")
	}
	out := make([]string, 0, len(all))
	for _, line := range all {
		body := strings.TrimLeft(line, " ")
		indent := min(len(line)-len(body), maxName)
		out = append(out, strings.Repeat(" ", indent)+clean(body, maxLine))
	}
	return out
}

// markup is HTML. A constant of this package becomes one by itself; any other
// string has to go through text or code, or it does not compile.
type markup string

// text is a text as it may stand in an element or in a quoted attribute. It is
// clean already.
func text(s string) markup { return markup(html.EscapeString(s)) }
