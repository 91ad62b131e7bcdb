package registry

import "slices"

// line is who waits. Owners take turns, and what one owner waits for goes in
// the order in which it came: one that waits for a thousand things holds
// another that waits for one up by one turn.
type line[T any] struct {
	turn    []string // each owner once; the first is next
	waiting map[string][]T
	total   int
}

func newLine[T any]() *line[T] { return &line[T]{waiting: map[string][]T{}} }

// push adds something behind all that its owner waits for.
func (l *line[T]) push(owner string, v T) {
	if len(l.waiting[owner]) == 0 {
		l.turn = append(l.turn, owner)
	}
	l.waiting[owner] = append(l.waiting[owner], v)
	l.total++
}

// next takes what comes next of the first owner in turn that may have it, and
// ends that owner's turn.
func (l *line[T]) next(may func(T) bool) (v T, ok bool) {
	for i, owner := range l.turn {
		if v = l.waiting[owner][0]; !may(v) {
			continue
		}
		l.turn = slices.Delete(l.turn, i, i+1)
		l.waiting[owner] = l.waiting[owner][1:]
		if len(l.waiting[owner]) > 0 {
			l.turn = append(l.turn, owner)
		} else {
			delete(l.waiting, owner)
		}
		l.total--
		return v, true
	}
	var none T
	return none, false
}

// dropLast takes what an owner, who waits for something, would have had last.
func (l *line[T]) dropLast(owner string) T {
	own := l.waiting[owner]
	last := own[len(own)-1]
	l.waiting[owner] = own[:len(own)-1]
	if len(own) == 1 {
		delete(l.waiting, owner)
		l.turn = slices.DeleteFunc(l.turn, func(o string) bool { return o == owner })
	}
	l.total--
	return last
}

// longest is the owner that waits for the most, the first in turn of equals.
func (l *line[T]) longest() (owner string) {
	for _, o := range l.turn {
		if owner == "" || len(l.waiting[o]) > len(l.waiting[owner]) {
			owner = o
		}
	}
	return owner
}
