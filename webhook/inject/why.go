package inject

import "fmt"

// Why says in one clause why something is left as it is; empty where nothing
// is.
func (p Plan) Why() string {
	first, ok := p.first(Wrap)
	shared, both := p.first(SharePID)
	if !ok {
		first, both = shared, false
	}
	if first.Text == "" {
		return ""
	}
	text := first.clause()
	if both && shared.Text != first.Text {
		text = fmt.Sprintf("not with share-pid: %s; not with wrap: %s", shared.clause(), text)
	}
	if n := p.about(first.Strategy) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

func (p Plan) first(s Strategy) (Refusal, bool) {
	for _, r := range p.Refusals {
		if r.Strategy == s {
			return r, true
		}
	}
	return Refusal{}, false
}

// about counts the refusals of a strategy.
func (p Plan) about(s Strategy) int {
	n := 0
	for _, r := range p.Refusals {
		if r.Strategy == s {
			n++
		}
	}
	return n
}

func (r Refusal) clause() string {
	if r.Container == "" {
		return r.Text
	}
	return fmt.Sprintf("%s (container %s)", r.Text, r.Container)
}
