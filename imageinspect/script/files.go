package script

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// abs is a path as an absolute, clean one; false where it isn't known.
func (w *world) abs(name string) (string, bool) {
	if name == "" || isUnknown(name) {
		return "", false
	}
	if path.IsAbs(name) {
		return path.Clean(name), true
	}
	if w.dir == "" || isUnknown(w.dir) {
		return "", false
	}
	return path.Join(w.dir, name), true
}

// testFile answers a test on a file by what the image holds. What the script's
// own programs may have made, or taken away, is not known.
func (e *evaluator) testFile(w *world, op, name string) answer {
	if name == "" {
		return no
	}
	at, ok := w.abs(name)
	if !ok || e.in.Stat == nil || volatile(at) || e.touched(at) {
		return maybe
	}
	stat, known := e.in.Stat(at)
	switch {
	case !known:
		return maybe
	case !stat.Exists && (op == "-L" || op == "-h"):
		return maybe // a link that leads nowhere
	case !stat.Exists:
		return no
	}
	switch op {
	case "-e", "-a":
		return yes
	case "-r":
		if e.in.UID != "0" {
			return maybe
		}
		return yes
	case "-f":
		return toAnswer(!stat.Dir)
	case "-d":
		return toAnswer(stat.Dir)
	case "-x":
		return toAnswer(stat.Executable || stat.Dir)
	case "-L", "-h":
		if stat.Plain {
			return no
		}
		return maybe
	case "-s":
		return toAnswer(stat.Size > 0 || stat.Dir)
	default:
		return maybe
	}
}

// volatile is true for places that hold what the running container puts there.
func volatile(name string) bool {
	for _, dir := range []string{"/proc", "/sys", "/dev", "/run", "/var/run", "/tmp", "/var/tmp", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/.dockerenv"} {
		if name == dir || strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

// touched is true when a program that ran before was told of a file, of a
// folder around it or of something in it.
func (e *evaluator) touched(name string) bool {
	if len(e.mentioned) >= maxMentioned {
		return true
	}
	e.spend(1 + len(e.mentioned)/16)
	for at := range e.mentioned {
		if at == name || at != "/" && strings.HasPrefix(name, at+"/") || strings.HasPrefix(at, name+"/") {
			return true
		}
	}
	return false
}

// maxMentioned bounds the files that programs were told of; past it any may
// have been.
const maxMentioned = 512

// mention notes the words and redirections of commands that run outside of the
// shell's own sight.
func (e *evaluator) mention(w *world, node syntax.Node) {
	syntax.Walk(node, func(n syntax.Node) bool {
		e.spend(1)
		switch n := n.(type) {
		case *syntax.CallExpr:
			for _, word := range n.Args[min(1, len(n.Args)):] {
				e.mentionWord(w, plainText(word))
			}
		case *syntax.Redirect:
			e.mentionRedirect(w, n)
		}
		return !e.over()
	})
}

// mentionRedirect notes a file that is written to.
func (e *evaluator) mentionRedirect(w *world, r *syntax.Redirect) {
	switch r.Op {
	case syntax.RdrOut, syntax.AppOut, syntax.RdrInOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
	default:
		return
	}
	text := plainText(r.Word)
	if text == "" && r.Word != nil {
		text = e.text(w, r.Word)
	}
	e.mentionWord(w, text)
}

// mentionPatterns notes the folders of patterns (rm /x/*) in a command's words.
func (e *evaluator) mentionPatterns(w *world, stmt *syntax.Stmt) {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok {
		return
	}
	for _, word := range call.Args[min(1, len(call.Args)):] {
		text := plainText(word)
		if at := strings.IndexAny(text, "*?[{"); at >= 0 {
			e.mentionWord(w, path.Dir(text[:at]+"x"))
		}
	}
}

// mentionWord notes that a program was told of a file. A word without a folder
// means one in the working directory.
func (e *evaluator) mentionWord(w *world, word string) {
	if word == "" || word[0] == '-' || len(e.mentioned) >= maxMentioned {
		return
	}
	if head, _ := edges(word); isUnknown(word) {
		if word = path.Dir(head + "x"); word == "." || word == "/" {
			return
		}
	}
	if at, ok := w.abs(word); ok {
		e.mentioned[at] = true
	}
}

// plainText is a word without any expansion, empty where it has one.
func plainText(word *syntax.Word) string {
	if word == nil {
		return ""
	}
	var out strings.Builder
	for _, part := range word.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			out.WriteString(p.Value)
		case *syntax.SglQuoted:
			out.WriteString(p.Value)
		case *syntax.DblQuoted:
			out.WriteString(plainText(&syntax.Word{Parts: p.Parts}))
		default:
			return ""
		}
	}
	return out.String()
}
