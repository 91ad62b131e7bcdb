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
}

type parseKey struct {
	source string
	bash   bool
}

type parseResult struct {
	stmts []*syntax.Stmt
	err   error
}

// maxParsed bounds the text that one Parser parses, in bytes: a tree takes some
// hundred times its text.
const maxParsed = 1 << 20

// parse parses a script as its shell would. Shells other than bash know some of
// bash's syntax: where POSIX's is not enough, bash's is tried.
func (p *Parser) parse(source string, shell Shell) ([]*syntax.Stmt, error) {
	if shell != Bash {
		if stmts, err := p.once(source, false); err == nil {
			return stmts, nil
		}
	}
	return p.once(source, true)
}

func (p *Parser) once(source string, bash bool) ([]*syntax.Stmt, error) {
	key := parseKey{source, bash}
	if known, ok := p.parsed[key]; ok {
		return known.stmts, known.err
	}
	if p.bytes += len(source); p.bytes > maxParsed {
		return nil, errors.New("is one of too many")
	}
	var result parseResult
	if deep(source) {
		result.err = errors.New("is nested too deeply")
	} else {
		variant := syntax.LangPOSIX
		if bash {
			variant = syntax.LangBash
		}
		file, err := syntax.NewParser(syntax.Variant(variant)).Parse(strings.NewReader(source), "")
		if err != nil {
			result.err = errors.New("can't be parsed")
		} else {
			result.stmts = file.Stmts
		}
	}
	if p.parsed == nil {
		p.parsed = map[parseKey]parseResult{}
	}
	p.parsed[key] = result
	return result.stmts, result.err
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
