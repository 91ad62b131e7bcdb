package initdb

import "strings"

// ScriptSyntax says how a runtime's arguments name the script that it runs.
type ScriptSyntax struct {
	// Values are the options that take the next word as their value.
	Values []string
	// Module is the option whose value names a module: -m of python.
	Module string
	// Inline are the options after which no script file follows: -c, -e.
	Inline []string
}

// script is what a runtime runs. At most one of file, module and unknown is
// set.
type script struct {
	file, module string
	args         []string // the script's own
	unknown      string   // the word that hides it
}

// find reads a runtime's arguments up to the script.
func (s ScriptSyntax) find(args []string) script {
	for i := 0; i < len(args); i++ {
		word := args[i]
		rest := args[i+1:]
		switch {
		case isUnknown(word) && !strings.HasPrefix(word, "--"):
			return script{unknown: word}
		case word == "--":
			return operand(rest)
		case word == "-" || contains(s.Inline, word):
			return script{}
		case s.Module != "" && word == s.Module:
			return module(rest)
		case s.Module != "" && strings.HasPrefix(word, s.Module):
			return script{module: word[len(s.Module):], args: rest}
		case contains(s.Values, word):
			i++
		case !strings.HasPrefix(word, "-"):
			return operand(args[i:])
		}
	}
	return script{}
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

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}
