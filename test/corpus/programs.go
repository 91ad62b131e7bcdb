package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/initguard/initguard/test/debroot"
)

// packages hold the programs that have to be real: what initguard looks into
// them for must be there. The shells and core tools are in every root.
var packages = []string{"busybox-static", "catatonit", "dumb-init", "gosu", "runit", "s6", "systemd", "tini"}

// inits maps the names of inits to the file that is one. They can't be stood
// in for.
var inits = map[string]string{
	"as-tini-static": "tini-static", "catatonit": "catatonit", "docker-init": "tini-static", "dumb-init": "dumb-init", "runit": "runit",
	"runsvdir": "runsvdir", "s6-svscan": "s6-svscan", "systemd": "systemd", "tini": "tini", "tini-static": "tini-static",
}

// programs gives the content of programs by name: Debian's where it has them,
// a stand-in for any other.
type programs struct {
	dirs  []string
	found map[string]string
}

// openPrograms unpacks Debian's packages, or takes this machine's programs
// where that can't be done.
func openPrograms(ctx context.Context, logf func(string, ...any)) (*programs, error) {
	p := &programs{found: make(map[string]string)}
	cache, err := debroot.CacheDir()
	if err != nil {
		return nil, fmt.Errorf("programs: %w", err)
	}
	builder := debroot.Builder{Dir: cache, Logf: logf}
	root, err := builder.Root(ctx, packages...)
	if err != nil {
		logf("programs are this machine's own: %v", err)
		p.dirs = append(filepath.SplitList(os.Getenv("PATH")), "/usr/lib/systemd")
		return p, nil
	}
	for _, dir := range []string{"usr/bin", "usr/sbin", "usr/lib/systemd"} {
		p.dirs = append(p.dirs, filepath.Join(root.Dir, dir))
	}
	return p, nil
}

// get returns the content of a program; words behind its name are a remark.
func (p *programs) get(name string) (string, error) {
	name, _, _ = strings.Cut(path.Base(name), " ")
	file, isInit := inits[name]
	if !isInit {
		file = name
	}
	text, ok := p.read(file)
	switch {
	case ok:
		return text, nil
	case isInit:
		return "", fmt.Errorf("no %s here, which can't be stood in for: %s", file, needed)
	}
	if text, ok = p.read("true"); !ok {
		return "", errors.New("no program that could stand in: " + needed)
	}
	return text, nil
}

const needed = "Debian's apt-get, or the program on PATH, is needed"

func (p *programs) read(name string) (string, bool) {
	if text, ok := p.found[name]; ok {
		return text, text != ""
	}
	p.found[name] = ""
	for _, dir := range p.dirs {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && strings.HasPrefix(string(text), "\x7fELF") {
			p.found[name] = string(text)
			break
		}
	}
	return p.found[name], p.found[name] != ""
}
