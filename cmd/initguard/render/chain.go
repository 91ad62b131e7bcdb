package render

import (
	"fmt"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

const (
	// maxLabel bounds the column of what a step is about, maxStep that of what
	// happens there: one long step must not push all others off the screen.
	maxLabel = 28
	maxStep  = 64
)

// chainLine is one step as people read it: what it is about, what happens
// there, and how that is known.
type chainLine struct{ label, text, known string }

// chain writes one step a line, in columns.
func chain(out *strings.Builder, s Style, steps []imageinspect.Step, indent string) {
	lines := chainLines(steps)
	labels, texts := 0, 0
	for _, l := range lines {
		if n := width(l.label); n <= maxLabel {
			labels = max(labels, n)
		}
		if n := width(l.text); n <= maxStep && l.known != "" {
			texts = max(texts, n)
		}
	}
	for _, l := range lines {
		text := l.text
		if l.label != "" {
			text = pad(l.label, labels) + "  " + l.text
		}
		if l.known != "" {
			text = pad(text, labels+2+texts) + "  " + s.paint(faint, l.known)
		}
		fmt.Fprintf(out, "%s%s\n", indent, text)
	}
}

func chainLines(steps []imageinspect.Step) []chainLine {
	lines := make([]chainLine, 0, len(steps))
	reader := chainReader{said: map[string]bool{}}
	for _, step := range steps {
		lines = append(lines, reader.line(step))
	}
	return lines
}

// chainReader makes lines of steps and remembers what stands above.
type chainReader struct {
	// script is the script that was named last.
	script string
	// said are paths and the like that stand there already.
	said map[string]bool
}

func (r *chainReader) line(step imageinspect.Step) chainLine {
	evidence := Printable(step.Evidence)
	if evidence != "" {
		evidence = "[" + evidence + "]"
	}
	l := chainLine{text: Printable(step.Text)}
	detail := Printable(step.Detail)
	switch script, what, ok := cutLine(step); {
	case step.Kind == imageinspect.StepArgv:
		return argvLine(step)
	case ok:
		l.label, l.text = r.lineLabel(step, script), Printable(what)
		name, execs := strings.CutPrefix(l.text, "exec ")
		switch {
		case strings.HasPrefix(step.Detail, "/"): // the script, which stands above
			detail = ""
		case execs && detail != "" && width(detail)+width(name) <= maxStep:
			l.text, detail = detail+"  -> "+name, ""
		}
	default:
		if step.Kind == imageinspect.StepFile {
			r.script = step.Program
		}
		program := Printable(step.Program)
		if rest, ok := strings.CutPrefix(l.text, program+" "); ok && program != "" {
			l.label, l.text = program, rest
		}
	}
	if r.said[detail] {
		detail = ""
	}
	r.said[detail] = true
	l.known = strings.TrimSpace(detail + "  " + evidence)
	return l
}

// argvLine is where argv comes from, and argv itself where that may be shown.
func argvLine(step imageinspect.Step) chainLine {
	label, name, _ := strings.Cut(step.Text, ": ")
	label = strings.ReplaceAll(label, " of the image", "")
	label = strings.Replace(label, "command of the pod + args of", "command + args of", 1)
	if step.Detail != "" {
		name = step.Detail
	}
	return chainLine{label: Printable(label), text: Printable(name)}
}

// cutLine takes a step about one line of a script apart: which script, and
// what happens there.
func cutLine(step imageinspect.Step) (script, what string, ok bool) {
	if step.Kind != imageinspect.StepShell {
		return "", "", false
	}
	at := fmt.Sprintf(", line %d", max(step.Line, 1))
	script, what, ok = strings.Cut(step.Text, at+": ")
	return script, what, ok
}

// lineLabel names a line, with its script where that is not the one above.
func (r *chainReader) lineLabel(step imageinspect.Step, script string) string {
	line := fmt.Sprintf("line %d", max(step.Line, 1))
	if shell, ok := strings.CutPrefix(script, "the command string of "); ok {
		if step.Line > 1 {
			return Printable(shell) + " -c, " + line
		}
		return Printable(shell) + " -c"
	}
	if script == r.script {
		return line
	}
	r.script = script
	return Printable(script) + ", " + line
}
