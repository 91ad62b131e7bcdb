package binaries

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const helloSource = `package main

import "fmt"

var version = "unset"

func main() { fmt.Print(version) }
`

// hello is a program that a pin in a test folder holds.
func hello() program {
	return program{
		name: "hello", pin: "hello", main: "example.com/hello", versioned: "example.com/hello",
		stamp: "main.version", takes: "no time at all",
	}
}

// newBuilder returns a builder with a pin of a program with that source.
func newBuilder(t *testing.T, source string) (builder, *recorder) {
	t.Helper()
	pins := t.TempDir()
	pin := filepath.Join(pins, "hello")
	write(t, filepath.Join(pin, "go.mod"), "module example.com/pin\n\ngo 1.26.0\n\n"+
		"require example.com/hello v1.2.3\n\nreplace example.com/hello => ./source\n", 0o600)
	write(t, filepath.Join(pin, "go.sum"), "", 0o600)
	write(t, filepath.Join(pin, "source", "go.mod"), "module example.com/hello\n\ngo 1.26.0\n", 0o600)
	write(t, filepath.Join(pin, "source", "main.go"), source, 0o600)
	progress := &recorder{}
	return builder{pins: pins, cache: filepath.Join(t.TempDir(), "cache"), progress: progress, heartbeat: time.Hour}, progress
}

func TestBuild(t *testing.T) {
	b, progress := newBuilder(t, helloSource)
	path, err := b.path(t.Context(), hello())
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Base(filepath.Dir(path))
	prefix := "hello-v1.2.3-" + runtime.GOOS + "-" + runtime.GOARCH + "-"
	if !strings.HasPrefix(folder, prefix) || len(folder) != len(prefix)+12 {
		t.Errorf("folder %s, want %s and 12 digits", folder, prefix)
	}
	if out, err := exec.CommandContext(t.Context(), path).Output(); err != nil || string(out) != "v1.2.3" {
		t.Errorf("the program says %q, %v, want its version", out, err)
	}
	said := progress.String()
	for _, want := range []string{"building hello v1.2.3 from source, once; no time at all\n", "built hello v1.2.3 in "} {
		if !strings.Contains(said, want) {
			t.Errorf("progress %q lacks %q", said, want)
		}
	}
	progress.Reset()
	if again, err := b.path(t.Context(), hello()); err != nil || again != path {
		t.Errorf("second time: %s, %v, want %s", again, err, path)
	}
	if progress.String() != "" {
		t.Errorf("a cached program was announced: %q", progress)
	}
}

func TestBuildFails(t *testing.T) {
	b, _ := newBuilder(t, "package main\n\nfunc main() { undefinedName() }\n")
	_, err := b.path(t.Context(), hello())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"build hello v1.2.3: exit status 1",
		"undefined: undefinedName",
		"CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=v1.2.3' -o ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	wantOnlyLock(t, b.cache)
}

func TestBuildCancelled(t *testing.T) {
	b, _ := newBuilder(t, helloSource)
	ctx, cancel := context.WithCancel(t.Context())
	b.progress = writerFunc(func(text []byte) {
		if bytes.HasPrefix(text, []byte("building")) {
			cancel()
		}
	})
	if _, err := b.path(ctx, hello()); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want that of the context", err)
	}
	wantOnlyLock(t, b.cache)
}

func TestBuildRemovesUnfinished(t *testing.T) {
	b, _ := newBuilder(t, helloSource)
	left := filepath.Join(b.cache, unfinished+"1")
	write(t, filepath.Join(left, "hello"), "half of it", 0o700)
	if _, err := b.path(t.Context(), hello()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a killed build left: %v, want it gone", err)
	}
}

func TestBuildOnceAtATime(t *testing.T) {
	first, _ := newBuilder(t, helloSource)
	second := first
	building, waiting := make(chan struct{}), make(chan struct{})
	first.progress = writerFunc(func(text []byte) {
		if bytes.HasPrefix(text, []byte("building")) {
			close(building)
			<-waiting // Holds the lock until the second one has said that it waits.
		}
	})
	said := &recorder{}
	var stillWaiting sync.Once
	second.heartbeat = time.Millisecond
	second.progress = writerFunc(func(text []byte) {
		_, _ = said.Write(text)
		if bytes.Contains(text, []byte("still waiting after")) {
			stillWaiting.Do(func() { close(waiting) })
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := first.path(t.Context(), hello()); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-building:
	case <-time.After(time.Minute):
		t.Fatal("the first build did not begin within a minute")
	}
	if _, err := second.path(t.Context(), hello()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if want := "hello v1.2.3: waiting for another process that is building\n"; !strings.HasPrefix(said.String(), want) {
		t.Errorf("progress %q, want %q first", said, want)
	}
	if strings.Contains(said.String(), "building hello") {
		t.Errorf("it was built twice: %q", said)
	}
}

func TestBuildHeartbeat(t *testing.T) {
	b, progress := newBuilder(t, helloSource)
	b.heartbeat = time.Millisecond
	if _, err := b.path(t.Context(), hello()); err != nil {
		t.Fatal(err)
	}
	if want := "hello v1.2.3: still building after 0s\n"; !strings.Contains(progress.String(), want) {
		t.Errorf("progress %q lacks %q", progress, want)
	}
}

func TestWithoutDownloads(t *testing.T) {
	out := "go: downloading example.com/a v1.0.0\ngo: downloading example.com/b v1.0.0\n# example.com/a\na.go:1: oops\n"
	if got, want := withoutDownloads(out), "# example.com/a\na.go:1: oops"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func wantOnlyLock(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != lockFile {
			t.Errorf("%s is left", entry.Name())
		}
	}
}

// A recorder is a buffer that several goroutines may write to.
type recorder struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *recorder) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(text)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Reset()
}

type writerFunc func(text []byte)

func (f writerFunc) Write(text []byte) (int, error) {
	f(text)
	return len(text), nil
}
