package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// fields expands words into arguments: values are put in, unquoted ones are
// split. What can't be known is marked, with a spread mark where it may be no
// word, one or many.
func (e *evaluator) fields(w *world, words []*syntax.Word) []string {
	b := fieldBuilder{ifs: e.ifs(w)}
	for _, word := range words {
		e.addWord(w, &b, word)
		b.endField()
		if b.tooMuch() {
			return append(b.fields[:min(maxWords, len(b.fields))], UnknownPart(spread+"a very long list"))
		}
	}
	return b.fields
}

// fieldBuilder puts fields together.
type fieldBuilder struct {
	fields []string
	field  strings.Builder
	open   bool   // the field exists even if it is empty
	glob   bool   // the field holds an unquoted pattern
	ifs    string // characters that separate
	size   int    // of all that was added, in bytes
}

// maxFields bounds the text of a list of words, in bytes.
const maxFields = 1 << 20

func (b *fieldBuilder) tooMuch() bool { return len(b.fields) > maxWords || b.size > maxFields }

// add adds text as it stands.
func (b *fieldBuilder) add(text string) {
	text = clip(text)
	if b.size += len(text); b.size <= maxFields {
		b.field.WriteString(text)
	}
}

func (b *fieldBuilder) endField() {
	if b.open || b.field.Len() > 0 {
		text := b.field.String()
		if b.glob {
			text = UnknownPart(spread + imageFiles)
		}
		b.fields = append(b.fields, text)
	}
	b.field.Reset()
	b.open, b.glob = false, false
}

func (b *fieldBuilder) quoted(text string) {
	b.open = true
	b.add(strings.ReplaceAll(text, unknownMark+spread, unknownMark))
}

// unquoted adds the value of an expansion, which is split. An unknown part may
// hold separators anywhere: the field that it stands in may be many.
func (b *fieldBuilder) unquoted(text string) {
	if text == NonRoot() {
		b.add(text)
		return
	}
	for i, part := range strings.Split(text, unknownMark) {
		if i%2 == 1 {
			b.add(UnknownPart(spread + strings.TrimPrefix(part, spread)))
			continue
		}
		b.split(part)
	}
}

// split adds known text, which is split.
func (b *fieldBuilder) split(text string) {
	for text != "" && !b.tooMuch() {
		at := strings.IndexAny(text, b.ifs)
		if at < 0 || b.ifs == "" {
			b.literal(text)
			return
		}
		b.literal(text[:at])
		blank := strings.ContainsRune(" \t\n", rune(text[at]))
		if !blank {
			b.open = true
		}
		b.endField()
		text = text[at+1:]
	}
}

// literal adds unquoted text.
func (b *fieldBuilder) literal(text string) {
	if strings.ContainsAny(text, "*?") || strings.Contains(text, "[") && strings.Contains(text, "]") && len(text) > 1 {
		b.glob = true
	}
	b.add(text)
}

// list adds the words of "$@" or of an array.
func (b *fieldBuilder) list(words []string, quoted bool) {
	for i, word := range words {
		if b.tooMuch() {
			return
		}
		if i > 0 {
			b.endField()
		}
		switch {
		case isSpread(word):
			b.add(word)
		case quoted:
			b.quoted(word)
		default:
			b.unquoted(word)
		}
	}
}

// clip bounds a text.
func clip(text string) string {
	if len(text) > maxText {
		return UnknownPart("a very long text")
	}
	return text
}

// joined are words in one text.
func (e *evaluator) joined(words []string, by string) string {
	size := 0
	for _, word := range words {
		if size += 1 + len(word); size > maxText {
			return UnknownPart("a very long text")
		}
	}
	e.spend(len(words)/16 + size>>12)
	return strings.Join(words, by)
}

// ifs are the separators of fields.
func (e *evaluator) ifs(w *world) string {
	v, ok := w.vars.m["IFS"]
	switch {
	case !ok || v.unset:
		return " \t\n"
	case isUnknown(v.text):
		return " \t\n" // most scripts put it back
	default:
		return v.text
	}
}

func (e *evaluator) addWord(w *world, b *fieldBuilder, word *syntax.Word) {
	for i, part := range word.Parts {
		if e.spend(1 + b.size>>10); e.over() || b.tooMuch() {
			return
		}
		switch p := part.(type) {
		case *syntax.Lit:
			e.addLiteral(w, b, p.Value, i == 0)
		case *syntax.SglQuoted:
			b.quoted(singleQuoted(p))
		case *syntax.DblQuoted:
			e.addQuoted(w, b, p)
		case *syntax.ParamExp:
			if words, ok := e.listOf(w, p); ok {
				e.spend(len(words) / 8)
				b.list(words, false)
				continue
			}
			b.unquoted(e.param(w, p))
		default:
			b.unquoted(e.value(w, part))
		}
	}
}

