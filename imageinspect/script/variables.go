package script

import (
	"strconv"
)

// resolve follows a nameref to the variable that it names.
func (e *evaluator) resolve(w *world, name string) string {
	for range 8 {
		v, ok := w.vars.m[name]
		if !ok || v.ref == "" || v.ref == name {
			return name
		}
		name = v.ref
	}
	return name
}

// lookup gives the value of a variable or parameter and says whether it is set.
func (e *evaluator) lookup(w *world, name string) (string, answer) {
	name = e.resolve(w, name)
	if v, ok := w.vars.m[name]; ok {
		switch {
		case v.unset:
			return "", no
		case v.keys != nil:
			return UnknownPart(name), yes
		case !v.array:
			return v.text, yes
		case len(v.list) == 0:
			return "", no
		case isSpread(v.list[0]):
			return UnknownPart(name), maybe
		default:
			return v.list[0], yes
		}
	}
	if text, ok := e.special(w, name); ok {
		return text, yes
	}
	if n, err := strconv.Atoi(name); err == nil {
		return e.positional(w, n)
	}
	if e.in.Shell == Bash && (name == "UID" || name == "EUID") {
		return e.in.UID, yes // whatever the environment says
	}
	if text, ok := e.in.Env.Vars[name]; ok {
		return text, yes
	}
	if text, ok := e.bashs(w, name); ok {
		return text, yes
	}
	if w.openVars || e.maySet(name) {
		return UnknownPart(name), maybe
	}
	return "", no
}

func (e *evaluator) positional(w *world, n int) (string, answer) {
	switch {
	case n == 0:
		return e.in.Name, yes
	case spreads(w.params[:min(n, len(w.params))]):
		return UnknownPart("its parameters"), maybe
	case n > len(w.params):
		return "", no
	default:
		return w.params[n-1], yes
	}
}

// special gives the parameters that every shell has.
func (e *evaluator) special(w *world, name string) (string, bool) {
	switch name {
	case "@", "*":
		return e.joined(w.params, " "), true
	case "#":
		if spreads(w.params) {
			return UnknownPart("the number of its parameters"), true
		}
		return strconv.Itoa(len(w.params)), true
	case "?":
		return w.statusText(), true
	case "$":
		return "1", true // the shell is PID 1, its subshells say so too
	case "!", "-", "_", "LINENO":
		return UnknownPart(name), true
	case "PPID":
		return "0", true
	case "PWD":
		return w.dir, true
	case "IFS":
		return " \t\n", true
	case "OPTIND":
		return "1", true
	}
	return "", false
}

// bashs gives what bash sets of its own accord where nothing else does.
func (e *evaluator) bashs(w *world, name string) (string, bool) {
	if e.in.Shell != Bash {
		return "", false
	}
	switch name {
	case "BASHPID":
		if w.sub == 0 {
			return "1", true
		}
		return UnknownPart(name), true
	case "BASH_SOURCE":
		return w.files[len(w.files)-1], true
	case "FUNCNAME":
		if len(w.names) == 0 {
			return "", true
		}
		return w.names[len(w.names)-1], true
	case "OSTYPE":
		return "linux-gnu", true
	case "BASH", "BASH_VERSION", "BASH_VERSINFO", "RANDOM", "SRANDOM", "SECONDS", "EPOCHSECONDS", "EPOCHREALTIME", "HOSTTYPE", "MACHTYPE",
		"SHLVL", "BASH_LINENO", "PIPESTATUS", "SHELLOPTS", "BASHOPTS", "GROUPS", "HOSTNAME", "BASH_COMMAND":
		return UnknownPart(name), true
	}
	return "", false
}

// set gives a variable a value.
func (e *evaluator) set(w *world, name, value string) {
	name = e.resolve(w, name)
	old := w.vars.m[name]
	if e.refuses(w, old) {
		return
	}
	_, inherited := e.in.Env.Vars[name]
	w.put(name, variable{text: clip(value), exported: w.allexport || old.exported || inherited && !old.unset})
}

// setUnknown says that a variable's value is not known from here on.
func (e *evaluator) setUnknown(w *world, name string) {
	name = e.resolve(w, name)
	old, had := w.vars.m[name]
	if e.refuses(w, old) {
		return
	}
	_, inherited := e.in.Env.Vars[name]
	w.put(name, variable{text: UnknownPart(name), exported: w.allexport || had && old.exported || inherited})
}

func (e *evaluator) setList(w *world, name string, words []string) {
	name = e.resolve(w, name)
	if e.refuses(w, w.vars.m[name]) {
		return
	}
	if e.spend(len(words) / 16); len(words) > maxWords {
		words = []string{UnknownPart(spread + name)}
	}
	w.put(name, variable{array: true, list: words})
}

func (e *evaluator) unset(w *world, name string) {
	name = e.resolve(w, name)
	if !e.refuses(w, w.vars.m[name]) {
		w.put(name, variable{unset: true})
	}
}

// refuses ends a world that changes a variable that is readonly: what comes of
// that depends on the shell and on where it stands.
func (e *evaluator) refuses(w *world, v variable) bool {
	if v.readonly && w.flow == goesOn {
		e.unclear(w, w.ranLine, "it changes a variable that is readonly")
		w.flow = gone
	}
	return v.readonly
}

// hide makes a variable local to the function being called.
func (e *evaluator) hide(w *world, name string) {
	if len(w.saved) == 0 {
		return
	}
	frame := w.saved[len(w.saved)-1]
	if _, twice := frame[name]; twice {
		return
	}
	if v, ok := w.vars.m[name]; ok {
		frame[name] = v
		return
	}
	frame[name] = variable{ref: fromEnvironment}
}

// fromEnvironment marks a variable that the script had not set.
const fromEnvironment = "\x00environment"

// unhide puts back what a function hid.
func (w *world) unhide() {
	frame := w.saved[len(w.saved)-1]
	w.saved = w.saved[:len(w.saved)-1]
	for name, v := range frame {
		if v.ref == fromEnvironment {
			w.drop(name)
			continue
		}
		w.put(name, v)
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
