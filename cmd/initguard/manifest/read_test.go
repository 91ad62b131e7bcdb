package manifest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFollowsLinksToFiles(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	target := filepath.Join(elsewhere, "data")
	if err := os.WriteFile(target, []byte("kind: A\napiVersion: v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	// A link back up must not be followed for ever.
	if err := os.Symlink(dir, filepath.Join(dir, "loop.yaml")); err != nil {
		t.Fatal(err)
	}
	in, err := Read(t.Context(), []string{dir}, nil)
	if err != nil || len(in.Documents) != 1 || len(in.Problems) != 0 {
		t.Errorf("got %+v, %v, want the one object", in, err)
	}
}

func TestReadSharesTheLimits(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	f, err := os.Create(big)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(MaxBytes + 1); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	in, err := Read(t.Context(), []string{big, "-"}, strings.NewReader("kind: A\napiVersion: v1\n"))
	if err != nil || len(in.Problems) != 1 || !strings.Contains(in.Problems[0].Text, "MiB") {
		t.Fatalf("got problems %v, %v, want one about size", in.Problems, err)
	}
	if len(in.Documents) != 1 || in.Documents[0].File != "stdin" {
		t.Errorf("got %+v, want the object of standard input", in.Documents)
	}
}

func TestReadStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, []string{t.TempDir()}, nil); err == nil {
		t.Error("no error though the context ended")
	}
}
