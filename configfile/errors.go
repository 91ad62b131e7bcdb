package configfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MaxFaults is how many mistakes of one file are listed.
const MaxFaults = 100

// Error is everything that is wrong with one configuration file.
type Error struct {
	// File is the file's name as Parse was given it.
	File string
	// Faults are the mistakes, in the file's order: at least one, at most MaxFaults.
	Faults []Fault
	// More is how many further mistakes are not listed.
	More int
}

// Fault is one mistake.
type Fault struct {
	// Line counts from 1; 0 when the mistake is the whole file's.
	Line int
	// Path is the field, such as registries[0].host; empty when the mistake is
	// no field's.
	Path string
	// Text says what is wrong and what would be right.
	Text string
}

// Error returns one line a fault: FILE:LINE: FIELD: TEXT.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Faults)+1)
	for _, f := range e.Faults {
		lines = append(lines, f.In(e.File))
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("%s: %d more mistakes", e.File, e.More))
	}
	return strings.Join(lines, "\n")
}

// In is the fault in a line, after the file's name.
func (f Fault) In(file string) string {
	text := f.Text
	if f.Path != "" {
		text = f.Path + ": " + text
	}
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", file, text)
	}
	return fmt.Sprintf("%s:%d: %s", file, f.Line, text)
}

// Report gathers the faults of one file. Paths are fields' names joined by dots,
// with indices in brackets.
type Report struct {
	lines   map[string]int // field path -> line of what the file gives it
	faulted map[string]bool
	faults  []Fault
	more    int
}

func newReport() *Report {
	return &Report{lines: make(map[string]int), faulted: make(map[string]bool)}
}

// add notes a fault at a line that is known.
func (r *Report) add(line int, path, format string, args ...any) {
	r.faulted[path] = true
	if len(r.faults) == MaxFaults {
		r.more++
		return
	}
	r.faults = append(r.faults, Fault{Line: line, Path: path, Text: fmt.Sprintf(format, args...)})
}

// Reject notes that a field's value is wrong, unless the field, or one around
// it, couldn't be read in the first place.
func (r *Report) Reject(path, format string, args ...any) {
	if !r.Unreadable(path) {
		r.add(r.line(path), path, format, args...)
	}
}

// Given reports whether the file sets the field.
func (r *Report) Given(path string) bool {
	_, ok := r.lines[path]
	return ok
}

// line is where the field stands, or the nearest field around it.
func (r *Report) line(path string) int {
	for p := path; p != ""; p = parent(p) {
		if line, ok := r.lines[p]; ok {
			return line
		}
	}
	return r.lines[""]
}

// Unreadable reports whether the field, or one around it, couldn't be read or was
// rejected.
func (r *Report) Unreadable(path string) bool {
	for p := path; p != ""; p = parent(p) {
		if r.faulted[p] {
			return true
		}
	}
	return false
}

// parent cuts the last field name or index off a path.
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// err is nil when there are no faults.
func (r *Report) err(file string) error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return &Error{File: file, Faults: r.faults, More: r.more}
}
