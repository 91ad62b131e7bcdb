package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// builder makes the files of a case's image.
type builder struct {
	repos    *repositories
	programs *programs
}

// tree is a case's image. An error says which file can't be had.
func (b *builder) tree(ctx context.Context, c labelled) (imagetest.Tree, error) {
	files := make(map[string]labelledFile, len(c.Files))
	for name, f := range c.Files {
		if f.Unavailable != "" {
			f.Text = standIn(f.Unavailable)
		}
		files[path.Clean(name)] = f
	}
	addShells(files, c.Sh)
	addInterpreters(files)
	tree := make(imagetest.Tree, len(files))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text, err := b.content(ctx, c, files[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tree[name] = text
	}
	return tree, nil
}

func (b *builder) content(ctx context.Context, c labelled, f labelledFile) (string, error) {
	switch {
	case f.Symlink != "":
		return "-> " + f.Symlink, nil
	case f.Text != "":
		return f.Text, nil
	case f.ELF != "":
		return b.programs.get(f.ELF)
	case f.Unavailable != "":
		return "", errors.New("only in the image: " + f.Unavailable)
	case f.GeneratedIn != "":
		return "", errors.New("written while the image is built: " + f.GeneratedIn)
	case f.Repo != "":
		return b.repos.read(ctx, f.Repo, f.Commit, f.RepoPath)
	default:
		return b.repos.read(ctx, c.Repo, c.Commit, f.RepoPath)
	}
}

// addShells puts the image's /bin/sh, and the shells that it would have, where
// the case lists none.
func addShells(files map[string]labelledFile, sh string) {
	add := func(name string, f labelledFile) {
		if _, ok := files[name]; !ok {
			files[name] = f
		}
	}
	switch kind, _, _ := strings.Cut(sh, " "); kind {
	case "dash":
		add("/bin/dash", labelledFile{ELF: "dash"})
		add("/bin/sh", labelledFile{Symlink: "dash"})
		add("/bin/bash", labelledFile{ELF: "bash"})
		add("/usr/bin/env", labelledFile{ELF: "env"})
	case "busybox":
		add("/bin/busybox", labelledFile{ELF: "busybox"})
		add("/bin/sh", labelledFile{Symlink: "/bin/busybox"})
		add("/usr/bin/env", labelledFile{Symlink: "/bin/busybox"})
		if hasScript(files) { // which may ask for bash
			add("/bin/bash", labelledFile{ELF: "bash"})
		}
	case "bash":
		add("/usr/bin/bash", labelledFile{ELF: "bash"})
		add("/usr/bin/sh", labelledFile{Symlink: "bash"})
		add("/bin/sh", labelledFile{Symlink: "../usr/bin/sh"})
		add("/bin/bash", labelledFile{Symlink: "../usr/bin/bash"})
		add("/usr/bin/env", labelledFile{ELF: "env"})
	}
}

func hasScript(files map[string]labelledFile) bool {
	for _, f := range files {
		if f.RepoPath != "" || f.Text != "" {
			return true
		}
	}
	return false
}

// interpreters are the words by which descriptions name a script's interpreter.
var interpreters = []struct{ word, line, program string }{
	{"node script", "#!/usr/bin/env node\n", "node"},
	{"phar", "#!/usr/bin/env php\n", "php"},
	{"python", "#!/usr/bin/env python3\n", "python3"},
	{"ruby script", "#!/usr/bin/env ruby\n", "ruby"},
	{"s6-overlay v2", "#!/bin/execlineb -S0\n", ""},
}

// standIn is the first line of a script whose text can't be had, where its
// description tells the interpreter.
func standIn(description string) string {
	for _, i := range interpreters {
		if strings.Contains(description, i.word) {
			return i.line
		}
	}
	return ""
}

// addInterpreters puts what stand-in scripts name where the case lists none.
func addInterpreters(files map[string]labelledFile) {
	have := make(map[string]bool)
	var wanted []string
	for name, f := range files {
		have[path.Base(name)] = true
		for _, i := range interpreters {
			if i.program != "" && f.Unavailable != "" && f.Text == i.line {
				wanted = append(wanted, i.program)
			}
		}
	}
	for _, name := range wanted {
		if !have[name] {
			files["/usr/bin/"+name] = labelledFile{ELF: name}
		}
	}
}
