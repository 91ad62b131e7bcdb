package script

import "mvdan.cc/sh/v3/syntax"

// poison finds the variables that a string changes elsewhere than in a plain
// assignment: ${x:=word}, ((x++)), $((x = 1)).
func poison(file *syntax.File) map[string]bool {
	poisoned := make(map[string]bool)
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.ParamExp:
			if n.Param != nil && n.Exp != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull) {
				poisoned[n.Param.Value] = true
			}
		case *syntax.BinaryArithm:
			poisonWord(poisoned, n.X)
		case *syntax.UnaryArithm:
			poisonWord(poisoned, n.X)
		}
		return true
	})
	return poisoned
}

// poisonWord takes every variable on the left of an arithmetic operator for
// changed: which operators assign does not matter, since no program is named
// by a number.
func poisonWord(poisoned map[string]bool, x syntax.ArithmExpr) {
	if word, ok := x.(*syntax.Word); ok {
		poisoned[word.Lit()] = true
	}
}
