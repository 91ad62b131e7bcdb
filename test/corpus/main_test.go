package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect"
)

// gitRepository makes a repository owner+name/repo below dir and returns the
// commit of what it holds.
func gitRepository(t *testing.T, dir, name string, files map[string]string) string {
	t.Helper()
	repo := filepath.Join(dir, strings.ReplaceAll(name, "/", "+"), "repo")
	for file, text := range files {
		file = filepath.Join(repo, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		target, link := strings.CutPrefix(text, "-> ")
		var err error
		if link {
			err = os.Symlink(target, file)
		} else {
			err = os.WriteFile(file, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var out []byte
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "x"}, {"rev-parse", "HEAD"}} {
		cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@x", "-C", repo}, args...)...)
		var err error
		if out, err = cmd.Output(); err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
	}
	return strings.TrimSpace(string(out))
}

func TestRepositoriesRead(t *testing.T) {
	dir := t.TempDir()
	commit := gitRepository(t, dir, "some/repo", map[string]string{
		"a/run.sh": "first\n", "b/link.sh": "-> ../a/run.sh", "away": "-> /etc/passwd", "empty": "", "last": "no newline",
	})
	repos := &repositories{dir: dir, open: make(map[string]*repository)}
	defer repos.close()
	for _, test := range []struct{ commit, file, want, err string }{
		{commit, "a/run.sh", "first\n", ""},
		{strings.Repeat("0", 40), "a/run.sh", "first\n", ""}, // the commit is gone: HEAD
		{"", "b/link.sh", "first\n", ""},
		{commit, "away", "", "no such file"},
		{commit, "a", "", "no such file"},
		{commit, "none of\nthese", "", "no such file"},
		{commit, "nothing here", "", "no such file"},
		{commit, "empty", "", ""},
		{commit, "last", "no newline", ""},
	} {
		got, err := repos.read(t.Context(), "some/repo", test.commit, test.file)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s at %.7s: got %q, %v", test.file, test.commit, got, err)
		}
	}
	if _, err := repos.read(t.Context(), "no/repo", "", "x"); err == nil {
		t.Error("a repository that is not there gives a file")
	}
}

func TestLabelRight(t *testing.T) {
	reaps := imageinspect.Verdict{Outcome: imageinspect.Reaps, ForwardsSignals: true}
	shell := imageinspect.Verdict{Outcome: imageinspect.Reaps}
	leaves := imageinspect.Verdict{Outcome: imageinspect.DoesNotReap}
	for _, test := range []struct {
		label label
		v     imageinspect.Verdict
		want  bool
	}{
		{"init", reaps, true}, {"init", leaves, false}, {"init", imageinspect.Verdict{}, false},
		{"shell", shell, true}, {"shell", reaps, false},
		{"server-reaps", reaps, true}, {"server-reaps", shell, true},
		{"no-reap", leaves, true}, {"no-reap", reaps, false}, {"no-reap", imageinspect.Verdict{}, false},
		{"ambiguous", imageinspect.Verdict{}, true}, {"ambiguous", leaves, false},
		{"other", reaps, false},
	} {
		if got := test.label.right(test.v); got != test.want {
			t.Errorf("%s with %s, signals %v: %v", test.label, test.v.Outcome, test.v.ForwardsSignals, got)
		}
	}
}

func TestReport(t *testing.T) {
	r := &report{Labels: make(map[label]*count)}
	for _, c := range []struct {
		label label
		got   imageinspect.Outcome
		pid1  string
	}{
		{"init", imageinspect.Reaps, "tini"},
		{"init", imageinspect.Reaps, "bash"},
		{"no-reap", imageinspect.Reaps, "bash"},
		{"no-reap", imageinspect.Unknown, ""},
		{"ambiguous", imageinspect.DoesNotReap, "node"},
	} {
		v := imageinspect.Verdict{Outcome: c.got, ForwardsSignals: true, Reason: imageinspect.Reason{Text: "because"}}
		r.add(labelled{ID: "case-" + string(c.label), Label: c.label, FinalArgv0: "tini"}, imageinspect.Result{Verdict: v, PID1: c.pid1})
	}
	if want := (count{Cases: 5, Right: 2, Wrong: 2, FalseReaps: 1, Unknown: 1}); r.count != want {
		t.Errorf("counted %+v, want %+v", r.count, want)
	}
	if err := r.within(limits{cases: 5, falseReaps: 1, right: 40}); err != nil {
		t.Errorf("within its limits: %v", err)
	}
	err := r.within(limits{cases: 6, right: 40.1})
	for _, want := range []string{"at least 6", "at least 40.1", "1 false Reaps"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	var text, machine bytes.Buffer
	if err := r.text(&text, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FALSE     case-no-reap", "unknown   case-no-reap", "wrong     case-ambiguous", "right, but PID 1 is bash", "40.0 % right"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	if err := r.json(&machine, false); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Right, FalseReaps int
		Results           []struct{ ID string }
	}
	if err := json.Unmarshal(machine.Bytes(), &back); err != nil || back.Right != 2 || back.FalseReaps != 1 || len(back.Results) != 5 {
		t.Errorf("JSON gives %+v, %v", back, err)
	}
}

func TestDisputes(t *testing.T) {
	if _, err := readDisputes(disputedLabels); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		"- {id: a, answer: no-reap, proof: x}", "- {id: a, answer: Reaps}", "- {id: a, answer: Reaps, proof: x, why: y}",
		"[{id: a, answer: Reaps, proof: x}, {id: a, answer: Reaps, proof: x}]",
	} {
		if _, err := readDisputes([]byte(bad)); err == nil {
			t.Errorf("%s passes", bad)
		}
	}
	disputes, err := readDisputes([]byte("- {id: a, answer: DoesNotReap, proof: measured}"))
	if err != nil {
		t.Fatal(err)
	}
	r := &report{Labels: make(map[label]*count), disputes: disputes}
	r.add(labelled{ID: "a", Label: "init"}, imageinspect.Result{Verdict: imageinspect.Verdict{Outcome: imageinspect.DoesNotReap}})
	r.add(labelled{ID: "a", Label: "init"}, imageinspect.Result{Verdict: imageinspect.Verdict{Outcome: imageinspect.Reaps}})
	if r.Right != 1 || r.FalseReaps != 1 || len(r.Disputed) != 2 {
		t.Errorf("counted %+v", r.count)
	}
}

func TestTree(t *testing.T) {
	dir := t.TempDir()
	commit := gitRepository(t, dir, "some/repo", map[string]string{"run.sh": "#!/bin/sh\n"})
	b := &builder{
		repos:    &repositories{dir: dir, open: make(map[string]*repository)},
		programs: &programs{found: map[string]string{"dash": "\x7fELF dash", "bash": "\x7fELF bash", "env": "\x7fELF env", "true": "\x7fELF"}},
	}
	defer b.repos.close()
	c := labelled{Repo: "some/repo", Commit: commit, Sh: "dash (Debian)", Files: map[string]labelledFile{
		"/run.sh": {RepoPath: "run.sh"}, "/app/": {ELF: "app (of Go)"}, "/tool": {Unavailable: "python script of somebody"},
	}}
	tree, err := b.tree(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/run.sh": "#!/bin/sh\n", "/app": "\x7fELF", "/bin/dash": "\x7fELF dash", "/bin/sh": "-> dash",
		"/tool": "#!/usr/bin/env python3\n", "/usr/bin/python3": "\x7fELF",
	} {
		if tree[name] != want {
			t.Errorf("%s: %q, want %q", name, tree[name], want)
		}
	}
	for _, f := range []labelledFile{{Unavailable: "who knows"}, {GeneratedIn: "Dockerfile"}, {ELF: "tini"}, {RepoPath: "gone"}} {
		c.Files = map[string]labelledFile{"/x": f}
		if _, err := b.tree(t.Context(), c); err == nil || !strings.HasPrefix(err.Error(), "/x: ") {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args []string
		err  string
	}{
		{[]string{"-corpus", "x", "-repos", "y"}, ""},
		{[]string{"-corpus", "x"}, "are needed"},
		{[]string{"-corpus", "x", "-repos", "y", "-o", "xml"}, "text or json"},
		{[]string{"-corpus", "x", "-repos", "y", "z"}, "unexpected"},
	} {
		_, err := parse(test.args, &bytes.Buffer{})
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%v: %v", test.args, err)
		}
	}
}
