package imageinspect

import (
	"maps"
	"path"
	"strconv"
	"strings"

	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/script"
)

// process is what is known around the process that becomes PID 1, step by step.
type process struct {
	env     script.Environment
	workdir string
	uid     string // a number, script.NonRoot or an unknown part
}

// defaultPath is what a container gets whose image sets no PATH.
//
// Source: https://github.com/containerd/containerd/blob/main/pkg/oci/spec_opts.go
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func newProcess(config Config, o Overrides, podEnv map[string]string) process {
	p := process{workdir: config.WorkingDir, uid: uidOf(config.User)}
	if o.WorkingDir != "" {
		p.workdir = o.WorkingDir
	}
	if p.workdir = path.Clean("/" + p.workdir); strings.Contains(o.WorkingDir, unknownMark) {
		p.workdir = UnknownPart("its working directory")
	}
	if o.RunAsUser != nil {
		p.uid = strconv.FormatInt(*o.RunAsUser, 10)
	}
	p.env = environment(config, o, podEnv)
	if _, set := p.env.Vars["HOME"]; !set {
		p.env.Vars["HOME"] = UnknownPart("HOME")
		if p.uid == "0" {
			p.env.Vars["HOME"] = "/root"
		}
	}
	return p
}

// environment is the process's environment as far as it is known. With EnvFrom
// any name may be set, and the image's own values may be replaced.
func environment(config Config, o Overrides, podEnv map[string]string) script.Environment {
	env := script.Environment{Vars: maps.Clone(podEnv), MaySet: func(name string) bool { return isServiceVariable(name) || name == "TERM" }}
	if o.EnvFrom {
		env.MaySet = func(string) bool { return true }
	} else {
		for _, pair := range config.Env {
			name, value, ok := strings.Cut(pair, "=")
			if _, set := env.Vars[name]; ok && !set {
				env.Vars[name] = value
			}
		}
	}
	for name, value := range map[string]string{"HOSTNAME": UnknownPart("HOSTNAME"), "PATH": defaultPath} {
		if _, set := env.Vars[name]; !set {
			env.Vars[name] = value
		}
	}
	return env
}

// uidOf is the number of an image's USER. A name is looked up nowhere: no image
// gives another user than root the number 0.
func uidOf(user string) string {
	user, _, _ = strings.Cut(user, ":")
	switch {
	case user == "" || user == "root":
		return "0"
	case strings.Contains(user, unknownMark):
		return UnknownPart("the user")
	}
	if n, err := strconv.ParseUint(user, 10, 32); err == nil {
		return strconv.FormatUint(n, 10)
	}
	return script.NonRoot()
}

// under is the process behind a wrapper.
func (p process) under(x initdb.Exec) process {
	if x.Chdir != "" {
		if path.IsAbs(x.Chdir) {
			p.workdir = path.Clean(x.Chdir)
		} else {
			p.workdir = path.Join("/", p.workdir, x.Chdir)
		}
	}
	if x.User != "" {
		p.uid = uidOf(x.User)
	}
	if len(x.Env) == 0 && len(x.Unset) == 0 && !x.ClearEnv {
		return p
	}
	before := p.env
	p.env = script.Environment{Vars: map[string]string{}}
	if !x.ClearEnv {
		maps.Copy(p.env.Vars, before.Vars)
		p.env.MaySet = before.MaySet
	}
	for _, name := range x.Unset {
		delete(p.env.Vars, name)
	}
	if len(x.Unset) > 0 && p.env.MaySet != nil {
		p.env.MaySet = func(name string) bool {
			for _, gone := range x.Unset {
				if gone == name {
					return false
				}
			}
			return before.MaySet(name)
		}
	}
	maps.Copy(p.env.Vars, x.Env)
	return p
}

// abs is a path as an absolute, tidy one; false where that is not known.
func (p process) abs(name string) (string, bool) {
	switch {
	case strings.Contains(name, unknownMark):
		return "", false
	case path.IsAbs(name):
		return Tidy(name), true
	case strings.Contains(p.workdir, unknownMark):
		return "", false
	default:
		return Tidy(p.workdir + "/" + name), true
	}
}

// candidates are the places where a program may lie, in order: what it names
// itself, or the folders of PATH; false where they are not known.
func (p process) candidates(argv0 string) ([]string, bool) {
	if strings.Contains(argv0, "/") {
		at, ok := p.abs(argv0)
		return []string{at}, ok
	}
	list := p.env.Vars["PATH"]
	if strings.Contains(list, unknownMark) || list == "" {
		return nil, false
	}
	var out []string
	for _, dir := range strings.Split(list, ":") {
		if at, ok := p.abs(folder(dir) + argv0); ok && len(out) < maxPathDirs {
			out = append(out, at)
		}
	}
	return out, len(out) > 0
}

// folder is an entry of PATH as it stands before a name; an empty one means the
// working directory.
func folder(dir string) string {
	if dir == "" {
		return ""
	}
	return dir + "/"
}

// maxPathDirs bounds the folders of PATH that are looked into.
const maxPathDirs = 64
