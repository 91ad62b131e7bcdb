package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTryHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := mustTry(t, path)
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Fatalf("second Try: error %v, want ErrHeld", err)
	}
	if err := held.Release(); err != nil {
		t.Fatal(err)
	}
	if err := mustTry(t, path).Release(); err != nil {
		t.Fatal(err)
	}
}

func TestTryNoFolder(t *testing.T) {
	_, err := Try(filepath.Join(t.TempDir(), "absent", "lock"))
	if err == nil || errors.Is(err, ErrHeld) {
		t.Fatalf("error %v, want that of a folder that is not there", err)
	}
}

func TestTryExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if _, err := TryExisting(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("error %v, want that of a file that is not there", err)
	}
	held := mustTry(t, path)
	if _, err := TryExisting(path); !errors.Is(err, ErrHeld) {
		t.Fatalf("error %v, want ErrHeld", err)
	}
	if err := held.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestAcquireWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := mustTry(t, path)
	waited := 0
	lock, err := Acquire(t.Context(), path, func() {
		waited++
		if err := held.Release(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if waited != 1 {
		t.Errorf("waiting was called %d times, want 1", waited)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestAcquireDeadline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := mustTry(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Acquire(ctx, path, nil); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrHeld) {
		t.Fatalf("error %v, want ErrHeld and the deadline", err)
	}
	if err := held.Release(); err != nil {
		t.Fatal(err)
	}
}

func mustTry(t *testing.T, path string) *Lock {
	t.Helper()
	lock, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}
