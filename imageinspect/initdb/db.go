package initdb

import (
	"fmt"
	"path"
	"strings"
)

// DB is the table of programs, ready to be asked. It is immutable and safe for
// concurrent use.
type DB struct {
	programs map[string]Program
	modules  map[string]string // module -> name of its row
	wrappers map[string]Wrapper
	measured map[string]Measurement
	builds   map[string]string // build ID -> program
}

// Match is what the table says about one argv.
type Match struct {
	// Name is the row's canonical name: the first of its Names.
	Name    string
	Program Program
	// Behaviour is the row's, or that of the mode which decided.
	Behaviour Behaviour
	// Mode is the When of the mode that decided; empty for the row's default.
	Mode string
	// Evidence says for people what the answer rests on.
	Evidence string
}

// New builds the table. Extra rows, which come from configuration, replace
// built-in ones name by name; a name twice among them is an error.
func New(extra ...Program) (*DB, error) {
	measured, err := measurementsByID()
	if err != nil {
		return nil, err
	}
	db := &DB{
		programs: make(map[string]Program),
		modules:  make(map[string]string),
		wrappers: make(map[string]Wrapper),
		measured: measured,
		builds:   builds(measured),
	}
	if err := db.add(Programs()); err != nil {
		return nil, err
	}
	own := DB{programs: make(map[string]Program), modules: make(map[string]string)}
	if err := own.add(extra); err != nil {
		return nil, err
	}
	for _, w := range wrappers() {
		for _, name := range w.Names {
			db.wrappers[name] = w
		}
	}
	for name, p := range own.programs {
		db.programs[name] = p
		delete(db.wrappers, name)
	}
	for module, name := range own.modules {
		db.modules[module] = name
	}
	return db, nil
}

// Programs is the built-in table, row by row.
func Programs() []Program {
	var rows []Program
	for _, part := range [][]Program{
		inits(), imageInits(), reapingPrograms(), supervisors(), shells(), runtimes(), moreRuntimes(), scripts(),
		servers(), goServers(), rustServers(), tools(),
	} {
		rows = append(rows, part...)
	}
	return rows
}

func (db *DB) add(rows []Program) error {
	for _, p := range rows {
		if len(p.Names) == 0 {
			return fmt.Errorf("a row of role %q has no names: give at least one", p.Role)
		}
		for _, name := range p.Names {
			if name == "" || strings.Contains(name, "/") {
				return fmt.Errorf("program %q: a name is a base name, not empty and without a slash", name)
			}
			if _, twice := db.programs[name]; twice {
				return fmt.Errorf("program %q has two rows: remove one", name)
			}
			db.programs[name] = p
		}
		for _, module := range p.Modules {
			db.modules[p.Interpreter+" "+module] = p.Names[0]
		}
	}
	return nil
}

// Lookup says what the program that argv starts does as PID 1. It goes by the
// base name of argv[0]: exact first, then without a trailing version. A
// runtime whose script has a row of its own is that program. "busybox APPLET"
// is busybox's applet, never the program that the applet is named after.
func (db *DB) Lookup(argv []string) (Match, bool) {
	argv = Applet(argv)
	if len(argv) == 0 {
		return Match{}, false
	}
	p, ok := db.row(base(argv[0]))
	if !ok || !p.standsFor(argv[0]) {
		return Match{}, false
	}
	args := argv[1:]
	if p.Script != nil {
		script := p.Script.find(args)
		if script.unknown != "" && db.scripted(p.Names[0]) {
			return db.undecided(p, script.unknown), true
		}
		if q, own := db.script(p.Names[0], script); own {
			return db.decide(q, script.args), true
		}
		if script.isEntrypoint() {
			return db.unknown(p, "its script may exec another program"), true
		}
	}
	return db.decide(p, args), true
}

// row finds a program by the name that it was called by.
func (db *DB) row(name string) (Program, bool) {
	if p, ok := db.programs[name]; ok {
		return p, true
	}
	bare := withoutVersion(name)
	if bare == name {
		return Program{}, false
	}
	p, ok := db.programs[bare]
	return p, ok && p.Versioned
}

