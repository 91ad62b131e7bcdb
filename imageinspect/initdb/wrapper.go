package initdb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Wrapper is a program that execs another one, which thereby becomes PID 1 in
// its place.
type Wrapper struct {
	// Names are the base names by which argv may call it.
	Names []string
	// Generic is Program.Generic.
	Generic bool
	// Options are those that it knows; any other is an error.
	Options []Option
	// Digits is true when -NUMBER is an option of its own (nice -5).
	Digits bool
	// Assignments is true when NAME=VALUE operands may stand before the
	// program (env).
	Assignments bool
	// Operands says what stands between the options and the program, such as
	// gosu's user.
	Operands []Operand
	// Environment is what it does to the environment of its own accord.
	Environment []string
	Source      Source
}

// Option is one option of a wrapper, by getopt's rules.
type Option struct {
	// Short is the letter, 0 for none; Long the name without dashes.
	Short byte
	Long  string
	Value ValueKind
	// Does is what it means for the program below.
	Does Effect
}

// ValueKind says whether an option takes a value.
type ValueKind uint8

// The kinds of value, by getopt_long.
const (
	NoValue ValueKind = iota
	RequiredValue
	// OptionalValue must be joined to the option: -xVALUE, --long=VALUE.
	OptionalValue
)

// Effect is what an option or an operand means for the program below.
type Effect uint8

// The effects.
const (
	Nothing     Effect = iota
	NoExec             // the wrapper runs nothing, or stays as the parent
	ClearsEnv          // env -i
	UnsetsEnv          // env -u NAME
	ChangesDir         // env -C DIR
	ChangesRoot        // chroot's operand
	ChangesUser        // gosu's operand
	SplitsWords        // env -S STRING
)

// Operand is a word between the options and the program.
type Operand struct {
	// Name is for messages: "USER".
	Name string
	Does Effect
	// Number is true when it must be a number; where another word stands, a
	// version that can do without it may be meant.
	Number bool
	// Word is the word that must stand here, such as the exec of "bundle
	// exec"; empty for any. With another one the wrapper does something else.
	Word string
}

// Exec is what a wrapper execs.
type Exec struct {
	// Argv is the program and its arguments; it is never empty.
	Argv []string
	// Env are the variables that it sets, Unset those that it removes.
	// ClearEnv is true when it first removes all.
	Env      map[string]string
	Unset    []string
	ClearEnv bool
	// Chdir is the directory that it changes to first; empty for none.
	Chdir string
	// Root is the directory that paths mean from then on; empty for no change.
	Root string
	// User is the user that it changes to, as written; empty for no change.
	User string
}

// ErrNoExec is wrapped by the error of a wrapper that is called in such a way
// that it execs nothing.
var ErrNoExec = errors.New("it execs no program")

// Wrapper finds the wrapper that argv0 calls. Busybox's applets are asked for
// as Applet names them.
func (db *DB) Wrapper(argv0 string) (Wrapper, bool) {
	w, ok := db.wrappers[base(argv0)]
	return w, ok && (!w.Generic || isBare(argv0) || inSystemDirectory(argv0))
}

// maxSplits bounds nested env -S strings.
const maxSplits = 8

// Exec reads the wrapper's arguments, without its own name, as the wrapper
// does. The error says which argument can't be read or decides something that
// can't be known.
func (w Wrapper) Exec(args []string) (Exec, error) {
	r := reader{w: w, args: args}
	if err := r.options(); err != nil {
		return Exec{}, fmt.Errorf("%s: %w", w.Names[0], err)
	}
	if err := r.operands(); err != nil {
		return Exec{}, fmt.Errorf("%s: %w", w.Names[0], err)
	}
	r.out.Argv = r.args
	return r.out, nil
}

// reader goes through a wrapper's arguments; args is what is left of them.
type reader struct {
	w      Wrapper
	args   []string
	out    Exec
	splits int
}

func (r *reader) next() (string, bool) {
	if len(r.args) == 0 {
		return "", false
	}
	word := r.args[0]
	r.args = r.args[1:]
	return word, true
}

