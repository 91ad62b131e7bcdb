package script

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Parser parses scripts, each once. It is for one goroutine.
type Parser struct {
	parsed map[parseKey]parseResult
	bytes  int
	work   int // spent on all that shared it
}

type parseKey struct {
	source string
	bash   bool
}

type parseResult struct {
	stmts []*syntax.Stmt
	// broken is the line from which on the text can't be parsed, 0 for none.
	// What stands before it is run all the same.
	broken int
	err    error
}

// maxParsed bounds the text that one Parser parses, in bytes: a tree takes some
// hundred times its text.
const maxParsed = 1 << 20

// parse parses a script as its shell would. Shells other than bash know some of
// bash's syntax: where POSIX's is not enough, bash's is tried.
func (p *Parser) parse(source string, shell Shell) (parseResult, error) {
	if shell == Bash {
		r := p.once(source, true)
		return r, r.err
	}
	r := p.once(source, false)
	if r.broken > 0 {
		if b := p.once(source, true); b.err == nil && b.broken == 0 && !rejects(shell, b.stmts) {
			return b, nil
		}
	}
	return r, r.err
}

func (p *Parser) once(source string, bash bool) parseResult {
	key := parseKey{source, bash}
	if known, ok := p.parsed[key]; ok {
		return known
	}
	if p.bytes += len(source); p.bytes > maxParsed {
		return parseResult{err: errors.New("is one of too many")}
	}
	var result parseResult
	if deep(source) {
		result.err = errors.New("is nested too deeply")
	} else {
		result = parseAll(source, bash)
	}
	if p.parsed == nil {
		p.parsed = map[parseKey]parseResult{}
	}
	p.parsed[key] = result
	return result
}

func parseAll(source string, bash bool) (result parseResult) {
	defer func() {
		if recover() != nil { // the parser is not ours, and scripts are foreign
			result = parseResult{err: errors.New("can't be parsed")}
		}
	}()
	variant := syntax.LangPOSIX
	if bash {
		variant = syntax.LangBash
	}
	parser := syntax.NewParser(syntax.Variant(variant))
	for stmt, err := range parser.StmtsSeq(strings.NewReader(source)) {
		switch {
		case result.broken > 0: // the parser may go on behind its error
		case err != nil:
			result.broken = 1
			var syntaxError syntax.ParseError
			if errors.As(err, &syntaxError) {
				result.broken = max(int(syntaxError.Pos.Line()), 1)
			}
		default:
			result.stmts = append(result.stmts, stmt)
		}
	}
	return result
}

// parsed follows what was parsed; ways that come to where it can't be end there.
func (e *evaluator) parsed(ws []*world, r parseResult, at place) []*world {
	ws = e.list(ws, r.stmts, at)
	if r.broken == 0 {
		return ws
	}
	var left []*world
	for _, w := range ws {
		if w.flow == goesOn {
			e.unclear(w, r.broken, "it can't be parsed")
		} else {
			left = append(left, w)
		}
	}
	return left
}

// deep is true when more than maxDepth brackets are open at some place. It
// counts quoted ones too: what it refuses may only be too much. A line that
// ends outside of brackets of its own opens none for those behind it.
func deep(source string) bool {
	depth := 0
	for i := range len(source) {
		switch source[i] {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth = max(depth-1, 0)
		}
		if depth > maxDepth {
			return true
		}
	}
	return false
}
