package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/identity"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/initdb"
)

// ownCase is one of the project's own cases, a file in testdata/cases;
// docs/testing.md tells the format.
type ownCase struct {
	// About says what it shows, and how the answer was found where in doubt.
	About string             `yaml:"about"`
	Sh    []string           `yaml:"sh"`
	Image ownImage           `yaml:"image"`
	Pod   ownPod             `yaml:"pod"`
	Files map[string]ownFile `yaml:"files"`
	Want  *want              `yaml:"want"`
	// Wants are the answers by what /bin/sh is, in place of Sh and Want.
	Wants map[string]want `yaml:"wants"`
}

type ownImage struct {
	Entrypoint []string `yaml:"entrypoint"`
	Cmd        []string `yaml:"cmd"`
	Env        []string `yaml:"env"`
	Workdir    string   `yaml:"workdir"`
	User       string   `yaml:"user"`
}

type ownPod struct {
	Command   []string              `yaml:"command"`
	Args      []string              `yaml:"args"`
	Env       []imageinspect.EnvVar `yaml:"env"`
	EnvFrom   bool                  `yaml:"envFrom"`
	Workdir   string                `yaml:"workdir"`
	RunAsUser *int64                `yaml:"runAsUser"`
	Mounts    []imageinspect.Mount  `yaml:"mounts"`
}

// ownFile is a text, or a mapping for anything else.
type ownFile struct {
	Text string `yaml:"text"`
	Link string `yaml:"link"`
	// ELF is the program that the file's own marks prove it to be; unmarked
	// for none that is known.
	ELF   string `yaml:"elf"`
	Plain bool   `yaml:"plain"` // nobody may execute it
}

const unmarked = "unmarked"

func (f *ownFile) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&f.Text)
	}
	type plain ownFile
	for i := 0; i+1 < len(node.Content); i += 2 { // Decode on a node is not strict
		if name := node.Content[i].Value; !slices.Contains([]string{"text", "link", "elf", "plain"}, name) {
			return fmt.Errorf("line %d: a file has no %q", node.Content[i].Line, name)
		}
	}
	return node.Decode((*plain)(f))
}

// want is the right answer.
type want struct {
	Outcome string `yaml:"outcome"`
	// PID1 is the base name of the program that stays; of a script that is
	// its interpreter, or the script's own name where the table has that.
	// Empty where it can't be said, or doesn't matter.
	PID1 string `yaml:"pid1"`
	// Signals is whether a SIGTERM gets past PID 1; nil where it doesn't matter.
	Signals *bool `yaml:"forwardsSignals"`
	// Reason has to occur in the verdict's reason.
	Reason string `yaml:"reason"`
}

func readOwnCase(text []byte) (ownCase, error) {
	var c ownCase
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil {
		return c, err
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return c, errors.New("more than one document")
	}
	if c.Want != nil {
		if len(c.Wants) > 0 {
			return c, errors.New("want and wants: one of them")
		}
		c.Wants = make(map[string]want)
		for _, sh := range c.Sh {
			c.Wants[sh] = *c.Want
		}
	}
	if c.About == "" || len(c.Wants) == 0 {
		return c, errors.New("about, sh and want are needed")
	}
	for sh, w := range c.Wants {
		if err := w.check(); err != nil {
			return c, err
		}
		if _, ok := shells()[sh]; !ok {
			return c, fmt.Errorf("sh %q is none that is known", sh)
		}
	}
	return c, nil
}

func (w want) check() error {
	var o imageinspect.Outcome
	return o.UnmarshalText([]byte(w.Outcome))
}

// shells are the files that an image has for what /bin/sh is.
func shells() map[string]map[string]ownFile {
	release := func(id, version string) ownFile {
		return ownFile{Text: "ID=" + id + "\nVERSION_ID=\"" + version + "\"\n", Plain: true}
	}
	return map[string]map[string]ownFile{
		"none": {},
		"dash": {
			"/bin/dash": {ELF: "dash"}, "/bin/sh": {Link: "dash"}, "/bin/bash": {ELF: "bash"}, "/usr/bin/env": {ELF: "env"},
			"/etc/os-release": release("debian", "12"),
		},
		"busybox": {
			"/bin/busybox": {ELF: "busybox"}, "/bin/sh": {Link: "/bin/busybox"}, "/usr/bin/env": {Link: "/bin/busybox"},
			"/etc/os-release": release("alpine", "3.22.1"),
		},
		"bash": {
			"/usr/bin/bash": {ELF: "bash"}, "/usr/bin/sh": {Link: "bash"}, "/bin": {Link: "usr/bin"}, "/usr/bin/env": {ELF: "env"},
			"/etc/os-release": release("rhel", "9.6"),
		},
	}
}

