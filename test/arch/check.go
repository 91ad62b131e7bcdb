package arch

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Check returns what breaks the rules, one line each: the place, what is wrong
// and what to do. It returns nil when all is well.
func Check(rooms []Room, files []File) []string {
	c := checker{rooms: rooms}
	for _, f := range files {
		c.file(f)
	}
	return c.problems
}

type checker struct {
	rooms    []Room
	problems []string
}

func (c *checker) report(place, format string, args ...any) {
	c.problems = append(c.problems, place+": "+fmt.Sprintf(format, args...))
}

func (c *checker) file(f File) {
	room, ok := c.room(f.Dir())
	if !ok {
		c.report(f.Path, "%s is in no room; add it to Rooms and docs/architecture.md", f.Dir())
		return
	}
	for _, imported := range f.Imports {
		if to, inside := c.inside(imported); inside {
			c.arrow(f, room, to)
		} else {
			c.outside(f, room, imported)
		}
	}
	if !room.Top && !f.Test {
		c.process(f)
	}
}

// room is the innermost room that holds the folder.
func (c *checker) room(dir string) (Room, bool) {
	holds := func(r Room) bool { return dir == r.Dir || strings.HasPrefix(dir, r.Dir+"/") }
	var found []Room
	for _, r := range c.rooms {
		if holds(r) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return Room{}, false
	}
	return slices.MaxFunc(found, func(a, b Room) int { return cmp.Compare(len(a.Dir), len(b.Dir)) }), true
}

// inside turns the import path of a package of this module into its room.
func (c *checker) inside(imported string) (Room, bool) {
	dir, ok := strings.CutPrefix(imported, Module+"/")
	if !ok {
		return Room{}, false
	}
	room, ok := c.room(dir)
	if !ok {
		return Room{Dir: dir}, true
	}
	return room, true
}

// arrow judges an import from one room of this module to another. Test files
// may import what they need to set things up, except what starts programs.
func (c *checker) arrow(f File, from, to Room) {
	switch {
	case from.Dir == to.Dir:
	case strings.HasPrefix(to.Dir, "cmd/") && !forDevelopers(f):
		c.report(f.Path, "imports %s, which wires all rooms together; take what you need from its room", to.Dir)
	case from.StdlibOnly:
		c.report(f.Path, "imports %s; %s imports nothing but itself and the standard library", to.Dir, from.Dir)
	case to.ForTests && !f.Test && !forDevelopers(f):
		c.report(f.Path, "imports %s, which is for tests, test/ and bench/ only", to.Dir)
	case from.Top || f.Test:
	case !slices.Contains(from.Imports, to.Dir):
		c.report(f.Path, "imports %s; %s may import %s", to.Dir, from.Dir, list(from.Imports))
	}
}

// forDevelopers is true for what is never shipped.
func forDevelopers(f File) bool {
	return strings.HasPrefix(f.Path, "test/") || strings.HasPrefix(f.Path, "bench/")
}

// outside judges an import of a package that is not of this module.
func (c *checker) outside(f File, room Room, imported string) {
	if room.StdlibOnly && strings.Contains(strings.Split(imported, "/")[0], ".") {
		c.report(f.Path, "imports %s; %s uses the standard library only", imported, room.Dir)
	}
	if f.Test || room.Top {
		return
	}
	if room.Pure && covers(impure[:], imported) {
		c.report(f.Path, "imports %s; %s is pure: take the value as an argument or declare an interface", imported, room.Dir)
	}
	if slices.Contains(flagPackages[:], imported) {
		c.report(f.Path, "imports %s; only cmd and test read flags", imported)
	}
	if imported == "os" && room.OSFiles != nil && !slices.Contains(room.OSFiles, path.Base(f.Path)) {
		c.report(f.Path, "imports os; in %s only %s may", room.Dir, list(room.OSFiles))
	}
}

// process judges the reading of what the process was started with.
func (c *checker) process(f File) {
	for _, use := range f.Uses {
		if slices.Contains(processNames[:], use.Name) {
			c.report(fmt.Sprintf("%s:%d", f.Path, use.Line), "%s; only cmd and test may: take it as an argument", use.Name)
		}
	}
}

// covers is true when one of the entries is the path, or ends in a slash and
// starts it.
func covers(entries []string, imported string) bool {
	return slices.ContainsFunc(entries, func(e string) bool {
		return e == imported || strings.HasSuffix(e, "/") && strings.HasPrefix(imported, e)
	})
}

func list(names []string) string {
	if len(names) == 0 {
		return "no other room"
	}
	return strings.Join(names, ", ")
}
