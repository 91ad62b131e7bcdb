package letter

import (
	"strings"
	"unicode/utf8"
)

// columns is how wide text is, where it can be broken: it is quoted in answers.
const columns = 76

// text is the mail for those who read no HTML, and for search.
func (p page) text() string {
	var b body
	b.para(p.title)
	for _, n := range p.notes {
		b.para(n)
	}
	for _, n := range p.intro {
		b.para(n)
	}
	for _, i := range p.items {
		b.item(i)
	}
	if len(p.rows) > 0 {
		b.heading("Others")
		for _, r := range p.rows {
			b.line("  " + strings.Join([]string{r.workload, r.severity, r.zombies + " zombies", "since " + r.since, r.cause}, ", "))
		}
		b.line("")
	}
	if p.more > 0 {
		b.para("And " + count(p.more, "workload") + " more; kubectl get zombies names them all.")
	}
	if len(p.resolved) > 0 {
		b.heading("Gone")
		for _, r := range p.resolved {
			b.wrap("- ", "  ", r)
		}
		b.line("")
	}
	b.line("-- ") // what mail programs take for the beginning of a signature
	b.wrap("", "", p.sent)
	if p.command != "" {
		b.wrap("", "", p.optOut)
		b.line("  " + p.command)
	}
	b.wrap("", "", signature)
	return b.String()
}

const signature = "Sent by initguard, which writes as well what kubectl get zombies says."

// body is a text of lines.
type body struct{ strings.Builder }

func (b *body) line(s string) { _, _ = b.WriteString(s + "\n") }

// para is wrapped, with an empty line below.
func (b *body) para(s string) {
	b.wrap("", "", s)
	b.line("")
}

func (b *body) heading(s string) {
	b.line(s)
	b.line(strings.Repeat("-", utf8.RuneCountInString(s)))
}

// wrap breaks a text between words.
func (b *body) wrap(first, rest, s string) {
	line, indent := first, first
	empty := true
	for _, word := range strings.Fields(s) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			b.line(line)
			line, indent, empty = rest, rest, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	if line != indent || !empty {
		b.line(line)
	}
}

func (b *body) item(i item) {
	b.heading(i.title + " (" + i.severity + ")")
	b.para(i.lead)
	for _, f := range i.facts {
		label := f.label + strings.Repeat(" ", max(0, labels-len(f.label)))
		b.wrap("  "+label+"  ", strings.Repeat(" ", labels+4), f.text)
	}
	b.line("")
	for _, d := range i.done {
		b.wrap("  ", "    ", "done: "+d)
	}
	if len(i.done) > 0 {
		b.line("")
	}
	if q := i.quick; q != nil {
		b.wrap("Quick fix: ", "  ", q.what)
		for _, c := range q.commands {
			b.line("    " + c)
		}
		b.line("")
	}
	for _, f := range i.fixes {
		b.fixes(f)
	}
}

const labels = len("reason")

func (b *body) fixes(f fixes) {
	b.line(f.title + ":")
	for n, one := range f.list {
		first := "  "
		if n > 0 {
			first = "  or "
		}
		b.wrap(first, "    ", one.text)
		if one.note != "" {
			b.wrap("    ", "    ", one.note)
		}
		for _, p := range one.patches {
			b.wrap("    ", "    ", p.title)
			for _, l := range p.lines {
				b.line(strings.TrimRight("      "+l, " "))
			}
		}
		if one.url != "" {
			b.line("    " + one.url)
		}
	}
	b.line("")
}