// ownFiles are a case's files in memory.
type ownFiles struct {
	tree  imagetest.Tree
	files map[string]ownFile
}

func (c ownCase) open(sh string) ownFiles {
	out := ownFiles{tree: make(imagetest.Tree), files: make(map[string]ownFile)}
	for _, part := range []map[string]ownFile{shells()[sh], c.Files} {
		for name, f := range part {
			out.files[name] = f
			switch {
			case f.Link != "":
				out.tree[name] = "-> " + f.Link
			case f.ELF != "":
				out.tree[name] = "\x7fELF"
			default:
				out.tree[name] = f.Text
			}
		}
	}
	return out
}

// File is a file as the product distils it; what a program's marks say comes
// from the case.
func (o ownFiles) File(ctx context.Context, name string) (imageinspect.File, error) {
	f, err := o.tree.File(ctx, name)
	if err != nil || f.Dir {
		return f, err
	}
	own := o.files[f.Path]
	f.Executable = !own.Plain
	if own.ELF != "" {
		f.Program = &identity.Identity{Whole: true}
		if own.ELF != unmarked {
			f.Program.Program = own.ELF
		}
	}
	return f, nil
}

// First passes over what nobody may execute.
func (o ownFiles) First(ctx context.Context, names []string) (imageinspect.File, error) {
	for _, name := range names {
		if f, err := o.File(ctx, name); err == nil && f.Executable && !f.Dir {
			return f, nil
		}
	}
	return imageinspect.File{}, imageinspect.ErrNoFile
}

func (o ownFiles) Known(name string) (imageinspect.File, bool) {
	f, err := o.File(context.Background(), name)
	return f, err == nil
}

func (c ownCase) config() imageinspect.Config {
	env := append([]string(nil), c.Image.Env...)
	if !slices.ContainsFunc(env, func(pair string) bool { return strings.HasPrefix(pair, "PATH=") }) {
		env = append([]string{"PATH=" + debianPath}, env...)
	}
	return imageinspect.Config{
		Entrypoint: c.Image.Entrypoint, Cmd: c.Image.Cmd, Env: env, WorkingDir: c.Image.Workdir, User: c.Image.User,
	}
}

func (c ownCase) overrides() imageinspect.Overrides {
	return imageinspect.Overrides{
		Command: c.Pod.Command, Args: c.Pod.Args, Env: c.Pod.Env, EnvFrom: c.Pod.EnvFrom, WorkingDir: c.Pod.Workdir,
		RunAsUser: c.Pod.RunAsUser, Mounts: c.Pod.Mounts,
	}
}

// miss says how an answer differs from the right one; empty for none.
func (w want) miss(got imageinspect.Result) string {
	v := got.Verdict
	var miss []string
	if v.Outcome.String() != w.Outcome || w.PID1 != "" && got.PID1 != w.PID1 {
		miss = append(miss, fmt.Sprintf("got %s %s, want %s %s", v.Outcome, got.PID1, w.Outcome, w.PID1))
	}
	if w.Signals != nil && *w.Signals != v.ForwardsSignals {
		miss = append(miss, fmt.Sprintf("forwards signals: %v", v.ForwardsSignals))
	}
	if !strings.Contains(v.Reason.Text, w.Reason) {
		miss = append(miss, fmt.Sprintf("the reason lacks %q", w.Reason))
	}
	return strings.Join(miss, "; ")
}

func TestOwnCases(t *testing.T) {
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	evaluator := imageinspect.NewEvaluator(db).Detailed()
	files, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, file := range files {
		name, isCase := strings.CutSuffix(filepath.Base(file), ".yaml")
		if !isCase {
			t.Errorf("%s is no case", file)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := readOwnCase(text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for sh, w := range c.Wants {
			t.Run(name+"/"+sh, func(t *testing.T) {
				image := imageinspect.Image{Platform: "linux/amd64", Config: c.config(), Files: c.open(sh)}
				got := evaluator.Evaluate(t.Context(), image, c.overrides())
				if miss := w.miss(got); miss != "" {
					t.Errorf("%s\n%s", miss, explain(got))
				}
			})
		}
	}
}

// explain tells how an answer was found.
func explain(got imageinspect.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "because %s [%s]\n", got.Verdict.Reason.Text, got.Verdict.Reason.Detail)
	for _, s := range got.Chain {
		fmt.Fprintf(&b, "  %-8s %s   [%s]\n", s.Kind, s.Text, s.Detail)
	}
	return b.String()
}
