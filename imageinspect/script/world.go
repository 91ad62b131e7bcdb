package script

import (
	"maps"
	"slices"
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// variable is a shell variable that the script set. An unset one is kept, so
// that it hides the environment's.
type variable struct {
	unset    bool
	exported bool
	readonly bool
	text     string
	list     []string          // of an array
	keys     map[string]string // of an associative array
	array    bool
	ref      string // of a nameref
}

func (v variable) equal(other variable) bool {
	return v.unset == other.unset && v.exported == other.exported && v.readonly == other.readonly && v.text == other.text && v.array == other.array && v.ref == other.ref &&
		slices.Equal(v.list, other.list) && maps.Equal(v.keys, other.keys)
}

// function is a shell function with the script that holds it.
type function struct {
	body *syntax.Stmt
	file string
}

// flow is how a command leaves the list that it stands in.
type flow uint8

const (
	goesOn flow = iota
	breaks
	continues
	returns
	exits
	gone // recorded already
)

// rank says how far the last program that the shell waited for may be what the
// container is there for.
type rank uint8

const (
	ranNothing rank = iota
	ranBriefly      // a program that ends by itself, such as mkdir
	ranTested       // one whose end decided which way the script went
	ranLong         // any other
)

// world is the state of the shell on one way through the script.
type world struct {
	vars   *table[variable]
	params []string
	funcs  *table[function]
	// saved are the variables that the functions being called hide (local).
	saved []map[string]variable
	// names are the functions being called, files the scripts being read, both
	// innermost last; file is the one that the current command stands in.
	names, files []string
	file         string
	dir          string
	// status is how the last command ended; statusKnown false: either way.
	status      int
	statusKnown bool
	flow        flow
	levels      int  // of break and continue
	failing     bool // exits with a status that is certainly not 0
	trap, jobs  bool
	ignoresChld bool // SIGCHLD is ignored
	openVars    bool // variables that are not known may be set
	unnamed     bool // the name of the program that ran last is not known
	cut         bool // it ended for want of a parameter, whatever its status says
	nounset     bool // unset parameters are errors (set -u)
	runs        bool // the program that ran last is made to run on
	waits       bool // it waited for its background jobs
	reads       bool // it may wait in read, where it does not reap
	aliased     bool
	allexport   bool // what is assigned is exported
	polled      bool // it looked after its background jobs in a loop
	// optWord and optChar are where getopts is, between its calls.
	optWord, optChar int
	// ran is about the program that the shell waited for last, programs how
	// many those were.
	ran        rank
	ranLine    int
	ranFile    string
	programs   int
	waited     bool // it waited for a program in the last round of a loop
	exitLine   int  // of the exit that ended it
	conditions []Condition
	// sub is how many subshells deep this is; out is what it wrote.
	sub     int
	capture bool
	out     string
}

func newWorld(in Input) *world {
	return &world{
		vars: newTable[variable](), funcs: newTable[function](), params: slices.Clone(in.Params), dir: in.Dir,
		file: in.File, files: []string{in.File}, statusKnown: true,
	}
}

// table is a map that worlds share until one of them changes it.
type table[T any] struct {
	m      map[string]T
	shared bool
}

func newTable[T any]() *table[T] { return &table[T]{m: map[string]T{}} }

// own gives the table to change: itself, or a copy of a shared one.
func (t *table[T]) own() *table[T] {
	if !t.shared {
		return t
	}
	return &table[T]{m: maps.Clone(t.m)}
}

func (t *table[T]) equal(o *table[T], same func(a, b T) bool) bool {
	return t == o || maps.EqualFunc(t.m, o.m, same)
}

func (w *world) put(name string, v variable) {
	w.vars = w.vars.own()
	w.vars.m[name] = v
}

func (w *world) drop(name string) {
	w.vars = w.vars.own()
	delete(w.vars.m, name)
}

func (w *world) define(name string, f function) {
	w.funcs = w.funcs.own()
	w.funcs.m[name] = f
}

func (w *world) undefine(name string) {
	w.funcs = w.funcs.own()
	delete(w.funcs.m, name)
}

func (w *world) clone() *world {
	c := *w
	w.vars.shared, w.funcs.shared = true, true
	c.params = slices.Clip(w.params)
	c.conditions = slices.Clip(w.conditions)
	c.names, c.files = slices.Clip(w.names), slices.Clip(w.files)
	c.saved = slices.Clone(w.saved)
	for i, s := range c.saved {
		c.saved[i] = maps.Clone(s)
	}
	return &c
}

// same is true for worlds that go on alike: they differ at most in how they
// came about.
func (w *world) same(o *world) bool {
	return w.alike(o) && w.out == o.out && w.vars.equal(o.vars, variable.equal) && slices.Equal(w.params, o.params)
}

// alike is same but for variables, parameters and what was written.
func (w *world) alike(o *world) bool {
	return w.flow == o.flow && w.levels == o.levels && w.failing == o.failing && w.statusKnown == o.statusKnown && (!w.statusKnown || w.status == o.status) &&
		w.dir == o.dir && w.trap == o.trap && w.jobs == o.jobs && w.reads == o.reads && w.aliased == o.aliased && w.allexport == o.allexport && w.ignoresChld == o.ignoresChld && w.openVars == o.openVars && w.unnamed == o.unnamed && w.nounset == o.nounset && w.runs == o.runs && w.waits == o.waits && w.polled == o.polled && w.optWord == o.optWord && w.optChar == o.optChar && w.ran == o.ran &&
		w.sub == o.sub && w.file == o.file && len(w.saved) == len(o.saved) &&
		w.funcs.equal(o.funcs, func(a, b function) bool { return a == b })
}

// join makes one world of two that are to go on together: what differs is not
// known from here on.
func (w *world) join(o *world) {
	for name, u := range o.vars.m {
		if _, ok := w.vars.m[name]; !ok {
			w.put(name, variable{}.join(u, name))
		}
	}
	for name, v := range w.vars.m {
		if u, ok := o.vars.m[name]; !ok || !v.equal(u) {
			w.put(name, v.join(u, name))
		}
	}
	if !slices.Equal(w.params, o.params) {
		w.params = []string{UnknownPart(spread + "its parameters")}
	}
	if w.out != o.out {
		w.out = UnknownPart(commandOutput)
	}
	w.conditions = common(w.conditions, o.conditions)
}

// join is a variable that may be one or the other.
func (v variable) join(u variable, name string) variable {
	out := variable{text: UnknownPart(name), exported: v.exported || u.exported, readonly: v.readonly || u.readonly}
	if v.array || u.array {
		out.text, out.array, out.list = "", true, []string{UnknownPart(spread + name)}
	}
	return out
}

// common is what two lists of conditions begin with.
func common(a, b []Condition) []Condition {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n:n]
}

func (w *world) succeed()       { w.status, w.statusKnown = 0, true }
func (w *world) end(status int) { w.status, w.statusKnown = status, true }
func (w *world) endUnknown()    { w.statusKnown = false }
func (w *world) endAs(a answer) {
	w.statusKnown = a != maybe
	w.status = map[answer]int{yes: 0, no: 1}[a]
}

// succeeded says how the last command ended.
func (w *world) succeeded() answer {
	if !w.statusKnown {
		return maybe
	}
	return toAnswer(w.status == 0)
}

// statusText is $?.
func (w *world) statusText() string {
	if !w.statusKnown {
		return UnknownPart("how a command ends")
	}
	return strconv.Itoa(w.status)
}

// waitedFor notes a program that the shell waited for.
func (w *world) waitedFor(r rank, line int) {
	w.programs++
	w.unnamed = false
	if r == ranLong {
		w.reads = false // a read before it has ended
	}
	if r >= w.ran || r == ranLong {
		w.ran, w.ranLine, w.ranFile = r, line, w.file
	}
}
