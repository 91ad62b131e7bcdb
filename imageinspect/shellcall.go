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
}

// bareLong are bash's long options without a value, valued those with one.
var (
	bareLong = []string{
		"--login", "--norc", "--noprofile", "--posix", "--noediting", "--verbose", "--restricted", "--debugger",
	}
	valuedLong = []string{"--rcfile", "--init-file"}
)

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
		used := 1
		switch {
		case slices.Contains(valuedLong, a):
			used = 2
		case slices.Contains(bareLong, a):
		case strings.HasPrefix(a, "--"):
			return call, errors.New("a long option that is not known")
		default:
			if strings.HasPrefix(a, "+") || strings.Contains(a, "n") {
				return call, errors.New("an option that is not followed")
			}
			call.isString = call.isString || strings.Contains(a, "c")
			if strings.ContainsAny(a, "oO") {
				used = 2
			}
			if strings.ContainsAny(a, "is") {
				return call, errors.New("what an interactive shell is told")
			}
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
