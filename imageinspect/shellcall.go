package imageinspect

import (
	"errors"
	"slices"
	"strings"
)

// shellCall is how a shell was called.
type shellCall struct {
	isString bool // -c
	source   string
	name     string // $0
	params   []string
	file     string // the script file, where one is named
	login    bool   // it reads the profiles first
	posix    bool   // a bash that is told to be a POSIX shell
}

// bareLong are bash's long options without a value that change nothing here,
// valued those with one.
var (
	bareLong   = []string{"--norc", "--noediting", "--verbose"}
	valuedLong = []string{"--rcfile", "--init-file"}
)

// plainLetters are the options of a letter that change nothing here, besides c,
// l and o; plainNames are the values of -o and -O that don't.
const plainLetters = "evuxCEfbhmpBHPT"

var plainNames = []string{
	"errexit", "nounset", "pipefail", "xtrace", "verbose", "noglob", "noclobber", "errtrace", "functrace", "monitor", "notify", "hashall",
	"braceexpand", "histexpand", "physical", "privileged", "extglob", "nullglob", "globstar", "dotglob", "inherit_errexit", "checkwinsize",
}

var errOption = errors.New("an option that is not followed")

// readShellCall reads a shell's arguments, without its own name. The error
// names what can't be known; it holds no argument.
func readShellCall(args []string) (shellCall, error) {
	var call shellCall
	for len(args) > 0 {
		a := args[0]
		option := strings.HasPrefix(a, "-") || strings.HasPrefix(a, "+")
		if name, ok := unknownIn(a); ok && (option || !call.isString) {
			return call, errors.New(name)
		}
		if a == "--" || a == "-" {
			args = args[1:]
			break
		}
		if !option {
			break
		}
		used, err := call.option(args)
		if err != nil {
			return call, err
		}
		args = args[min(used, len(args)):]
	}
	if !call.isString {
		if len(args) > 0 {
			call.file, call.params = args[0], args[1:]
		}
		return call, nil
	}
	if len(args) == 0 {
		return call, errors.New("a command string that is missing")
	}
	call.source, call.name = args[0], "sh"
	if len(args) > 1 {
		call.name, call.params = args[1], args[2:]
	}
	return call, nil
}

// option reads the option that args begin with; used is how many words it took.
func (call *shellCall) option(args []string) (used int, err error) {
	switch a := args[0]; {
	case slices.Contains(valuedLong, a):
		return 2, nil
	case slices.Contains(bareLong, a):
		return 1, nil
	case a == "--login":
		call.login = true
		return 1, nil
	case a == "--noprofile":
		call.login = false
		return 1, nil
	case a == "--posix":
		call.posix = true
		return 1, nil
	case strings.HasPrefix(a, "--"):
		return 0, errors.New("a long option that is not known")
	case strings.HasPrefix(a, "+"):
		return 0, errOption
	}
	used = 1
	for _, letter := range args[0][1:] {
		switch {
		case letter == 'c':
			call.isString = true
		case letter == 'l':
			call.login = true
		case letter == 'o' || letter == 'O':
			if used >= len(args) || !slices.Contains(plainNames, args[used]) {
				return 0, errOption
			}
			used++
		case letter == 'i' || letter == 's':
			return 0, errors.New("what an interactive shell is told")
		case !strings.ContainsRune(plainLetters, letter):
			return 0, errOption
		}
	}
	return used, nil
}
