package debroot

import (
	"os"
	"path/filepath"
	"testing"
)

func TestArchive(t *testing.T) {
	dir := t.TempDir()
	const name = "busybox_1%3a1.35.0-4+b1_amd64.deb"
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got, ok := archive(dir, pkg{"busybox", "1:1.35.0-4+b1"})
	if !ok || filepath.Base(got) != name {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := archive(dir, pkg{"busybox", "1:1.35.0-4"}); ok {
		t.Errorf("another version: %q", got)
	}
}

func TestKey(t *testing.T) {
	if key([]string{"a", "b"}) != key([]string{"b", "a"}) {
		t.Error("the order of packages matters")
	}
	if key([]string{"a"}) == key([]string{"a", "b"}) {
		t.Error("different packages share a root")
	}
}

func TestReadRootRefusesIncomplete(t *testing.T) {
	if _, err := readRoot(t.TempDir()); err == nil {
		t.Error("a directory without versions passes for a root")
	}
}
