package app_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/initguard/initguard/cmd/initguard/app"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// programs gives the tests programs of their own, so that golden files don't
// change with the table of programs.
const programs = `apiVersion: config.initguard.dev/v1alpha1
kind: InitguardConfig
programs:
- {name: neat, reaps: true, why: it waits for any child}
- {name: leaky, reaps: false, why: it never waits}
- {name: touchy, reaps: true, why: it waits for any child, harmedByOrphans: restarts all its workers}
- {name: forky, reaps: false, why: it never waits, forksHelpers: true}
`

// result is what a run of the program left behind.
type result struct {
	code     int
	out, err string
}

// run runs a command line that starts with the program's own name.
func run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	var out, errOut bytes.Buffer
	code := app.Run(t.Context(), args, app.Streams{In: strings.NewReader(stdin), Out: &out, ErrOut: &errOut})
	return result{code: code, out: out.String(), err: errOut.String()}
}

// configFile writes the tests' configuration.
func configFile(t *testing.T, more string) string {
	t.Helper()
	return writeFile(t, t.TempDir(), "config.yaml", programs+more)
}

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// ociLayout writes an image, or an index of several, as an OCI layout.
func ociLayout(t *testing.T, specs ...imagetest.Spec) string {
	t.Helper()
	dir := t.TempDir()
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if len(specs) == 1 {
		image := build(t, specs[0])
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if err := path.AppendImage(image, layout.WithPlatform(*config.Platform())); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	index, err := imagetest.BuildIndex(specs...)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	return dir
}

func build(t *testing.T, s imagetest.Spec) v1.Image {
	t.Helper()
	image, err := imagetest.Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with -update and look at what it writes", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run the test with -update if this is meant\n--- want\n%s\n--- got\n%s", file, want, got)
	}
}

// extraGolden fails on golden files of a kind that no test compares with.
func extraGolden(t *testing.T, pattern string, names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if slices.Contains(names, filepath.Base(file)) {
			continue
		}
		if *update {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("%s: no test compares with this file: remove it", file)
	}
}

func TestMain(m *testing.M) {
	if code, asked := asProgram(); asked {
		os.Exit(code)
	}
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	packageDir = dir
	os.Exit(m.Run())
}

// packageDir is the folder of this package, where testdata lies.
var packageDir string
