package script

import "strings"

// unknownMark surrounds the name of what a part of a text depends on; the part
// itself can't be known. NUL can't occur in a real argv.
const unknownMark = "\x00"

// spread begins the name of a part that may be no word, one or many: an
// unquoted expansion.
const spread = "*"

// UnknownPart stands in a text for a part that can't be known; name says what
// it depends on.
func UnknownPart(name string) string { return unknownMark + name + unknownMark }

// NonRoot is the number of a user that is not known but is not 0.
func NonRoot() string { return UnknownPart(nonRoot) }

// Names of unknown parts that are looked for.
const (
	imageFiles    = "files of the image"
	commandOutput = "the output of a command"
)

const nonRoot = "a user that is not root"

func isUnknown(text string) bool { return strings.Contains(text, unknownMark) }

func isSpread(text string) bool { return strings.Contains(text, unknownMark+spread) }

// nameOf is what a text with an unknown part depends on.
func nameOf(text string) string {
	_, rest, _ := strings.Cut(text, unknownMark)
	name, _, _ := strings.Cut(rest, unknownMark)
	name = strings.TrimPrefix(name, spread)
	if len(name) > maxName {
		return "a variable with a long name"
	}
	return name
}

// plainMarks takes the spread marks for ordinary ones, as those outside know
// them.
func plainMarks(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ReplaceAll(w, unknownMark+spread, unknownMark)
	}
	return out
}

// maxName bounds a name that is told, in bytes.
const maxName = 128

// edges are a text's known beginning and end around its unknown parts.
func edges(text string) (head, tail string) {
	head, _, _ = strings.Cut(text, unknownMark)
	return head, text[strings.LastIndex(text, unknownMark)+1:]
}

// empty says whether a text is empty.
func empty(text string) answer {
	if !isUnknown(text) {
		return toAnswer(text == "")
	}
	for i, part := range strings.Split(text, unknownMark) {
		if i%2 == 0 && part != "" || i%2 == 1 && part == nonRoot {
			return no
		}
	}
	return maybe
}

// equal says whether two texts are the same.
func equal(a, b string) answer {
	switch {
	case !isUnknown(a) && !isUnknown(b):
		return toAnswer(a == b)
	case isUnknown(a) && isUnknown(b):
		return maybe
	case isUnknown(b):
		a, b = b, a
	}
	if a == NonRoot() && (b == "0" || b == "" || b == "root") {
		return no
	}
	head, tail := edges(a)
	if len(head)+len(tail) > len(b) || !strings.HasPrefix(b, head) || !strings.HasSuffix(b, tail) {
		return no
	}
	return maybe
}

// answer is yes, no, or not known.
type answer uint8

const (
	no answer = iota
	maybe
	yes
)

func toAnswer(b bool) answer {
	if b {
		return yes
	}
	return no
}

func (a answer) not() answer { return yes - a }
