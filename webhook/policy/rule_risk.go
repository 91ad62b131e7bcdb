package policy

import (
	"path"
	"slices"

	"github.com/initguard/initguard/imageinspect"
)

// riskRule finds what in a container can leave orphans.
type riskRule struct {
	name string
	find func(c Container, r imageinspect.Result) []Exposure
}

// riskRules are all asked, in this order; what the first finds is said first.
func riskRules() []riskRule {
	return []riskRule{
		{"exec-probe", execProbe},
		{"exec-hook", execHook},
		{"forking-main", forkingMain},
	}
}

// shells are programs that start others and may die before them.
var shells = []string{"sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh", "busybox", "su", "sudo", "runuser", "timeout", "xargs", "script"}

// scriptSuffixes are the endings by which a script is recognised.
var scriptSuffixes = []string{".sh", ".bash", ".py", ".pl", ".rb", ".js", ".php"}

// interpreters run what they are given; it may start other programs.
var interpreters = []string{"python", "python2", "python3", "perl", "ruby", "node", "php", "npm", "npx", "yarn"}

// forks is true when a command runs a shell, a script or a program known to
// start others. One plain program, such as cat or pg_isready, does not count:
// the runtime itself reaps what it started.
func forks(command []string) bool {
	if len(command) == 0 {
		return false
	}
	name := path.Base(command[0])
	return slices.Contains(shells, name) || slices.Contains(interpreters, name) || slices.Contains(scriptSuffixes, path.Ext(name))
}
