package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInstallTini(t *testing.T) {
	from := writeFile(t, t.TempDir(), "tini-static", "a program")
	dir := t.TempDir()
	for range 2 { // an init container may run again
		if got := run(t, "", "initguard", "install-tini", "--from", from, dir); got.code != 0 {
			t.Fatalf("exit code %d: %s", got.code, got.err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v: want tini alone", entries, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "tini"))
	if err != nil || string(text) != "a program" {
		t.Errorf("%q, %v", text, err)
	}
	info, err := entries[0].Info()
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v, %v: every user has to run it", info.Mode(), err)
	}
}

func TestInstallTiniRefuses(t *testing.T) {
	from := writeFile(t, t.TempDir(), "tini-static", "a program")
	missing := filepath.Join(t.TempDir(), "missing")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no folder", []string{"--from", from}, "accepts 1 arg"},
		{"missing folder", []string{"--from", from, missing}, "no such file"},
		{"missing tini", []string{"--from", missing, t.TempDir()}, "no such file"},
		{"a folder as tini", []string{"--from", t.TempDir(), t.TempDir()}, "is not a file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, "", append([]string{"initguard", "install-tini"}, test.args...)...)
			if got.code != 2 || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, want 2: %q, want %q", got.code, got.err, test.want)
			}
		})
	}
}
