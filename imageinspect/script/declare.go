package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// assign follows NAME=word, NAME+=word, NAME=(words) and NAME[index]=word.
func (e *evaluator) assign(w *world, a *syntax.Assign) {
	if a.Name == nil {
		return
	}
	name := a.Name.Value
	switch {
	case a.Array != nil:
		e.assignArray(w, name, a)
	case a.Index != nil:
		e.assignElement(w, name, a)
	case a.Naked:
	case a.Append:
		e.appendText(w, name, e.text(w, a.Value))
	default:
		e.set(w, name, e.text(w, a.Value))
	}
}

func (e *evaluator) appendText(w *world, name, more string) {
	v := w.vars.m[e.resolve(w, name)]
	if v.array && len(v.list) > 0 && !spreads(v.list) {
		list := append([]string(nil), v.list...)
		list[0] += more
		e.setList(w, name, list)
		return
	}
	text, set := e.lookup(w, name)
	if set == maybe {
		text = UnknownPart(name)
	}
	e.set(w, name, text+more)
}

func (e *evaluator) assignArray(w *world, name string, a *syntax.Assign) {
	old := w.vars.m[e.resolve(w, name)]
	var words []*syntax.Word
	keys := map[string]string{}
	indexed := false
	for _, elem := range a.Array.Elems {
		if elem.Index != nil {
			indexed = true
			if key, ok := elem.Index.(*syntax.Word); ok {
				keys[e.text(w, key)] = e.text(w, elem.Value)
			}
			continue
		}
		words = append(words, elem.Value)
	}
	switch {
	case indexed || old.keys != nil:
		e.spend(len(old.keys) / 4)
		for key, value := range old.keys {
			if _, ok := keys[key]; a.Append && !ok {
				keys[key] = value
			}
		}
		w.put(e.resolve(w, name), variable{array: true, keys: keys})
	case a.Append:
		e.setList(w, name, append(append([]string(nil), e.array(w, name)...), e.fields(w, words)...))
	default:
		e.setList(w, name, e.fields(w, words))
	}
}

func (e *evaluator) assignElement(w *world, name string, a *syntax.Assign) {
	resolved := e.resolve(w, name)
	v := w.vars.m[resolved]
	value := e.text(w, a.Value)
	if v.keys != nil {
		keys := map[string]string{}
		e.spend(len(v.keys) / 4)
		for key, old := range v.keys {
			keys[key] = old
		}
		key := indexText(a.Index)
		if word, ok := a.Index.(*syntax.Word); ok && key == "" {
			key = e.text(w, word)
		}
		keys[key] = value
		w.put(resolved, variable{array: true, keys: keys})
		return
	}
	list := append([]string(nil), e.array(w, name)...)
	n, known := e.arithm(w, a.Index)
	switch {
	case !known || n < 0 || n > int64(len(list)) || spreads(list) || a.Append:
		e.setList(w, name, []string{UnknownPart(spread + name)})
		return
	case n == int64(len(list)):
		list = append(list, value)
	default:
		list[n] = value
	}
	e.setList(w, name, list)
}

// declare follows declare, local, export, readonly and typeset where the parser
// knows them.
func (e *evaluator) declare(w *world, cmd *syntax.DeclClause) []*world {
	d := declaration{kind: cmd.Variant.Value}
	switch {
	case !e.has(d.kind):
		w.end(notFound)
		return []*world{w}
	case d.kind == "local" && len(w.saved) == 0:
		return e.localOutside(w)
	}
	for _, a := range cmd.Args {
		if a.Name == nil { // an option, or a word that is expanded first
			for _, word := range e.fields(w, []*syntax.Word{a.Value}) {
				d.word(e, w, word)
			}
			continue
		}
		if a.Naked {
			d.word(e, w, a.Name.Value)
			continue
		}
		if d.reference && a.Value != nil {
			d.refer(e, w, a.Name.Value, e.text(w, a.Value))
			continue
		}
		d.assign(e, w, a)
		d.mark(e, w, a.Name.Value)
	}
	if !d.functions {
		w.succeed()
	}
	return []*world{w}
}