// addLiteral adds unquoted text of the script: backslashes quote, patterns and
// braces stand for what the file system holds.
func (e *evaluator) addLiteral(w *world, b *fieldBuilder, text string, first bool) {
	if first && strings.HasPrefix(text, "~") {
		home, _ := e.lookup(w, "HOME")
		name, rest, _ := strings.Cut(text[1:], "/")
		if name != "" || home == "" {
			home = UnknownPart("HOME")
		}
		b.quoted(home)
		if len(text) > 1+len(name) {
			b.quoted("/" + rest)
		}
		return
	}
	if e.in.Shell == Bash && strings.Contains(text, "{") && strings.ContainsAny(text, ",.") && strings.Contains(text, "}") {
		b.glob = true
	}
	for text != "" {
		plain, rest, found := strings.Cut(text, `\`)
		b.literal(plain)
		if !found {
			return
		}
		if rest == "" {
			return
		}
		if rest[0] != '\n' {
			b.quoted(rest[:1])
		}
		text = rest[1:]
	}
}

// addQuoted adds "...": one field, but for "$@".
func (e *evaluator) addQuoted(w *world, b *fieldBuilder, q *syntax.DblQuoted) {
	if len(q.Parts) == 0 {
		b.open = true
	}
	for _, part := range q.Parts {
		if e.spend(1 + b.size>>10); e.over() || b.tooMuch() {
			return
		}
		if p, ok := part.(*syntax.ParamExp); ok {
			if words, ok := e.listOf(w, p); ok && !joins(p) {
				e.spend(len(words) / 8)
				b.list(words, true)
				continue
			}
		}
		b.quoted(e.value(w, part))
	}
}

// text is a word's value as one string, as in an assignment.
func (e *evaluator) text(w *world, word *syntax.Word) string {
	if word == nil {
		return ""
	}
	var out strings.Builder
	for i, part := range word.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			b := fieldBuilder{}
			e.addLiteral(w, &b, p.Value, i == 0)
			out.WriteString(b.field.String())
		case *syntax.DblQuoted:
			for _, inner := range p.Parts {
				out.WriteString(e.value(w, inner))
			}
		default:
			out.WriteString(e.value(w, part))
		}
		if e.spend(out.Len() >> 10); out.Len() > maxText {
			return UnknownPart("a very long text")
		}
	}
	return strings.ReplaceAll(out.String(), unknownMark+spread, unknownMark)
}

// value is a part's value within quotes.
func (e *evaluator) value(w *world, part syntax.WordPart) string {
	if e.spend(1); e.over() {
		return UnknownPart("a very long text")
	}
	switch p := part.(type) {
	case *syntax.Lit:
		return unescape(p.Value)
	case *syntax.SglQuoted:
		return singleQuoted(p)
	case *syntax.DblQuoted:
		return e.text(w, &syntax.Word{Parts: []syntax.WordPart{p}})
	case *syntax.ParamExp:
		if words, ok := e.listOf(w, p); ok {
			if ifs := e.ifs(w); joins(p) && ifs != " \t\n" {
				return e.joined(words, ifs[:min(1, len(ifs))])
			}
			return e.joined(words, " ")
		}
		return e.param(w, p)
	case *syntax.CmdSubst:
		return e.substitute(w, p)
	case *syntax.ArithmExp:
		if n, known := e.arithm(w, p.X); known {
			return decimal(n)
		}
		return UnknownPart("a number")
	case *syntax.ProcSubst:
		return UnknownPart("a pipe")
	default:
		return UnknownPart(imageFiles)
	}
}

// unescape takes the backslashes out of text within double quotes.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			if text[i] == '\n' {
				continue
			}
			if !strings.ContainsRune("$`\"\\", rune(text[i])) {
				out.WriteByte('\\')
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// singleQuoted is the text of '...' or $'...'.
func singleQuoted(q *syntax.SglQuoted) string {
	if !q.Dollar {
		return q.Value
	}
	simple := strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\\`, `\`, `\'`, `'`, `\"`, `"`)
	out := simple.Replace(q.Value)
	if strings.Contains(out, `\`) {
		return UnknownPart("a $'...' string")
	}
	return out
}
