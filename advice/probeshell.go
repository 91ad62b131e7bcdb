package advice

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// simpleCommand are the words of a command string that runs one program and
// does nothing else: no variable, no pipe, nothing written. What only says
// "|| exit 1" or throws output away is left out.
func simpleCommand(text string) ([]string, bool) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil || len(file.Stmts) != 1 {
		return nil, false
	}
	return simple(file.Stmts[0])
}

func simple(s *syntax.Stmt) ([]string, bool) {
	if s.Negated || s.Background || s.Coprocess || slices.ContainsFunc(s.Redirs, func(r *syntax.Redirect) bool { return !discards(r) }) {
		return nil, false
	}
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		return literals(c)
	case *syntax.BinaryCmd:
		if c.Op == syntax.OrStmt && fails(c.Y) {
			return simple(c.X)
		}
	}
	return nil, false
}

// fails is true for exit 1 and false.
func fails(s *syntax.Stmt) bool {
	words, ok := simple(s)
	if !ok {
		return false
	}
	if len(words) == 1 && words[0] == "false" {
		return true
	}
	if len(words) != 2 || words[0] != "exit" {
		return false
	}
	_, nonzero := number(words[1], 255)
	return nonzero
}

// discards is true for > /dev/null and 2>&1.
func discards(r *syntax.Redirect) bool {
	to := r.Word.Lit()
	switch r.Op {
	case syntax.RdrOut, syntax.AppOut, syntax.RdrAll, syntax.AppAll:
		return to == "/dev/null"
	case syntax.DplOut:
		return to == "1" || to == "2"
	default:
		return false
	}
}

// literals are the words of a call whose text is all there is to them.
func literals(c *syntax.CallExpr) ([]string, bool) {
	if len(c.Assigns) > 0 || len(c.Args) == 0 {
		return nil, false
	}
	words := make([]string, len(c.Args))
	for i, w := range c.Args {
		var ok bool
		if words[i], ok = literal(w.Parts, false); !ok {
			return nil, false
		}
	}
	return words, true
}

func literal(parts []syntax.WordPart, quoted bool) (string, bool) {
	var out strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			special := `\*?[{~`
			if quoted {
				special = `\`
			}
			if strings.ContainsAny(p.Value, special) {
				return "", false
			}
			out.WriteString(p.Value)
		case *syntax.SglQuoted:
			if p.Dollar {
				return "", false
			}
			out.WriteString(p.Value)
		case *syntax.DblQuoted:
			text, ok := literal(p.Parts, true)
			if p.Dollar || !ok {
				return "", false
			}
			out.WriteString(text)
		default:
			return "", false
		}
	}
	return out.String(), true
}

// guess is what a longer command string is about, where it asks the container
// itself and only one kind of probe would do: curl ... | grep, for one.
func guess(text string, hook bool) reading {
	if hook || !slices.ContainsFunc([]string{"localhost", "127.0.0.1", "[::1]", "0.0.0.0"}, func(host string) bool { return strings.Contains(text, host) }) {
		return reading{}
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return reading{}
	}
	kinds := map[method]bool{}
	syntax.Walk(file, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 {
			kinds[asks(c)] = true
		}
		return true
	})
	delete(kinds, methodAny)
	if len(kinds) != 1 || kinds[methodDirect] {
		return reading{}
	}
	for kind := range kinds {
		return reading{method: kind}
	}
	return reading{}
}

// asks is how a call in a longer string asks; methodDirect for one that sends
// something, which no probe does.
func asks(c *syntax.CallExpr) method {
	switch path.Base(c.Args[0].Lit()) {
	case "curl", "wget":
		for _, arg := range c.Args[1:] {
			lit := arg.Lit()
			for _, sends := range []string{"-X", "-d", "-F", "-T", "--request", "--data", "--form", "--json", "--upload", "--post", "--method", "--body"} {
				if strings.HasPrefix(lit, sends) {
					return methodDirect
				}
			}
		}
		return methodHTTP
	case "nc", "ncat", "netcat":
		return methodTCP
	case "grpc_health_probe":
		return methodGRPC
	default:
		return methodAny
	}
}