// scripted is true when some row is a script of this runtime.
func (db *DB) scripted(runtime string) bool {
	for _, p := range db.programs {
		if p.Interpreter == runtime {
			return true
		}
	}
	return false
}

// script finds the row of the script that a runtime runs. The row must say
// that it is a script of that runtime: a file named cron that node runs is not
// the cron daemon.
func (db *DB) script(runtime string, s script) (Program, bool) {
	if s.module != "" {
		p, ok := db.programs[db.modules[runtime+" "+s.module]]
		return p, ok
	}
	if s.file == "" {
		return Program{}, false
	}
	p, ok := db.row(base(s.file))
	return p, ok && p.Interpreter == runtime && (!p.Generic || p.isSystems(s.file))
}

// ScriptFile is the file of the script that a runtime is told to run, as argv
// names it.
func (db *DB) ScriptFile(argv []string) (string, bool) {
	argv = Applet(argv)
	if len(argv) == 0 {
		return "", false
	}
	p, ok := db.row(base(argv[0]))
	if !ok || p.Script == nil {
		return "", false
	}
	s := p.Script.find(argv[1:])
	return s.file, s.file != ""
}

// decide picks the mode.
func (db *DB) decide(p Program, args []string) Match {
	if word, unknown := firstUnknown(args); unknown && !p.modesAgree() {
		return db.undecided(p, word)
	}
	m := Match{Name: p.Names[0], Program: p, Behaviour: p.Behaviour}
	for _, mode := range p.Modes {
		if mode.Match(args) {
			m.Behaviour, m.Mode = mode.Behaviour, mode.When
			break
		}
	}
	m.Evidence = db.Evidence(m.Behaviour.Source)
	return m
}

// undecided is the answer for a program whose mode hangs on a word that can't
// be known.
func (db *DB) undecided(p Program, word string) Match {
	return db.unknown(p, "what it does depends on "+display(word))
}

func (db *DB) unknown(p Program, why string) Match {
	return Match{Name: p.Names[0], Program: p, Behaviour: depends(why, p.Source), Evidence: db.Evidence(p.Source)}
}

// modesAgree is true when no mode in which the program runs on changes what
// the row says.
func (p Program) modesAgree() bool {
	for _, m := range p.Modes {
		if m.Ends || m.Stated {
			continue
		}
		if m.Reaps != p.Reaps || m.MustBePID1 != p.MustBePID1 ||
			m.ForwardsSignals != p.ForwardsSignals || m.HarmedByOrphans != p.HarmedByOrphans {
			return false
		}
	}
	return true
}

// base is the base name of a program's path. A login shell's leading dash is
// no part of it.
func base(argv0 string) string {
	if argv0 == "" {
		return ""
	}
	return strings.TrimPrefix(path.Base(argv0), "-")
}

// withoutVersion cuts a trailing version: python3.11, php-fpm8.2, ruby-3.2.
func withoutVersion(name string) string {
	bare := strings.TrimRight(name, "0123456789.")
	if bare == name || strings.HasSuffix(name, ".") {
		return name
	}
	return strings.TrimSuffix(bare, "-")
}

// busyboxApplet stands before an applet's name in the table: its rows are
// called "busybox sh".
const busyboxApplet = "busybox "

// Applet rewrites an argv that calls busybox by its own name, so that Lookup
// and Wrapper see the applet: {"/bin/busybox", "sh", "-c", x} becomes
// {"busybox sh", "-c", x}. Whoever knows that a file is a link to busybox asks
// for "busybox " + the link's base name in the same way. Any other argv comes
// back as it is.
func Applet(argv []string) []string {
	if len(argv) < 2 || strings.HasPrefix(argv[1], "-") || isUnknown(argv[1]) {
		return argv
	}
	switch base(argv[0]) {
	case "busybox", "busybox-static", "busybox.static", "busybox-extras":
		return append([]string{busyboxApplet + base(argv[1])}, argv[2:]...)
	}
	return argv
}
