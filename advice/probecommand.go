package advice

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// Bounds on the command of a probe that is read; others get the general
// advice.
const (
	maxWords = 64
	maxWord  = 4096
)

// readCommand reads the command of a probe or hook. Whatever it does not know
// for certain makes the answer inexact, or no answer.
func readCommand(e Exec, forks func([]string) bool) reading {
	words := e.Command
	if len(words) == 0 || len(words) > maxWords || slices.ContainsFunc(words, func(w string) bool { return len(w) > maxWord }) {
		return reading{}
	}
	text, isString := commandString(words)
	if isString {
		var ok bool
		if words, ok = simpleCommand(text); !ok {
			return guess(text, e.Hook)
		}
	}
	if len(words) > 1 && words[0] == "exec" && isString {
		words = words[1:]
	}
	timeout := 0
	if inner, seconds, ok := timed(words); ok {
		words, timeout = inner, seconds
	}
	if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "$") }) {
		return reading{}
	}
	r := oneProgram(words, forks)
	r.timeout = timeout
	switch {
	case e.Hook && (r.method == methodTCP || r.method == methodGRPC), !e.Hook && r.method == methodSleep:
		return reading{} // there is no such hook, or probe
	case e.Hook && timeout > 0:
		r.exact = false // a hook has no timeout of its own
	}
	return r
}

// commandString is the string of sh -c; false for any other command.
func commandString(words []string) (string, bool) {
	if len(words) == 4 && path.Base(words[0]) == "busybox" {
		words = words[1:]
	}
	if len(words) != 3 || !slices.Contains([]string{"sh", "bash", "dash", "ash"}, path.Base(words[0])) {
		return "", false
	}
	return words[2], slices.Contains([]string{"-c", "-ec", "-ce"}, words[1])
}

// timed takes a command out of timeout SECONDS COMMAND.
func timed(words []string) ([]string, int, bool) {
	if len(words) < 3 || path.Base(words[0]) != "timeout" {
		return nil, 0, false
	}
	seconds, ok := number(strings.TrimSuffix(words[1], "s"), 3600)
	return words[2:], seconds, ok
}

// oneProgram is what one program does, by its name and arguments.
func oneProgram(words []string, forks func([]string) bool) reading {
	args := words[1:]
	switch name := path.Base(words[0]); name {
	case "curl":
		return fetch(args, curlURL)
	case "wget":
		return fetch(args, wgetURL)
	case "nc", "ncat", "netcat":
		if port, ok := connects(args); ok {
			return reading{method: methodTCP, exact: true, port: port}
		}
		return reading{}
	case "grpc_health_probe":
		return grpcProbe(args)
	case "sleep":
		if len(args) == 1 {
			if n, ok := number(args[0], 86400); ok {
				return reading{method: methodSleep, exact: true, seconds: n}
			}
		}
		return reading{}
	default:
		if !isPlain(words[0]) || slices.Contains(builtins(), name) || forks != nil && forks(words) {
			return reading{}
		}
		return reading{method: methodDirect, exact: true, words: words}
	}
}

// isPlain is true for a program on PATH or in a folder of programs; anything
// else may be a script that only a shell takes.
func isPlain(name string) bool {
	if strings.HasPrefix(name, "-") {
		return false
	}
	return slices.Contains([]string{"", "/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/"}, name[:strings.LastIndex(name, "/")+1])
}

// builtins are commands of shells, which need not exist as programs.
func builtins() []string {
	return []string{
		"", ".", ":", "[", "[[", "alias", "bg", "builtin", "cd", "command", "declare", "echo", "eval", "exec", "exit", "export", "false", "fg",
		"getopts", "jobs", "kill", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift", "source", "test", "times", "trap",
		"true", "type", "ulimit", "umask", "unset", "wait",
	}
}

// connects reads nc -z HOST PORT.
func connects(args []string) (int, bool) {
	zero := false
	var rest []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-w" && i+1 < len(args):
			i++
		case strings.HasPrefix(args[i], "-w") && isNumber(args[i][2:]):
		case len(args[i]) > 1 && args[i][0] == '-' && strings.Trim(args[i][1:], "zvn4") == "":
			zero = zero || strings.Contains(args[i], "z")
		case strings.HasPrefix(args[i], "-"):
			return 0, false
		default:
			rest = append(rest, args[i])
		}
	}
	if !zero || len(rest) != 2 || !isHere(rest[0]) {
		return 0, false
	}
	return number(rest[1], 65535)
}

// grpcProbe reads grpc_health_probe -addr=HOST:PORT [-service=NAME].
//
// Source: https://github.com/grpc-ecosystem/grpc-health-probe
func grpcProbe(args []string) reading {
	r := reading{method: methodGRPC}
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(args[i], "-"), "-"), "=")
		if !given && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch name {
		case "addr":
			host, port, ok := strings.Cut(value, ":")
			if r.port, ok = atPort(host, port, ok); !ok {
				return reading{}
			}
		case "service":
			r.service = value
		case "connect-timeout", "rpc-timeout":
		default:
			return reading{} // TLS and the like, which a probe can't do
		}
	}
	r.exact = r.port > 0
	return r
}

func atPort(host, port string, ok bool) (int, bool) {
	n, isPort := number(port, 65535)
	return n, ok && isPort && (host == "" || isHere(host))
}

// isHere is true for names of the container itself.
func isHere(host string) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1", "0.0.0.0"}, host)
}

// number is a decimal number from 1 to most.
func number(text string, most int) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && isNumber(text) && n >= 1 && n <= most
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
