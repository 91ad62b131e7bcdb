package initdb

import "strings"

// A word that holds a NUL byte is text that can't be known, such as
// "--port=\x00PORT\x00"; what stands between the marks is what it depends on.
// NUL can't occur in a real argv.
const unknownMark = "\x00"

func isUnknown(word string) bool { return strings.Contains(word, unknownMark) }

// display writes a word as a person would: unknown parts as $(NAME).
func display(word string) string {
	parts := strings.Split(word, unknownMark)
	for i := 1; i < len(parts); i += 2 {
		parts[i] = "$(" + parts[i] + ")"
	}
	return strings.Join(parts, "")
}

// firstUnknown finds a word that might be any option. A word whose known
// beginning says that it is an operand or the value of a long option is known
// well enough for a mode.
func firstUnknown(args []string) (string, bool) {
	for _, word := range args {
		known, _, unknown := strings.Cut(word, unknownMark)
		if !unknown {
			continue
		}
		operand := known != "" && !strings.HasPrefix(known, "-")
		value := strings.HasPrefix(known, "--") && strings.Contains(known, "=")
		if !operand && !value {
			return word, true
		}
	}
	return "", false
}
