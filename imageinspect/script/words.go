package script

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// unknownMark is how text that can't be known is recognised: NUL occurs in no
// real argv.
const unknownMark = "\x00"

// fields expands words into arguments. An unquoted value is split at blanks;
// what can't be known becomes one marked word.
func (e *evaluator) fields(words []*syntax.Word) []string {
	var out []string
	for _, w := range words {
		if params, ok := e.allParams(w); ok {
			out = append(out, params...)
			continue
		}
		text := e.text(w)
		if !splits(w) {
			out = append(out, text)
			continue
		}
		if !strings.Contains(text, unknownMark) && !e.touched["IFS"] {
			out = append(out, strings.Fields(text)...)
			continue
		}
		// An unknown value may be empty or many words; the marked word stands
		// for all of them.
		if !strings.Contains(text, unknownMark) {
			text = e.in.UnknownPart("IFS")
		}
		out = append(out, text)
	}
	return out
}

// allParams expands "$@" (and an unquoted $@ or $*) standing alone.
func (e *evaluator) allParams(w *syntax.Word) ([]string, bool) {
	if len(w.Parts) != 1 {
		return nil, false
	}
	part := w.Parts[0]
	quoted := false
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part, quoted = q.Parts[0], true
	}
	p, ok := part.(*syntax.ParamExp)
	if !ok || !plain(p) || p.Param.Value != "@" && (p.Param.Value != "*" || quoted) {
		return nil, false
	}
	return e.state.params, true
}

// splits is true when a word holds an unquoted expansion.
func splits(w *syntax.Word) bool {
	for _, part := range w.Parts {
		switch part.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst, *syntax.ArithmExp:
			return true
		}
	}
	return false
}

// text is a word's value as one string.
func (e *evaluator) text(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	var out strings.Builder
	for _, part := range w.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			out.WriteString(e.literal(p.Value, false))
		case *syntax.SglQuoted:
			if p.Dollar {
				out.WriteString(e.in.UnknownPart("a $'...' string"))
				continue
			}
			out.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, inner := range p.Parts {
				if lit, ok := inner.(*syntax.Lit); ok {
					out.WriteString(e.literal(lit.Value, true))
					continue
				}
				out.WriteString(e.value(inner))
			}
		default:
			out.WriteString(e.value(part))
		}
	}
	return out.String()
}

// literal takes the backslashes out of literal text. Unquoted globs and a tilde
// depend on the file system.
func (e *evaluator) literal(s string, quoted bool) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			if s[i] == '\n' {
				continue
			}
			if quoted && !strings.ContainsRune("$`\"\\", rune(s[i])) {
				out.WriteByte('\\')
			}
			out.WriteByte(s[i])
		case !quoted && (c == '*' || c == '?' || i == 0 && c == '~'):
			return e.in.UnknownPart("files of the image")
		case !quoted && (c == '[' && len(s) > 1 || c == '{'):
			return e.in.UnknownPart("files of the image")
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// value is the value of an expansion, marked where it can't be known.
func (e *evaluator) value(part syntax.WordPart) string {
	p, ok := part.(*syntax.ParamExp)
	if !ok {
		return e.in.UnknownPart("the output of a command")
	}
	if !plain(p) {
		return e.in.UnknownPart(p.Param.Value)
	}
	return e.variable(p.Param.Value)
}

func (e *evaluator) variable(name string) string {
	if e.poisoned[name] {
		return e.in.UnknownPart(name)
	}
	if value, ok := e.state.vars[name]; ok {
		return value
	}
	if name == "0" {
		return e.in.Name
	}
	if n, err := strconv.Atoi(name); err == nil && n > 0 {
		if n <= len(e.state.params) {
			return e.state.params[n-1]
		}
		if n := len(e.state.params); n > 0 && strings.Contains(e.state.params[n-1], unknownMark) {
			return e.in.UnknownPart("its parameters")
		}
		return ""
	}
	if value, ok := e.in.Env[name]; ok {
		return value
	}
	return e.in.UnknownPart(name)
}

// plain is true for $x and ${x} without any operator.
func plain(p *syntax.ParamExp) bool {
	return p.Param != nil && p.Flags == nil && p.Dollar.IsValid() && !p.Excl && !p.Length && !p.Width && !p.IsSet && p.NestedParam == nil &&
		p.Index == nil && len(p.Modifiers) == 0 && p.Slice == nil && p.Repl == nil && p.Names == 0 && p.Exp == nil
}
