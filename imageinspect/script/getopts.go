package script

import (
	"strconv"
	"strings"
)

// getopts follows `getopts OPTIONS NAME [WORD ...]`: one option a call.
func (e *evaluator) getopts(w *world, args []string) {
	if len(args) < 2 || !isName(args[1]) {
		w.end(2)
		return
	}
	words := w.params
	if len(args) > 2 {
		words = args[2:]
	}
	index, _ := e.lookup(w, "OPTIND")
	at, err := strconv.Atoi(index)
	if err != nil || at < 1 || isUnknown(args[0]) || spreads(words) {
		e.getoptsUnknown(w, args[1])
		return
	}
	if at != w.optWord {
		w.optWord, w.optChar = at, 1
	}
	if at > len(words) {
		e.getoptsEnd(w, args[1], at)
		return
	}
	word := words[at-1]
	switch {
	case isUnknown(word):
		e.getoptsUnknown(w, args[1])
	case word == "--":
		e.getoptsEnd(w, args[1], at+1)
	case len(word) < 2 || word[0] != '-' || w.optChar >= len(word):
		e.getoptsEnd(w, args[1], at)
	default:
		e.getoptsOption(w, args[0], args[1], words, at)
	}
}

func (e *evaluator) getoptsUnknown(w *world, name string) {
	for _, n := range []string{name, "OPTARG", "OPTIND"} {
		e.setUnknown(w, n)
	}
	w.endUnknown()
}

func (e *evaluator) getoptsEnd(w *world, name string, at int) {
	e.set(w, name, "?")
	e.set(w, "OPTIND", strconv.Itoa(at))
	w.optWord, w.optChar = at, 1
	w.end(1)
}

// getoptsOption takes the next letter of a word of options.
func (e *evaluator) getoptsOption(w *world, options, name string, words []string, at int) {
	word := words[at-1]
	letter := word[w.optChar : w.optChar+1]
	w.optChar++
	known := strings.Index(strings.TrimPrefix(options, ":"), letter)
	found, argument := letter, ""
	last := w.optChar >= len(word)
	switch {
	case known < 0 || letter == ":":
		found = "?"
	case strings.HasPrefix(strings.TrimPrefix(options, ":")[known+1:], ":"):
		switch {
		case !last:
			argument, last = word[w.optChar:], true
		case at < len(words):
			argument = words[at]
			at++
		default:
			found = "?"
		}
	}
	if last {
		at++
		w.optChar = 1
	}
	w.optWord = at
	e.set(w, name, found)
	e.set(w, "OPTARG", argument)
	e.set(w, "OPTIND", strconv.Itoa(at))
	w.succeed()
}
