package configfile

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// illegible finds the first byte that no YAML file holds. The parser would
// refuse it too, without saying where.
func illegible(data []byte) (line int, what string) {
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			what = "a byte that isn't UTF-8"
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c == 0x7f:
			what = "a control character"
		}
		if what != "" {
			return 1 + bytes.Count(data[:i], []byte("\n")), what
		}
		i += size
	}
	return 0, ""
}

// syntax notes what the YAML parser says.
func (r *Report) syntax(err error) {
	m := regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?((?s).*)$`).FindStringSubmatch(err.Error())
	line, counted := strconv.Atoi(m[1])
	switch {
	case counted != nil && !unplaced(m[2]):
		line = 1 // the parser leaves the first line out
	case counted == nil && fromZero(m[2]):
		line++
	}
	r.add(line, "", "is not YAML: %s", Printable(m[2], MaxProse))
}

// unplaced reports whether the parser never gives a line with this message.
func unplaced(message string) bool {
	return regexp.MustCompile(`^unknown anchor `).MatchString(message)
}

// fromZero reports whether the parser counts lines from 0 in this message: it
// does where the tokens are right and their order isn't (parser.fail in
// go.yaml.in/yaml/v3's decode.go).
func fromZero(message string) bool {
	return slices.Contains([]string{
		"did not find expected <document start>",
		"did not find expected node content",
		"did not find expected '-' indicator",
		"did not find expected key",
		"did not find expected ',' or ']'",
		"did not find expected ',' or '}'",
	}, message)
}
