package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// read sets variables from a line of input, which is known for a here-string.
func (e *evaluator) read(w *world, stmt *syntax.Stmt, args []string) {
	var names []string
	array := false
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case strings.HasPrefix(a, "-") && len(a) > 1:
			array = array || strings.HasSuffix(a, "a")
			if strings.ContainsAny(a[len(a)-1:], "dinNptu") {
				i++
			}
		case isName(a):
			names = append(names, a)
		}
	}
	if len(names) == 0 {
		names = []string{"REPLY"}
	}
	w.endUnknown()
	text, known := e.hereString(w, stmt)
	words := fieldsOf(text, e.ifs(w))
	switch {
	case array && known:
		e.setList(w, names[0], words)
	case array:
		e.setList(w, names[0], []string{UnknownPart(spread + names[0])})
	case known && len(names) >= len(words):
		for i, name := range names {
			value := ""
			if i < len(words) {
				value = words[i]
			}
			e.set(w, name, value)
		}
	default:
		for _, name := range names {
			e.setUnknown(w, name)
		}
	}
	if known {
		w.succeed()
	}
}

// hereString is the text of `<<< word`.
func (e *evaluator) hereString(w *world, stmt *syntax.Stmt) (string, bool) {
	for _, r := range stmt.Redirs {
		if r.Op == syntax.WordHdoc {
			text := e.text(w, r.Word)
			return text, !isUnknown(text) && !strings.Contains(text, "\n")
		}
	}
	return "", false
}

func fieldsOf(text, ifs string) []string {
	b := fieldBuilder{ifs: ifs}
	for text != "" {
		at := strings.IndexAny(text, ifs)
		if at < 0 || ifs == "" {
			break
		}
		b.field.WriteString(text[:at])
		if !strings.ContainsRune(" \t\n", rune(text[at])) {
			b.open = true
		}
		b.endField()
		text = text[at+1:]
	}
	b.field.WriteString(text)
	b.endField()
	return b.fields
}

func (e *evaluator) mapfile(w *world, args []string) {
	name := "MAPFILE"
	if len(args) > 0 && isName(args[len(args)-1]) {
		name = args[len(args)-1]
	}
	e.setList(w, name, []string{UnknownPart(spread + name)})
	w.succeed()
}

// echo and printf write to what a substitution takes.
func (e *evaluator) echo(w *world, args []string) {
	end := "\n"
	for len(args) > 0 && (args[0] == "-n" || args[0] == "-e" || args[0] == "-en" || args[0] == "-ne" || args[0] == "-E") {
		if strings.Contains(args[0], "n") {
			end = ""
		}
		args = args[1:]
	}
	text := strings.Join(plainMarks(args), " ")
	if strings.Contains(text, `\`) {
		text = UnknownPart("a text with escapes")
	}
	w.write(text + end)
}

func (e *evaluator) printf(w *world, args []string) {
	if len(args) > 1 && strings.HasPrefix(args[0], "-v") {
		name := strings.TrimPrefix(args[0], "-v")
		if name == "" {
			name = args[1]
		}
		if isName(name) {
			e.setUnknown(w, name)
		}
		return
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || !w.capture {
		return
	}
	format := strings.ReplaceAll(args[0], `\n`, "\n")
	switch {
	case len(args) == 1 && !strings.ContainsAny(format, `%\`):
		w.write(format)
	case len(args) == 2 && strings.Count(format, "%") == 1 && strings.Contains(format, "%s") && !strings.Contains(format, `\`):
		w.write(strings.Replace(format, "%s", plainMarks(args[1:])[0], 1))
	default:
		w.write(UnknownPart("a text with escapes"))
	}
}