// options reads up to the first operand.
func (r *reader) options() error {
	for len(r.args) > 0 {
		word := r.args[0]
		switch {
		case mayBeOption(word) && r.w.onlyTexts():
			return nil // as an option it would end the container at once
		case mayBeOption(word):
			return fmt.Errorf("%s may be an option", display(word))
		case word == "--":
			r.args = r.args[1:]
			return nil
		case word == "-" && r.w.Assignments: // env's old spelling of -i
			r.args = r.args[1:]
			r.out.clear()
		case !strings.HasPrefix(word, "-") || word == "-":
			return nil
		case strings.HasPrefix(word, "--"):
			r.args = r.args[1:]
			if err := r.long(word[2:]); err != nil {
				return err
			}
		default:
			r.args = r.args[1:]
			if err := r.short(word[1:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayBeOption is true when the unknown part of a word decides whether it is an
// option, or which one.
func mayBeOption(word string) bool {
	known, _, unknown := strings.Cut(word, unknownMark)
	if !unknown {
		return false
	}
	if strings.HasPrefix(known, "--") {
		return !strings.Contains(known, "=")
	}
	return known == "" || known == "-"
}

// onlyTexts is true for a wrapper whose options, if any, only print something
// and exit.
func (w Wrapper) onlyTexts() bool {
	for _, o := range w.Options {
		if o.Does != NoExec {
			return false
		}
	}
	return true
}

// long reads one long option; getopt_long takes any unambiguous beginning.
func (r *reader) long(text string) error {
	name, value, joined := strings.Cut(text, "=")
	var found []Option
	for _, o := range r.w.Options {
		if o.Long == name {
			found = []Option{o}
			break
		}
		if o.Long != "" && strings.HasPrefix(o.Long, name) {
			found = append(found, o)
		}
	}
	switch {
	case len(found) == 0:
		return fmt.Errorf("option --%s is not known", name)
	case len(found) > 1:
		return fmt.Errorf("option --%s may mean --%s or --%s", name, found[0].Long, found[1].Long)
	}
	o := found[0]
	if joined && o.Value == NoValue {
		return fmt.Errorf("option --%s takes no value", o.Long)
	}
	if o.Value == RequiredValue && !joined {
		var ok bool
		if value, ok = r.next(); !ok {
			return fmt.Errorf("option --%s lacks its value", o.Long)
		}
	}
	return r.effect(o, "--"+o.Long, value)
}

// short reads a word of one or more short options.
func (r *reader) short(letters string) error {
	if r.w.Digits && isNumber(letters) {
		return nil
	}
	for letters != "" {
		o, ok := r.letter(letters[0])
		name := "-" + letters[:1]
		letters = letters[1:]
		if !ok {
			return fmt.Errorf("option %s is not known", display(name))
		}
		var value string
		if o.Value != NoValue {
			value, letters = letters, ""
		}
		if o.Value == RequiredValue && value == "" {
			if value, ok = r.next(); !ok {
				return fmt.Errorf("option %s lacks its value", name)
			}
		}
		if err := r.effect(o, name, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) letter(c byte) (Option, bool) {
	for _, o := range r.w.Options {
		if o.Short == c && c != 0 {
			return o, true
		}
	}
	return Option{}, false
}

func isNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// effect does what an option or operand means. An unknown value matters only
// where it decides what is run.
func (r *reader) effect(o Option, name, value string) error {
	switch o.Does {
	case NoExec:
		return fmt.Errorf("with %s %w", name, ErrNoExec)
	case ClearsEnv:
		r.out.clear()
	case UnsetsEnv:
		if isUnknown(value) {
			return fmt.Errorf("which variable %s removes depends on %s", name, display(value))
		}
		delete(r.out.Env, value)
		r.out.Unset = append(r.out.Unset, value)
	case ChangesDir:
		r.out.Chdir = value
	case ChangesRoot:
		r.out.Root = value
	case ChangesUser:
		r.out.User = value
	case SplitsWords:
		return r.split(name, value)
	}
	return nil
}

// split puts the words of env -S in front of what is left.
func (r *reader) split(name, value string) error {
	if r.splits++; r.splits > maxSplits {
		return fmt.Errorf("more than %d strings of %s", maxSplits, name)
	}
	words, err := splitString(value)
	if err != nil {
		return fmt.Errorf("the string of %s: %w", name, err)
	}
	r.args = append(words, r.args...)
	return nil
}

func (e *Exec) clear() {
	e.ClearEnv, e.Env, e.Unset = true, nil, nil
}

// operands reads what stands between the options and the program, and leaves
// the program in r.args.
func (r *reader) operands() error {
	for _, op := range r.w.Operands {
		word, ok := r.next()
		if !ok || word == "" {
			return fmt.Errorf("%s is missing: %w", op.Name, ErrNoExec)
		}
		if op.Word != "" && word != op.Word {
			return fmt.Errorf("%s stands where %s is expected", display(word), op.Word)
		}
		if op.Number && !isUnknown(word) && !isNumber(word) {
			return fmt.Errorf("%s stands where %s is expected", word, op.Name)
		}
		if err := r.effect(Option{Does: op.Does}, op.Name, word); err != nil {
			return err
		}
	}
	if err := r.assignments(); err != nil {
		return err
	}
	if len(r.args) > 0 && r.args[0] == "--" && len(r.w.Operands) == 0 && r.w.Assignments {
		return errors.New("a -- after NAME=VALUE is taken for the program's name")
	}
	switch {
	case len(r.args) == 0:
		return fmt.Errorf("no program is named: %w", ErrNoExec)
	case r.args[0] == "":
		return errors.New("the program's name is empty")
	case strings.HasPrefix(r.args[0], "-") && r.w.isSubcommand():
		return fmt.Errorf("option %s of the subcommand is not known", display(r.args[0]))
	}
	return nil
}

// isSubcommand is true for a wrapper that execs only under one of its
// subcommands.
func (w Wrapper) isSubcommand() bool {
	return slices.ContainsFunc(w.Operands, func(op Operand) bool { return op.Word != "" })
}

// assignments reads env's NAME=VALUE operands.
func (r *reader) assignments() error {
	for r.w.Assignments && len(r.args) > 0 {
		word := r.args[0]
		known, _, unknown := strings.Cut(word, unknownMark)
		name, value, found := strings.Cut(word, "=")
		if unknown && !strings.Contains(known, "=") {
			return fmt.Errorf("%s may be a variable or the program", display(word))
		}
		if !found {
			return nil
		}
		if r.out.Env == nil {
			r.out.Env = make(map[string]string)
		}
		r.out.Env[name] = value
		r.args = r.args[1:]
	}
	return nil
}
