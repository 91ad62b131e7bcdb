package script

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// listOf gives the words of an expansion that is a list: $@, $*, ${a[@]} and
// their slices; false for any other.
func (e *evaluator) listOf(w *world, p *syntax.ParamExp) ([]string, bool) {
	if p.Param == nil || e.in.Shell != Bash && (p.Slice != nil || p.Excl) || e.badExpansion(p) || p.Length || p.Repl != nil || p.Width || p.NestedParam != nil {
		return nil, false
	}
	name := p.Param.Value
	if p.Excl {
		return e.keysOf(w, p)
	}
	var words []string
	switch {
	case p.Names != 0:
		return []string{UnknownPart(spread + name)}, true
	case name == "@" || name == "*":
		words = w.params
	case isAll(p.Index):
		words = e.array(w, name)
	default:
		return nil, false
	}
	if p.Slice != nil {
		words = e.sliceList(w, words, p.Slice, name == "@" || name == "*")
	}
	if p.Exp != nil {
		return e.expandList(w, words, p.Exp)
	}
	return words, true
}

// joins is true for "$*" and "${a[*]}", which are one word in quotes.
func joins(p *syntax.ParamExp) bool {
	return p.Param.Value == "*" || indexText(p.Index) == "*"
}

func isAll(index syntax.ArithmExpr) bool { t := indexText(index); return t == "@" || t == "*" }

func indexText(index syntax.ArithmExpr) string {
	if word, ok := index.(*syntax.Word); ok {
		return word.Lit()
	}
	return ""
}

// keysOf gives ${!a[@]} and ${!prefix@}.
func (e *evaluator) keysOf(w *world, p *syntax.ParamExp) ([]string, bool) {
	if p.Names != 0 {
		return []string{UnknownPart(spread + p.Param.Value)}, true
	}
	if !isAll(p.Index) {
		return nil, false
	}
	if v := w.vars.m[p.Param.Value]; v.array && v.keys == nil && !spreads(v.list) {
		keys := make([]string, len(v.list))
		for i := range v.list {
			keys[i] = strconv.Itoa(i)
		}
		return keys, true
	}
	return []string{UnknownPart(spread + p.Param.Value)}, true
}

func spreads(words []string) bool {
	for _, w := range words {
		if isSpread(w) {
			return true
		}
	}
	return false
}

// array gives all values of a variable.
func (e *evaluator) array(w *world, name string) []string {
	v, ok := w.vars.m[e.resolve(w, name)]
	switch {
	case name == "BASH_SOURCE":
		return reversed(w.files)
	case name == "FUNCNAME":
		return callers(w)
	case name == "BASH_VERSINFO":
		return []string{UnknownPart(spread + name)}
	case ok && v.unset:
		return nil
	case ok && v.keys != nil:
		return []string{UnknownPart(spread + name)} // in no order that is known
	case ok && v.array:
		return v.list
	}
	text, set := e.lookup(w, name)
	if set == no {
		return nil
	}
	return []string{text}
}

func reversed(words []string) []string {
	out := make([]string, 0, len(words))
	for i := range words {
		out = append(out, words[len(words)-1-i])
	}
	return out
}

// callers is bash's FUNCNAME.
func callers(w *world) []string {
	if len(w.names) == 0 {
		return nil
	}
	return append(reversed(w.names), "main")
}

// sliceList is ${list:offset:length}; of parameters $0 is at 0.
func (e *evaluator) sliceList(w *world, words []string, s *syntax.Slice, params bool) []string {
	unsure := []string{UnknownPart(spread + "its parameters")}
	if params {
		words = append([]string{e.in.Name}, words...)
	}
	from, known := e.arithm(w, s.Offset)
	if !known || spreads(words) {
		return unsure
	}
	if from < 0 {
		from += int64(len(words))
	}
	from = min(max(from, 0), int64(len(words)))
	to := int64(len(words))
	if s.Length != nil {
		n, known := e.arithm(w, s.Length)
		if !known || n < 0 {
			return unsure
		}
		to = min(to, from+n)
	}
	return words[from:to]
}

// expandList applies an operator to a list.
func (e *evaluator) expandList(w *world, words []string, x *syntax.Expansion) ([]string, bool) {
	switch x.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		if len(words) == 0 {
			return nil, true
		}
		// ${@+"$@"} is the list itself, in an old shell's words.
		b := fieldBuilder{ifs: e.ifs(w)}
		e.addWord(w, &b, x.Word)
		b.endField()
		return b.fields, true
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
		if len(words) > 0 {
			return words, true
		}
		b := fieldBuilder{ifs: e.ifs(w)}
		e.addWord(w, &b, x.Word)
		b.endField()
		return b.fields, true
	}
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = e.operate(w, word, yes, x, func(string) {})
		if isSpread(word) {
			out[i] = word
		}
	}
	return out, true
}

// param is the value of an expansion that is one text.
func (e *evaluator) param(w *world, p *syntax.ParamExp) string {
	if p.Param == nil || p.NestedParam != nil || p.Width || p.IsSet || p.Flags != nil || len(p.Modifiers) > 0 {
		return UnknownPart("an expansion")
	}
	name := p.Param.Value
	if e.badExpansion(p) {
		w.flow, w.failing = exits, w.sub == 0
		return ""
	}
	if e.in.Shell != Bash && p.Excl {
		return UnknownPart("an expansion")
	}
	if p.Length {
		return e.length(w, p)
	}
	text, set := e.element(w, p)
	if p.Excl {
		if isUnknown(text) || set != yes || text == "" {
			return UnknownPart(name)
		}
		text, set = e.lookup(w, text)
	}
	switch {
	case p.Slice != nil && (name == "@" || name == "*"):
		return UnknownPart("its parameters")
	case p.Slice != nil:
		return e.sliceText(w, text, p.Slice)
	case p.Repl != nil:
		return e.replace(w, text, p.Repl)
	case p.Exp != nil && w.nounset && set == no && !defaults(p.Exp.Op):
		return e.missing(w, name)
	case p.Exp != nil:
		return e.operate(w, text, set, p.Exp, func(value string) { e.set(w, name, value) })
	case w.nounset && set == no:
		return e.missing(w, name)
	default:
		return text
	}
}

