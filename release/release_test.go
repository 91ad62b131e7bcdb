package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// made is a release as `make release` leaves it for this program, of one platform.
func made(t *testing.T) release {
	t.Helper()
	root := t.TempDir()
	r := release{
		dir: filepath.Join(root, "dist"), bin: filepath.Join(root, "bin"), version: "v1.2.3", commit: strings.Repeat("0a", 20), builder: "https://example.com/builder",
		made: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
	}
	for file, text := range map[string]string{
		"dist/install.yaml":                       "kind: Namespace\n",
		"dist/image/index.json":                   `{"schemaVersion":2,"manifests":[{"digest":"sha256:` + strings.Repeat("ab", 32) + `"}]}`,
		"bin/linux-amd64/tini.version":            "tini 0.19.0-1+b3 amd64\n",
		"bin/linux-amd64/ca-certificates.version": "ca-certificates 20250419~deb12u2 all\n",
	} {
		write(t, filepath.Join(root, file), text)
	}
	for _, main := range []string{"initguard", "initguard-scanner"} {
		folder := "../cmd/initguard"
		if main != "initguard" {
			folder += "/" + main
		}
		built := filepath.Join(r.bin, "linux-amd64", main)
		cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", built, folder)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		text, err := os.ReadFile(built)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(r.dir, main+"_linux_amd64"), string(text))
	}
	return r
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string, into any) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return text
}

// TestRelease writes a release twice, and holds it against what sha256sum and
// `go version -m` say.
func TestRelease(t *testing.T) {
	r := made(t)
	var first []string
	for range 2 {
		if err := r.write(); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, name := range []string{sbomFile, provenanceFile, checksumsFile} {
			texts = append(texts, string(read(t, filepath.Join(r.dir, name), nil)))
		}
		if first != nil && !slices.Equal(first, texts) {
			t.Error("written twice, it is not the same")
		}
		first = texts
	}
	cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", checksumsFile)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Count(out, []byte(": OK\n")) != 5 {
		t.Errorf("%v: %s", err, out)
	}
	var bill document
	read(t, filepath.Join(r.dir, sbomFile), &bill)
	wantWhole(t, bill)
	for _, program := range []string{"initguard_linux_amd64", "initguard-scanner_linux_amd64"} {
		wantModules(t, bill, program, filepath.Join(r.dir, program))
	}
	var inImage []string
	for _, to := range related(bill, id(imageFolder), contains) {
		inImage = append(inImage, to.Name+" "+to.Version)
	}
	slices.Sort(inImage)
	if want := []string{"ca-certificates 20250419~deb12u2", "initguard-scanner_linux_amd64 v1.2.3", "initguard_linux_amd64 v1.2.3", "tini 0.19.0-1+b3"}; !slices.Equal(inImage, want) {
		t.Errorf("in the image: %q", inImage)
	}
	wantProvenance(t, r)
}

// wantWhole holds a document against SPDX's rules for ids and relationships.
func wantWhole(t *testing.T, d document) {
	t.Helper()
	valid := regexp.MustCompile(`^SPDXRef-[a-zA-Z0-9.-]+$`)
	known, reached := map[string]bool{d.ID: true}, map[string]bool{d.ID: true}
	for _, p := range d.Packages {
		if !valid.MatchString(p.ID) || known[p.ID] || p.Name == "" || p.Version == "" || p.DownloadLocation == "" {
			t.Errorf("package %+v", p)
		}
		known[p.ID] = true
	}
	for _, r := range d.Relationships {
		if !known[r.From] || !known[r.To] {
			t.Errorf("relationship %+v is of nothing that is there", r)
		}
		reached[r.To] = true
	}
	if !maps.Equal(known, reached) {
		t.Errorf("%d packages, of which %d belong to something", len(known), len(reached))
	}
}

func related(d document, from, how string) []pkg {
	var found []pkg
	for _, r := range d.Relationships {
		if r.From == from && r.Type == how {
			found = append(found, d.Packages[slices.IndexFunc(d.Packages, func(p pkg) bool { return p.ID == r.To })])
		}
	}
	return found
}

// wantModules wants exactly the modules that the go command reads in a program.
func wantModules(t *testing.T, d document, name, file string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "version", "-m", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) >= 3 && fields[0] == "dep":
			want["pkg:golang/"+fields[1]+"@"+strings.ReplaceAll(fields[2], "+", "%2B")] = true
		case strings.HasPrefix(line, file+": go"):
			want["pkg:golang/stdlib@"+strings.TrimPrefix(fields[1], "go")] = true
		}
	}
	got := map[string]bool{}
	for _, p := range related(d, id(name), dependsOn) {
		got[p.ExternalRefs[0].Locator] = true
	}
	if len(want) < 3 || !maps.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", name, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

func wantProvenance(t *testing.T, r release) {
	t.Helper()
	var s statement
	read(t, filepath.Join(r.dir, provenanceFile), &s)
	var subjects []string
	for _, of := range s.Subject {
		subjects = append(subjects, of.Name)
		if of.Name == imageFolder {
			continue
		}
		if sum, err := sumFile(filepath.Join(r.dir, of.Name)); err != nil || of.Digest["sha256"] != sum {
			t.Errorf("%s: %v, digest %v", of.Name, err, of.Digest)
		}
	}
	want := []string{sbomFile, "initguard-scanner_linux_amd64", "initguard_linux_amd64", "install.yaml", imageFolder}
	slices.Sort(subjects)
	slices.Sort(want)
	if !slices.Equal(subjects, want) {
		t.Errorf("it is about %q", subjects)
	}
	if got := s.Predicate.BuildDefinition.ResolvedDependencies[0].Digest["gitCommit"]; got != r.commit {
		t.Errorf("of commit %s", got)
	}
}

// TestRefused: what is missing is said, and nothing is written of it.
func TestRefused(t *testing.T) {
	whole := made(t)
	for want, spoil := range map[string]func(*release){
		"-version and -commit":           func(r *release) { r.commit = "" },
		"holds 2":                        func(r *release) { write(t, filepath.Join(r.dir, "image/index.json"), `{"manifests":[{},{}]}`) },
		"is another one than":            func(r *release) { write(t, filepath.Join(r.bin, "linux-amd64/initguard"), "another") },
		"want name, version and":         func(r *release) { write(t, filepath.Join(r.bin, "linux-amd64/tini.version"), "tini\n") },
		"holds nothing of the image":     func(r *release) { r.bin = filepath.Join(r.bin, "none") },
		"does not say which of Debian's": func(r *release) { r.bin = withoutVersions(t, *r) },
	} {
		t.Run(want, func(t *testing.T) {
			r := whole
			r.dir, r.bin = copied(t, whole.dir), copied(t, whole.bin)
			spoil(&r)
			if err := r.write(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(filepath.Join(r.dir, checksumsFile)); err == nil {
				t.Error("it wrote checksums")
			}
		})
	}
}

func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func withoutVersions(t *testing.T, r release) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.bin, "*", "*.version"))
	if err != nil || len(files) == 0 {
		t.Fatal(fmt.Errorf("%q: %w", files, err))
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	return r.bin
}
