package script

import (
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// matcher is a compiled pattern; nil where it can't be compiled.
type matcher = *regexp.Regexp

// patternKey is a pattern and how it is to be read.
type patternKey struct {
	glob string
	mode pattern.Mode
}

// maxPattern bounds a pattern, in bytes, maxMatched the text held against it.
const (
	maxPattern = 4 << 10
	maxMatched = 8 << 10
	// maxMatch bounds the work of one match, see maxWork, maxPatterns the
	// patterns that are kept.
	maxMatch    = 20_000
	maxPatterns = 1 << 10
)

// affords counts the work of matching; false where it is too much.
func (e *evaluator) affords(text, pattern int) bool {
	work := 1 + text*pattern/64
	if work > maxMatch || e.over() {
		return false
	}
	e.spend(work)
	return true
}

// pattern is a word as a pattern: what is quoted stands for itself.
func (e *evaluator) pattern(w *world, word *syntax.Word) string {
	if word == nil {
		return ""
	}
	var out strings.Builder
	for _, part := range word.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			out.WriteString(p.Value)
		case *syntax.SglQuoted, *syntax.DblQuoted:
			out.WriteString(quoteMeta(e.value(w, part)))
		case *syntax.ExtGlob:
			out.WriteString(p.Op.String() + p.Pattern.Value + ")")
		default:
			out.WriteString(e.value(w, part))
		}
	}
	return out.String()
}

// quoteMeta quotes a text but for its marks.
func quoteMeta(text string) string {
	parts := strings.Split(text, unknownMark)
	for i := 0; i < len(parts); i += 2 {
		parts[i] = pattern.QuoteMeta(parts[i], pattern.ExtendedOperators)
	}
	return strings.Join(parts, unknownMark)
}

// matches holds a whole text against a pattern.
func (e *evaluator) matches(text, glob string) answer {
	found := e.matchesCase(text, glob)
	if e.anyCase && found != yes && e.matchesCase(strings.ToLower(text), strings.ToLower(glob)) != no {
		return maybe
	}
	return found
}

func (e *evaluator) matchesCase(text, glob string) answer {
	switch {
	case strings.Trim(glob, "*") == "" && glob != "":
		return yes
	case isUnknown(glob):
		return maybe
	case !pattern.HasMeta(glob, pattern.ExtendedOperators):
		return equal(text, unquoteMeta(glob))
	case isUnknown(text):
		return matchesEdges(text, glob)
	}
	re := e.compile(glob, pattern.EntireString|pattern.ExtendedOperators)
	if re == nil || len(text) > maxMatched || !e.affords(len(text), len(glob)) {
		return maybe
	}
	return toAnswer(re.MatchString(text))
}

// matchesEdges holds the known beginning of a text against a pattern such as
// "prefix*".
func matchesEdges(text, glob string) answer {
	head, _ := edges(text)
	at := strings.IndexAny(glob, `*?[\(`)
	if at < 0 {
		return maybe
	}
	prefix := glob[:at]
	switch {
	case strings.HasPrefix(head, prefix):
		if glob[at:] == "*" {
			return yes
		}
		return maybe
	case strings.HasPrefix(prefix, head):
		return maybe
	default:
		return no
	}
}

func unquoteMeta(glob string) string {
	var out strings.Builder
	for i := 0; i < len(glob); i++ {
		if glob[i] == '\\' && i+1 < len(glob) {
			i++
		}
		out.WriteByte(glob[i])
	}
	return out.String()
}

// compile compiles a pattern, once.
func (e *evaluator) compile(glob string, mode pattern.Mode) matcher {
	key := patternKey{glob, mode}
	if re, ok := e.patterns[key]; ok {
		return re
	}
	var re matcher
	if e.spend(len(glob)); len(glob) <= maxPattern && len(e.patterns) < maxPatterns {
		if text, err := pattern.Regexp(glob, mode); err == nil {
			re, _ = regexp.Compile(text) // nil says that it can't be matched
		}
	}
	e.patterns[key] = re
	return re
}

// remove is ${x#pattern}, ##, % and %%.
func (e *evaluator) remove(w *world, text string, x *syntax.Expansion) string {
	glob := e.pattern(w, x.Word)
	re := e.compile(glob, pattern.EntireString|pattern.ExtendedOperators)
	if re == nil || isUnknown(glob) || len(text) > maxMatched/4 || !e.affords(len(text)*len(text)/2, len(glob)) {
		return UnknownPart("a part of a value")
	}
	n := len(text)
	for i := range n + 1 {
		switch x.Op {
		case syntax.RemSmallPrefix:
			if re.MatchString(text[:i]) {
				return text[i:]
			}
		case syntax.RemLargePrefix:
			if re.MatchString(text[:n-i]) {
				return text[n-i:]
			}
		case syntax.RemSmallSuffix:
			if re.MatchString(text[n-i:]) {
				return text[:n-i]
			}
		default:
			if re.MatchString(text[i:]) {
				return text[:i]
			}
		}
	}
	return text
}

// replace is ${x/pattern/text} and ${x//pattern/text}.
func (e *evaluator) replace(w *world, text string, r *syntax.Replace) string {
	glob := e.pattern(w, r.Orig)
	with := e.text(w, r.With)
	if isUnknown(text) || isUnknown(glob) || isUnknown(with) || len(text) > maxMatched || !e.affords(len(text)*4, len(glob)) {
		return UnknownPart("a part of a value")
	}
	anchor := ""
	if e.in.Shell != Bash && strings.ContainsAny(glob[:min(1, len(glob))], "#%") {
		return UnknownPart("a part of a value")
	}
	if !r.All && (strings.HasPrefix(glob, "#") || strings.HasPrefix(glob, "%")) {
		anchor, glob = glob[:1], glob[1:]
	}
	expr, err := pattern.Regexp(glob, pattern.ExtendedOperators)
	if err != nil || glob == "" || len(glob) > maxPattern {
		return UnknownPart("a part of a value")
	}
	switch anchor {
	case "#":
		expr = "^(?:" + expr + ")"
	case "%":
		expr = "(?:" + expr + ")$"
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return UnknownPart("a part of a value")
	}
	done := false
	return clip(re.ReplaceAllStringFunc(text, func(found string) string {
		if done && !r.All {
			return found
		}
		done = true
		return with
	}))
}