// declareWords is declare where the parser sees plain words.
func (e *evaluator) declareWords(w *world, kind string, args []string) {
	d := declaration{kind: kind}
	for _, a := range args {
		d.word(e, w, a)
	}
}

// declaration is what one such command says of its names.
type declaration struct {
	kind                                  string
	exports, takesBack, reference, global bool
	keyed                                 bool
	functions, readonly                   bool
}

// word handles an option, NAME, or NAME=value.
func (d *declaration) word(e *evaluator, w *world, word string) {
	if strings.HasPrefix(word, "-") || strings.HasPrefix(word, "+") {
		d.exports = d.exports || strings.Contains(word, "x") && word[0] == '-'
		d.takesBack = d.takesBack || d.kind == "export" && strings.Contains(word, "n")
		d.reference = d.reference || strings.Contains(word, "n") && d.kind != "export"
		d.global = d.global || strings.Contains(word, "g")
		d.readonly = d.readonly || strings.Contains(word, "r")
		d.keyed = d.keyed || strings.Contains(word, "A")
		d.functions = d.functions || strings.ContainsAny(word, "fF")
		return
	}
	name, value, assigned := strings.Cut(word, "=")
	if !isName(name) {
		return
	}
	if d.functions {
		_, there := w.funcs.m[name]
		if there && (d.exports || d.kind == "export") {
			w.put("BASH_FUNC_"+name+"%%", variable{text: UnknownPart(name), exported: true})
		}
		w.endAs(toAnswer(there))
		return
	}
	if d.reference && assigned {
		d.refer(e, w, name, value)
		return
	}
	hidden := len(w.saved) > 0 && d.local()
	old, had := w.vars.m[name]
	d.scope(e, w, name)
	if hidden && e.in.Shell == Dash {
		w.drop(name)
		if had {
			w.put(name, old)
		}
	}
	switch {
	case assigned:
		e.set(w, name, value)
	case d.keyed:
		w.put(name, variable{array: true, keys: map[string]string{}})
	case hidden && (e.in.Shell != Dash || d.kind != "local"): // dash keeps the value
		w.put(name, variable{unset: true})
	}
	d.mark(e, w, name)
}

// assign sets a name to a value, which is that before the name becomes local.
func (d *declaration) assign(e *evaluator, w *world, a *syntax.Assign) {
	name := a.Name.Value
	old, had := w.vars.m[name]
	plain := a.Array == nil && a.Index == nil && !a.Append
	value := ""
	if plain {
		value = e.text(w, a.Value)
	}
	d.scope(e, w, name)
	switch {
	case plain:
		e.set(w, name, value)
		return
	case had && a.Append:
		w.put(name, old)
	}
	e.assign(w, a)
}

func (d *declaration) local() bool {
	return d.kind == "local" || (d.kind == "declare" || d.kind == "typeset") && !d.global
}

func (d *declaration) scope(e *evaluator, w *world, name string) {
	if d.local() {
		e.hide(w, name)
		if len(w.saved) > 0 {
			w.put(name, variable{unset: true})
		}
	}
	if d.keyed {
		w.put(name, variable{array: true, keys: map[string]string{}})
	}
}

func (d *declaration) refer(e *evaluator, w *world, name, target string) {
	if d.local() {
		e.hide(w, name)
	}
	if isName(target) {
		w.put(name, variable{ref: target})
		return
	}
	w.put(name, variable{text: UnknownPart(name)})
}

// mark exports a name, or takes that back.
func (d *declaration) mark(e *evaluator, w *world, name string) {
	if d.kind == "readonly" || d.readonly {
		name := e.resolve(w, name)
		v, ok := w.vars.m[name]
		if !ok {
			text, _ := e.lookup(w, name)
			v = variable{text: text}
		}
		v.readonly = true
		w.put(name, v)
	}
	if d.kind != "export" && !d.exports {
		return
	}
	name = e.resolve(w, name)
	v, ok := w.vars.m[name]
	if !ok {
		text, set := e.lookup(w, name)
		if set == no {
			return
		}
		v = variable{text: text}
	}
	v.exported = !d.takesBack
	w.put(name, v)
}
