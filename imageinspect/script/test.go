package script

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// testExpr answers [[ ... ]].
func (e *evaluator) testExpr(w *world, x syntax.TestExpr) answer {
	if e.spend(1); e.over() {
		return maybe
	}
	switch x := x.(type) {
	case *syntax.Word: // [[ word ]]
		return empty(e.text(w, x)).not()
	case *syntax.ParenTest:
		return e.testExpr(w, x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			return e.testExpr(w, x.X).not()
		}
		if word, ok := x.X.(*syntax.Word); ok {
			return e.testUnary(w, x.Op.String(), e.text(w, word))
		}
	case *syntax.BinaryTest:
		return e.testBoth(w, x)
	}
	return maybe
}

func (e *evaluator) testBoth(w *world, x *syntax.BinaryTest) answer {
	switch x.Op {
	case syntax.AndTest:
		if a := e.testExpr(w, x.X); a == no {
			return no
		} else { //nolint:revive // Reads as the operator does.
			return min(a, e.testExpr(w, x.Y))
		}
	case syntax.OrTest:
		if a := e.testExpr(w, x.X); a == yes {
			return yes
		} else { //nolint:revive // Reads as the operator does.
			return max(a, e.testExpr(w, x.Y))
		}
	}
	left, ok := x.X.(*syntax.Word)
	right, ok2 := x.Y.(*syntax.Word)
	if !ok || !ok2 {
		return maybe
	}
	text := e.text(w, left)
	switch x.Op {
	case syntax.TsMatch, syntax.TsMatchShort:
		return e.matches(text, e.pattern(w, right))
	case syntax.TsNoMatch:
		return e.matches(text, e.pattern(w, right)).not()
	case syntax.TsReMatch:
		e.setList(w, "BASH_REMATCH", []string{UnknownPart(spread + "BASH_REMATCH")})
		return e.matchesExpr(w, text, right)
	default:
		return compare(text, x.Op.String(), e.text(w, right), func(text string) (int64, bool) { return e.number(w, text, 0) })
	}
}

// matchesExpr is =~; what is quoted stands for itself.
func (e *evaluator) matchesExpr(w *world, text string, word *syntax.Word) answer {
	var expr strings.Builder
	for _, part := range word.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			expr.WriteString(p.Value)
		case *syntax.SglQuoted, *syntax.DblQuoted:
			expr.WriteString(regexp.QuoteMeta(e.value(w, part)))
		default:
			expr.WriteString(e.value(w, part))
		}
	}
	if isUnknown(text) || isUnknown(expr.String()) || expr.Len() > maxPattern || len(text) > maxMatched {
		return maybe
	}
	size := unrolled(expr.String())
	if size > maxPattern || !e.affords(64+len(text), size) {
		return maybe
	}
	re, err := regexp.CompilePOSIX(expr.String())
	if err != nil {
		return maybe
	}
	return toAnswer(re.MatchString(text))
}

// unrolled is about how long an expression is once all of its repetitions are
// written out.
func unrolled(expr string) int {
	size := len(expr)
	for rest := expr; size <= maxPattern; {
		at := strings.IndexByte(rest, '{')
		if at < 0 {
			break
		}
		rest = rest[at+1:]
		most := 1
		bounds, _, _ := strings.Cut(rest, "}")
		for _, bound := range strings.Split(bounds, ",") {
			if n, err := strconv.Atoi(bound); err == nil {
				most = max(most, min(n, maxPattern))
			}
		}
		size *= most
	}
	return size
}

// maxTest bounds the words of a test.
const maxTest = 64

// testCommand is test or [. To dash == is no operator but an error.
func (e *evaluator) testCommand(w *world, args []string) {
	if e.in.Shell == Dash && len(args) > 2 && slices.Contains(args[1:], "==") {
		switch {
		case len(args) == 3 && args[1] != "==":
		case len(args) == 3 || len(args) == 4 && args[0] == "!" && args[2] == "==":
			w.end(2)
			return
		default:
			w.endUnknown()
			return
		}
	}
	w.endAs(e.test(w, args))
}

