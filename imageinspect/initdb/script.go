package initdb

import (
	"slices"
	"strings"
)

// ScriptSyntax says how a runtime's arguments name the script that it runs.
// Short options are letters; several may stand in one word.
type ScriptSyntax struct {
	// Values are the letters that take the rest of the word or, where none is
	// left, the next word; Joined those that take only the rest of the word.
	Values, Joined string
	// Long are the long options that take the next word as their value.
	Long []string
	// File is the letter whose value names the script, Module the one whose
	// value names a module: -m of python. 0 is none.
	File, Module byte
	// Inline are the letters after which no script file follows, -c or -e;
	// InlineLong the long options.
	Inline     string
	InlineLong []string
}

// script is what a runtime runs. At most one of file, module and unknown is
// set.
type script struct {
	file, module string
	args         []string // the script's own
	unknown      string   // the word that hides it
}

// isEntrypoint is true for a script whose name says that it goes on to another
// program.
func (s script) isEntrypoint() bool {
	return strings.Contains(strings.ToLower(base(s.file)+s.module), "entrypoint")
}

// find reads a runtime's arguments up to the script.
func (s ScriptSyntax) find(args []string) script {
	for len(args) > 0 {
		word, rest := args[0], args[1:]
		switch {
		case isUnknown(word) && !strings.HasPrefix(word, "--"):
			return script{unknown: word}
		case word == "--":
			return operand(rest)
		case word == "-" || slices.Contains(s.InlineLong, word):
			return script{}
		case slices.Contains(s.Long, word):
			rest = rest[min(1, len(rest)):]
		case strings.HasPrefix(word, "--"):
		case strings.HasPrefix(word, "-"):
			found, left, done := s.cluster(word[1:], rest)
			if done {
				return found
			}
			rest = left
		default:
			return operand(args)
		}
		args = rest
	}
	return script{}
}

// cluster reads a word of short options and returns what is left after it, or
// true with the script that it names.
func (s ScriptSyntax) cluster(letters string, rest []string) (script, []string, bool) {
	for i := 0; i < len(letters); i++ {
		letter := letters[i]
		value := rest
		if i+1 < len(letters) {
			value = append([]string{letters[i+1:]}, rest...)
		}
		switch {
		case strings.IndexByte(s.Inline, letter) >= 0:
			return script{}, nil, true
		case letter == s.Module:
			return module(value), nil, true
		case letter == s.File:
			return operand(value), nil, true
		case strings.IndexByte(s.Joined, letter) >= 0:
			return script{}, rest, false
		case strings.IndexByte(s.Values, letter) >= 0:
			return script{}, value[min(1, len(value)):], false
		}
	}
	return script{}, rest, false
}

func operand(words []string) script {
	switch {
	case len(words) == 0:
		return script{}
	case isUnknown(words[0]):
		return script{unknown: words[0]}
	}
	return script{file: words[0], args: words[1:]}
}

func module(words []string) script {
	s := operand(words)
	s.file, s.module = "", s.file
	return s
}
