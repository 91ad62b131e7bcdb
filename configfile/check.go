package configfile

import (
	"fmt"
	"strings"
	"time"
)

// Matches checks one text; an optional one may be empty. The fault is what is
// wrong with it, in words that follow the quoted text; empty when nothing is.
func (r *Report) Matches(path, value string, required bool, fault func(string) string) bool {
	if required && !r.Required(path) {
		return false
	}
	if value == "" && !required {
		return true
	}
	if f := fault(value); f != "" {
		r.Reject(path, "%s %s", Quote(value), f)
		return false
	}
	return true
}

// Names checks a list of texts, each of them once.
func (r *Report) Names(path string, list []string, most int, fault func(string) string) {
	r.Count(path, len(list), most)
	first := make(map[string]int)
	for i, name := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if f := fault(name); f != "" {
			r.Reject(at, "%s %s", Quote(name), f)
			continue
		}
		r.Once(at, path+"[%d]", name, name, i, first)
	}
}

// Once notes a value whose key stood in the list before. The format makes the
// path of an earlier entry of its index.
func (r *Report) Once(path, format, value, key string, i int, first map[string]int) {
	if before, twice := first[key]; twice {
		r.Reject(path, "%s is in %s already", Quote(value), fmt.Sprintf(format, before))
		return
	}
	first[key] = i
}

// Required notes a field that the file doesn't set, and reports whether it can
// be used.
func (r *Report) Required(path string) bool {
	if !r.Given(path) {
		r.Reject(path, "is missing")
	}
	return r.Given(path) && !r.Unreadable(path)
}

// Count checks the length of a list.
func (r *Report) Count(path string, n, most int) {
	if n > most {
		r.Reject(path, "holds %d entries; the most is %d", n, most)
	}
}

// Between checks a number.
func (r *Report) Between(path string, n, least, most int) {
	if n < least || n > most {
		r.Reject(path, "%d must be from %d to %d", n, least, most)
	}
}

// Within checks a duration.
func (r *Report) Within(path string, d, least, most time.Duration) {
	if d < least || d > most {
		r.Reject(path, "%s must be from %s to %s", Short(d), Short(least), Short(most))
	}
}

// Prose checks a clause that users are shown.
func (r *Report) Prose(path, s string, filled bool) {
	switch {
	case s == "" && filled:
		r.Reject(path, "is empty; leave it out or say why")
	case Printable(s, MaxProse) != s:
		r.Reject(path, "%s must be one line of at most %d printable characters, without double quotes", Quote(s), MaxProse)
	}
}

// Short writes a duration without the zeros that String puts after it.
func Short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