// missing is the value of a parameter that has to be set and isn't: the shell
// ends.
func (e *evaluator) missing(w *world, name string) string {
	if e.in.Configured {
		return UnknownPart(name)
	}
	w.flow, w.failing, w.cut = exits, w.sub == 0, true
	return ""
}

// element is the value that name and index name.
func (e *evaluator) element(w *world, p *syntax.ParamExp) (string, answer) {
	name := p.Param.Value
	if p.Index == nil {
		return e.lookup(w, name)
	}
	v := w.vars.m[e.resolve(w, name)]
	if v.keys != nil {
		key := indexText(p.Index)
		if word, ok := p.Index.(*syntax.Word); ok && key == "" {
			key = e.text(w, word)
		}
		if value, ok := v.keys[key]; ok && !isUnknown(key) {
			return value, yes
		}
		return UnknownPart(name), maybe
	}
	words := e.array(w, name)
	n, known := e.arithm(w, p.Index)
	if n < 0 {
		n += int64(len(words))
	}
	switch {
	case !known || spreads(words[:min(len(words), max(0, int(min(n, maxWords))+1))]):
		return UnknownPart(name), maybe
	case n < 0 || n >= int64(len(words)):
		if spreads(words) {
			return UnknownPart(name), maybe
		}
		return "", no
	default:
		return words[n], yes
	}
}

// length is ${#name} and ${#list[@]}.
func (e *evaluator) length(w *world, p *syntax.ParamExp) string {
	name := p.Param.Value
	if name == "@" || name == "*" || isAll(p.Index) {
		words := w.params
		if name != "@" && name != "*" {
			words = e.array(w, name)
		}
		if spreads(words) {
			return UnknownPart("the number of its parameters")
		}
		return strconv.Itoa(len(words))
	}
	text, _ := e.element(w, p)
	if isUnknown(text) {
		return UnknownPart(name)
	}
	return strconv.Itoa(utf8.RuneCountInString(text))
}

// sliceText is ${name:offset:length}.
func (e *evaluator) sliceText(w *world, text string, s *syntax.Slice) string {
	from, known := e.arithm(w, s.Offset)
	if !known || isUnknown(text) {
		return UnknownPart("a part of a value")
	}
	runes := []rune(text)
	size := int64(len(runes))
	if from < 0 {
		from = max(from+size, 0)
	}
	from = min(from, size)
	to := size
	if s.Length != nil {
		n, known := e.arithm(w, s.Length)
		if !known {
			return UnknownPart("a part of a value")
		}
		if n < 0 {
			to = max(from, size+n)
		} else {
			to = min(size, from+n)
		}
	}
	return string(runes[from:to])
}

// operate applies an operator such as :- or ## to a value.
func (e *evaluator) operate(w *world, text string, set answer, x *syntax.Expansion, assign func(string)) string {
	if defaults(x.Op) {
		return e.substituteUnset(w, text, set, x, assign)
	}
	if isUnknown(text) {
		return UnknownPart(nameOf(text))
	}
	switch x.Op {
	case syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix:
		return e.remove(w, text, x)
	case syntax.UpperFirst, syntax.UpperAll, syntax.LowerFirst, syntax.LowerAll:
		return changeCase(text, x)
	default:
		return UnknownPart("an expansion")
	}
}

// defaults is true for operators that say what an unset parameter stands for.
func defaults(op syntax.ParExpOperator) bool {
	switch op {
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull,
		syntax.ErrorUnset, syntax.ErrorUnsetOrNull, syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		return true
	}
	return false
}

func (e *evaluator) substituteUnset(w *world, text string, set answer, x *syntax.Expansion, assign func(string)) string {
	switch x.Op {
	case syntax.DefaultUnsetOrNull, syntax.AssignUnsetOrNull, syntax.ErrorUnsetOrNull, syntax.AlternateUnsetOrNull:
		set = min(set, empty(text).not())
	}
	switch x.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		switch set {
		case yes:
			return e.text(w, x.Word)
		case no:
			return ""
		default:
			return UnknownPart(nameOf(text))
		}
	}
	if set != no {
		return text
	}
	switch x.Op {
	case syntax.AssignUnset, syntax.AssignUnsetOrNull:
		value := e.text(w, x.Word)
		assign(value)
		return value
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		return e.missing(w, "a value that it asks for")
	default:
		return e.text(w, x.Word)
	}
}

func changeCase(text string, x *syntax.Expansion) string {
	if x.Word != nil && len(x.Word.Parts) > 0 || text == "" {
		if text == "" {
			return ""
		}
		return UnknownPart("an expansion")
	}
	_, size := utf8.DecodeRuneInString(text)
	switch x.Op {
	case syntax.UpperFirst:
		return strings.ToUpper(text[:size]) + text[size:]
	case syntax.UpperAll:
		return strings.ToUpper(text)
	case syntax.LowerFirst:
		return strings.ToLower(text[:size]) + text[size:]
	default:
		return strings.ToLower(text)
	}
}
