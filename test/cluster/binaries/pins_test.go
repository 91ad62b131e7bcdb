package binaries

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every program of the table is one that its pin names as a tool, so that
// `go mod tidy` keeps what it needs.
func TestPinsHoldPrograms(t *testing.T) {
	pins, err := pinsFolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs() {
		t.Run(p.name, func(t *testing.T) {
			folder := filepath.Join(pins, p.pin)
			version, err := pinnedVersion(t.Context(), folder, p.versioned)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(version, "v") {
				t.Errorf("version %q", version)
			}
			goMod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(strings.Fields(string(goMod)), p.main) {
				t.Errorf("%s has no tool directive for %s", filepath.Join(folder, "go.mod"), p.main)
			}
		})
	}
}

func TestPinnedVersionMissing(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "go.mod"), "module example.com/pin\n\nrequire example.com/other v1.0.0\n", 0o600)
	_, err := pinnedVersion(t.Context(), folder, "example.com/hello")
	if err == nil || !strings.Contains(err.Error(), "does not require example.com/hello") {
		t.Errorf("error %v, want one that names the module", err)
	}
}

func TestPinnedVersionBroken(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "go.mod"), "modul example.com/pin\n", 0o600)
	_, err := pinnedVersion(t.Context(), folder, "example.com/hello")
	if err == nil || !strings.Contains(err.Error(), "go.mod:1") {
		t.Errorf("error %v, want one that names the line", err)
	}
}

func TestFlags(t *testing.T) {
	tests := []struct {
		program program
		want    []string
	}{
		{program{stamp: "example.com/hello.version"}, []string{"-trimpath", "-ldflags", "-s -w -X example.com/hello.version=v1.2.3"}},
		{program{}, []string{"-trimpath", "-ldflags", "-s -w"}},
		{program{tags: "small"}, []string{"-trimpath", "-ldflags", "-s -w", "-tags", "small"}},
	}
	for _, test := range tests {
		if got := test.program.flags("v1.2.3"); !slices.Equal(got, test.want) {
			t.Errorf("flags %q, want %q", got, test.want)
		}
	}
}

func TestPinHash(t *testing.T) {
	folder := t.TempDir()
	set := func(goMod, goSum string) {
		write(t, filepath.Join(folder, "go.mod"), goMod, 0o600)
		write(t, filepath.Join(folder, "go.sum"), goSum, 0o600)
	}
	seen := make(map[string]string)
	for _, c := range []struct {
		name, goMod, goSum string
		flags              []string
	}{
		{"base", "a", "b", []string{"-x"}},
		{"go.mod", "A", "b", []string{"-x"}},
		{"go.sum", "a", "B", []string{"-x"}},
		{"flags", "a", "b", []string{"-y"}},
		{"split differently", "a", "b", []string{"-x", ""}},
	} {
		set(c.goMod, c.goSum)
		hash, err := pinHash(folder, c.flags)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[hash]; ok {
			t.Errorf("%s has the hash of %s", c.name, other)
		}
		seen[hash] = c.name
	}
	write(t, filepath.Join(folder, "main.go"), "package main\n", 0o600)
	if hash, err := pinHash(folder, nil); err != nil || seen[hash] != "" {
		t.Errorf("with a main beside it: %v, the hash of %q", err, seen[hash])
	}
}
