package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

// labelled is a case of the corpus: what an image says, where its scripts are
// to be had, and what a person found out about its PID 1.
type labelled struct {
	ID     string `json:"id"`
	Repo   string `json:"repo"`
	Commit string `json:"commit"`
	// Sh is what /bin/sh is: dash, busybox, bash or none, with words behind.
	Sh          string                  `json:"sh"`
	Entrypoint  []string                `json:"entrypoint"`
	Cmd         []string                `json:"cmd"`
	Workdir     string                  `json:"workdir"`
	User        string                  `json:"user"`
	PathEnv     string                  `json:"path_env"`
	Env         map[string]string       `json:"env"`
	Files       map[string]labelledFile `json:"files"`
	Command     []string                `json:"k8s_command"`
	Args        []string                `json:"k8s_args"`
	Label       label                   `json:"label"`
	FinalArgv0  string                  `json:"final_argv0"`
	FinalScript string                  `json:"final_script"`
	Confidence  string                  `json:"confidence"`
	Chain       []string                `json:"chain"`
}

// labelledFile is one file of a case's image; one of its fields says which.
type labelledFile struct {
	// RepoPath is a file in Repo at Commit, or in the case's own.
	RepoPath string `json:"repo_path"`
	Repo     string `json:"repo"`
	Commit   string `json:"commit"`
	Symlink  string `json:"symlink"`
	// ELF is a program's name, with words behind.
	ELF string `json:"elf"`
	// Text is the content itself.
	Text string `json:"text"`
	// Unavailable and GeneratedIn say why there is no text.
	Unavailable string `json:"unavailable"`
	GeneratedIn string `json:"generated_in"`
}

// label is what a person found out about a case's PID 1.
type label string

// outcome is the right answer to a label; false for an unknown label.
func (l label) outcome() (imageinspect.Outcome, bool) {
	switch l {
	case "init", "shell", "server-reaps":
		return imageinspect.Reaps, true
	case "no-reap":
		return imageinspect.DoesNotReap, true
	case "ambiguous":
		return imageinspect.Unknown, true
	default:
		return imageinspect.Unknown, false
	}
}

// right is true for the right answer. That a shell passes no signals on has to
// be said too.
func (l label) right(v imageinspect.Verdict) bool {
	want, ok := l.outcome()
	return ok && v.Outcome == want && (l != "shell" || !v.ForwardsSignals)
}

func readCases(name string) ([]labelled, error) {
	name = corpusPath(name)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("the labelled cases: %w", err)
	}
	var all []labelled
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, c := range all {
		if _, ok := c.Label.outcome(); !ok || c.ID == "" {
			return nil, fmt.Errorf("%s: case %q: label %q is none that is known", name, c.ID, c.Label)
		}
	}
	return all, nil
}

// debianPath is the PATH of an image that sets none.
const debianPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (c labelled) config() imageinspect.Config {
	search := strings.TrimPrefix(c.PathEnv, "PATH=")
	if search == "" {
		search = debianPath
	}
	env := []string{"PATH=" + search}
	for name, value := range c.Env {
		env = append(env, name+"="+value)
	}
	sort.Strings(env[1:])
	return imageinspect.Config{Entrypoint: c.Entrypoint, Cmd: c.Cmd, Env: env, WorkingDir: c.Workdir, User: c.User}
}

func (c labelled) overrides() imageinspect.Overrides {
	return imageinspect.Overrides{Command: c.Command, Args: c.Args}
}