// test answers `test WORD ...` and `[ WORD ... ]`, by POSIX's rules on the
// number of words.
func (e *evaluator) test(w *world, args []string) answer {
	if len(args) > maxTest {
		return maybe
	}
	for _, a := range args {
		if isSpread(a) {
			return testSpread(args)
		}
	}
	switch len(args) {
	case 0:
		return no
	case 1:
		return empty(args[0]).not()
	case 2:
		if args[0] == "!" {
			return empty(args[1])
		}
		return e.testUnary(w, args[0], args[1])
	case 3:
		switch {
		case isBinary(args[1]):
			return testBinary(args[0], args[1], args[2])
		case args[0] == "!":
			return e.test(w, args[1:]).not()
		case args[0] == "(" && args[2] == ")":
			return e.test(w, args[1:2])
		}
	case 4:
		if args[0] == "!" {
			return e.test(w, args[1:]).not()
		}
	}
	return e.testMany(w, args)
}

// testSpread is a test on an unquoted value that is not known.
func testSpread(args []string) answer {
	if len(args) == 3 && isBinary(args[1]) && !isSpread(args[1]) {
		plain := plainMarks(args)
		if strings.HasPrefix(args[1], "-") || isUnknown(nameOf(plain[0])) {
			return maybe
		}
		return testBinary(plain[0], plain[1], plain[2])
	}
	return maybe
}

// testMany is a test with -a, -o or brackets: -o binds least.
func (e *evaluator) testMany(w *world, args []string) answer {
	for _, op := range []string{"-o", "-a"} {
		for i := 1; i < len(args)-1; i++ {
			if args[i] != op || inBrackets(args, i) {
				continue
			}
			a, b := e.test(w, args[:i]), e.test(w, args[i+1:])
			if op == "-o" {
				return max(a, b)
			}
			return min(a, b)
		}
	}
	switch {
	case args[0] == "!":
		return e.test(w, args[1:]).not()
	case args[0] == "(" && args[len(args)-1] == ")":
		return e.test(w, args[1:len(args)-1])
	}
	return maybe
}

func inBrackets(args []string, at int) bool {
	depth := 0
	for _, a := range args[:at] {
		switch a {
		case "(":
			depth++
		case ")":
			depth--
		}
	}
	return depth > 0
}

func isBinary(op string) bool {
	switch op {
	case "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef":
		return true
	}
	return false
}

func testBinary(a, op, b string) answer {
	return compare(a, op, b, func(text string) (int64, bool) {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		return n, err == nil
	})
}

// compare holds two texts against each other; number reads one as a number.
func compare(a, op, b string, number func(string) (int64, bool)) answer {
	switch op {
	case "=", "==":
		return equal(a, b)
	case "!=":
		return equal(a, b).not()
	case "-nt", "-ot", "-ef":
		return maybe
	case "<", ">":
		if isUnknown(a) || isUnknown(b) {
			return maybe
		}
		return toAnswer(op == "<" && a < b || op == ">" && a > b)
	}
	if a == NonRoot() && b == "0" || b == NonRoot() && a == "0" {
		switch op {
		case "-eq":
			return no
		case "-ne":
			return yes
		}
	}
	m, ok := number(a)
	n, ok2 := number(b)
	if !ok || !ok2 {
		return maybe
	}
	switch op {
	case "-eq":
		return toAnswer(m == n)
	case "-ne":
		return toAnswer(m != n)
	case "-lt":
		return toAnswer(m < n)
	case "-le":
		return toAnswer(m <= n)
	case "-gt":
		return toAnswer(m > n)
	case "-ge":
		return toAnswer(m >= n)
	}
	return maybe
}

func (e *evaluator) testUnary(w *world, op, word string) answer {
	switch op {
	case "-z":
		return empty(word)
	case "-n":
		return empty(word).not()
	case "-v":
		if isUnknown(word) || strings.Contains(word, "[") {
			return maybe
		}
		_, set := e.lookup(w, word)
		return set
	case "!":
		return empty(word)
	case "-t": // a container's streams are a terminal only where a pod asks for it
		return maybe
	}
	return e.testFile(w, op, word)
}
