package script

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// arithm computes an arithmetic expression; false where it can't be known.
func (e *evaluator) arithm(w *world, x syntax.ArithmExpr) (int64, bool) {
	if e.spend(1); e.over() {
		return 0, false
	}
	switch x := x.(type) {
	case nil:
		return 0, true
	case *syntax.Word:
		return e.number(w, e.text(w, x), 0)
	case *syntax.ParenArithm:
		return e.arithm(w, x.X)
	case *syntax.UnaryArithm:
		return e.unary(w, x)
	case *syntax.BinaryArithm:
		return e.binaryArithm(w, x)
	default:
		return 0, false
	}
}

// maxNames bounds variables whose values name variables.
const maxNames = 8

// number reads a number; a name stands for its variable's value.
func (e *evaluator) number(w *world, text string, depth int) (int64, bool) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return 0, true
	case isUnknown(text) || depth > maxNames:
		return 0, false
	}
	if base, digits, found := strings.Cut(text, "#"); found {
		if b, err := strconv.Atoi(base); err == nil && b >= 2 && b <= 36 {
			n, err := strconv.ParseInt(digits, b, 64)
			return n, err == nil
		}
		return 0, false
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return n, true
	}
	if !isName(text) {
		return 0, false
	}
	value, _ := e.lookup(w, text)
	return e.number(w, value, depth+1)
}

func isName(text string) bool {
	for i, c := range text {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

func (e *evaluator) unary(w *world, x *syntax.UnaryArithm) (int64, bool) {
	n, known := e.arithm(w, x.X)
	switch x.Op {
	case syntax.Inc, syntax.Dec:
		by := int64(1)
		if x.Op == syntax.Dec {
			by = -1
		}
		e.assignNumber(w, x.X, n+by, known)
		if !x.Post {
			n += by
		}
		return n, known
	case syntax.Not:
		return truth(n == 0), known
	case syntax.BitNegation:
		return ^n, known
	case syntax.Minus:
		return -n, known
	default:
		return n, known
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// assignNumber sets the variable that an expression names.
func (e *evaluator) assignNumber(w *world, x syntax.ArithmExpr, n int64, known bool) {
	word, ok := x.(*syntax.Word)
	if !ok {
		return
	}
	name := word.Lit()
	switch {
	case !isName(name): // an element of an array
		for _, part := range word.Parts {
			if p, ok := part.(*syntax.ParamExp); ok && p.Param != nil {
				e.setUnknown(w, p.Param.Value)
			}
		}
	case known:
		e.set(w, name, decimal(n))
	default:
		e.setUnknown(w, name)
	}
}

func (e *evaluator) binaryArithm(w *world, x *syntax.BinaryArithm) (int64, bool) {
	switch x.Op {
	case syntax.AndArit, syntax.OrArit:
		return e.logical(w, x)
	case syntax.TernQuest:
		return e.ternary(w, x)
	case syntax.Assgn:
		n, known := e.arithm(w, x.Y)
		e.assignNumber(w, x.X, n, known)
		return n, known
	}
	a, knownA := e.arithm(w, x.X)
	b, knownB := e.arithm(w, x.Y)
	known := knownA && knownB
	if op, assigns := assigning(x.Op); assigns {
		n, ok := compute(op, a, b)
		e.assignNumber(w, x.X, n, known && ok)
		return n, known && ok
	}
	if !known && (x.Op == syntax.Eql || x.Op == syntax.Neq) {
		// A user that is not root is not number 0.
		zero := knownA && a == 0 && e.isNonRoot(w, x.Y) || knownB && b == 0 && e.isNonRoot(w, x.X)
		return truth(x.Op == syntax.Neq), zero
	}
	n, ok := compute(x.Op, a, b)
	return n, known && ok
}

func (e *evaluator) isNonRoot(w *world, x syntax.ArithmExpr) bool {
	word, ok := x.(*syntax.Word)
	if !ok {
		return false
	}
	text := e.text(w, word)
	if isName(text) {
		text, _ = e.lookup(w, text)
	}
	return text == NonRoot()
}

func (e *evaluator) logical(w *world, x *syntax.BinaryArithm) (int64, bool) {
	a, knownA := e.arithm(w, x.X)
	if knownA && (a != 0) == (x.Op == syntax.OrArit) {
		return truth(a != 0), true
	}
	b, knownB := e.arithm(w, x.Y)
	if knownA {
		return truth(b != 0), knownB
	}
	if knownB && (b != 0) == (x.Op == syntax.OrArit) {
		return truth(b != 0), true
	}
	return 0, false
}

func (e *evaluator) ternary(w *world, x *syntax.BinaryArithm) (int64, bool) {
	cond, known := e.arithm(w, x.X)
	colon, ok := x.Y.(*syntax.BinaryArithm)
	if !ok || !known || colon.Op != syntax.TernColon {
		return 0, false
	}
	if cond != 0 {
		return e.arithm(w, colon.X)
	}
	return e.arithm(w, colon.Y)
}

func assigning(op syntax.BinAritOperator) (syntax.BinAritOperator, bool) {
	switch op {
	case syntax.AddAssgn:
		return syntax.Add, true
	case syntax.SubAssgn:
		return syntax.Sub, true
	case syntax.MulAssgn:
		return syntax.Mul, true
	case syntax.QuoAssgn:
		return syntax.Quo, true
	case syntax.RemAssgn:
		return syntax.Rem, true
	case syntax.AndAssgn, syntax.OrAssgn, syntax.XorAssgn, syntax.ShlAssgn, syntax.ShrAssgn:
		return syntax.TernColon, true // not computed
	}
	return op, false
}

func compute(op syntax.BinAritOperator, a, b int64) (int64, bool) {
	switch op {
	case syntax.Add:
		return a + b, true
	case syntax.Sub:
		return a - b, true
	case syntax.Mul:
		return a * b, true
	case syntax.Quo, syntax.Rem:
		if b == 0 || b == -1 {
			return 0, false
		}
		if op == syntax.Quo {
			return a / b, true
		}
		return a % b, true
	case syntax.Eql:
		return truth(a == b), true
	case syntax.Neq:
		return truth(a != b), true
	case syntax.Gtr:
		return truth(a > b), true
	case syntax.Lss:
		return truth(a < b), true
	case syntax.Geq:
		return truth(a >= b), true
	case syntax.Leq:
		return truth(a <= b), true
	case syntax.And:
		return a & b, true
	case syntax.Or:
		return a | b, true
	case syntax.Comma:
		return b, true
	default:
		return 0, false
	}
}
