package configfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
)

// bench is a Watcher on a real file with a clock that the test moves.
type bench struct {
	*Watcher[sample]
	file    string
	ticks   chan time.Time
	reloads []error  // what the observer was told
	logged  []string // the log's lines
}

func (b *bench) Reloaded(err error) { b.reloads = append(b.reloads, err) }

// watch makes a Watcher of a file that holds the text.
func watch(t *testing.T, file, text string) *bench {
	t.Helper()
	write(t, file, text)
	return follow(t, file)
}

func follow(t *testing.T, file string) *bench {
	t.Helper()
	b := &bench{file: file, ticks: make(chan time.Time)}
	log := funcr.New(func(_, args string) { b.logged = append(b.logged, args) }, funcr.Options{})
	w, err := NewWatcher(file, format().Parse, WatcherOptions{Log: log, Observer: b, Ticks: b.ticks})
	if err != nil {
		t.Fatal(err)
	}
	b.Watcher = w
	return b
}

// tick runs the Watcher for one read of the file, and returns after it.
func (b *bench) tick(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	b.ticks <- time.Time{}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v after its context was done, want nil", err)
	}
}

// want checks what is in force and how often what was told.
func (b *bench) want(t *testing.T, when string, word Word, reloads, lines int) {
	t.Helper()
	if got := b.Current().Deep.Word; got != word {
		t.Errorf("%s: deep.word in force is %s, want %s", when, got, word)
	}
	if len(b.reloads) != reloads {
		t.Errorf("%s: the observer was told %q, want %d reloads", when, b.reloads, reloads)
	}
	if len(b.logged) != lines {
		t.Errorf("%s: logged %q, want %d lines", when, b.logged, lines)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func says(w Word) string { return head + "deep: {word: " + string(w) + "}\n" }

func TestWatcherReloads(t *testing.T) {
	b := watch(t, filepath.Join(t.TempDir(), "config.yaml"), says(red))
	b.want(t, "at start", red, 0, 0)
	b.tick(t)
	b.want(t, "unchanged", red, 0, 0)

	write(t, b.file, says(blue))
	b.tick(t)
	b.want(t, "changed", blue, 1, 1)
	if b.reloads[0] != nil {
		t.Errorf("a good change was told as %v", b.reloads[0])
	}

	write(t, b.file, says(blue)+"dep: {word: red}\n")
	b.tick(t)
	b.tick(t)
	b.want(t, "bad for two reads", blue, 2, 2)
	var all *Error
	if !errors.As(b.reloads[1], &all) || all.Faults[0].Line != 4 {
		t.Errorf("a bad change was told as %v, want an *Error of line 4", b.reloads[1])
	}
	if !strings.Contains(b.logged[1], `did you mean`) || !strings.Contains(b.logged[1], "the one before stays in force") {
		t.Errorf("a bad change was logged as %s", b.logged[1])
	}

	write(t, b.file, "kind: Other\n")
	b.tick(t)
	b.want(t, "bad in another way", blue, 3, 3)

	write(t, b.file, says(blue))
	b.tick(t)
	b.want(t, "as it was before", blue, 4, 4)
	if b.reloads[3] != nil {
		t.Errorf("good again was told as %v", b.reloads[3])
	}

	write(t, b.file, says(green))
	b.tick(t)
	b.want(t, "changed again", green, 5, 5)
}

func TestWatcherKeepsWhatItHasWithoutAFile(t *testing.T) {
	b := watch(t, filepath.Join(t.TempDir(), "config.yaml"), says(red))
	if err := os.Remove(b.file); err != nil {
		t.Fatal(err)
	}
	b.tick(t)
	b.tick(t)
	b.want(t, "removed", red, 1, 1)
	if !errors.Is(b.reloads[0], fs.ErrNotExist) {
		t.Errorf("a removed file was told as %v", b.reloads[0])
	}

	if err := os.Mkdir(b.file, 0o700); err != nil {
		t.Fatal(err)
	}
	b.tick(t)
	b.want(t, "a folder in its place", red, 2, 2)
	if err := os.Remove(b.file); err != nil {
		t.Fatal(err)
	}

	write(t, b.file, says(green))
	b.tick(t)
	b.want(t, "back", green, 3, 3)
}

func TestWatcherRefusesWhatIsTooLarge(t *testing.T) {
	b := watch(t, filepath.Join(t.TempDir(), "config.yaml"), says(red))
	write(t, b.file, says(blue)+"#"+strings.Repeat("x", MaxBytes))
	b.tick(t)
	b.want(t, "too large", red, 1, 1)
	if b.reloads[0] == nil || !strings.Contains(b.reloads[0].Error(), "is larger than") {
		t.Errorf("a file that is too large was told as %v", b.reloads[0])
	}
}

// TestWatcherFollowsAConfigMap swaps symlinks as the kubelet does: the file is
// a link through ..data, which is renamed over.
func TestWatcherFollowsAConfigMap(t *testing.T) {
	dir := t.TempDir()
	publish := func(version, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "config.yaml"), text)
		if err := os.Symlink(version, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	publish("..v1", says(red))
	file := filepath.Join(dir, "config.yaml")
	if err := os.Symlink(filepath.Join("..data", "config.yaml"), file); err != nil {
		t.Fatal(err)
	}
	b := follow(t, file)

	publish("..v2", says(blue))
	if err := os.RemoveAll(filepath.Join(dir, "..v1")); err != nil {
		t.Fatal(err)
	}
	b.tick(t)
	b.want(t, "swapped", blue, 1, 1)

	publish("..v3", "broken: [\n")
	b.tick(t)
	b.want(t, "swapped to a broken one", blue, 2, 2)

	publish("..v4", says(green))
	b.tick(t)
	b.want(t, "swapped to a good one", green, 3, 3)
}

func TestNewWatcherRefuses(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	write(t, bad, head+"deep: {word: pink}\n")
	for _, tt := range []struct{ name, file, want string }{
		{"a bad file", bad, bad + `:3: deep.word: "pink" is none of red, green, blue`},
		{"no file", filepath.Join(dir, "none.yaml"), "none.yaml: no such file"},
		{"a folder", dir, dir + " is not a regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, err := NewWatcher(tt.file, format().Parse, WatcherOptions{})
			if w != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewWatcher = %v, %v; want an error with %q", w, err, tt.want)
			}
		})
	}
}

// TestWatcherWithoutOptions runs on the real clock, without log or observer.
func TestWatcherWithoutOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	write(t, file, says(red))
	w, err := NewWatcher(file, format().Parse, WatcherOptions{Log: logr.Logger{}, Interval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	write(t, file, "broken: [\n")
	write(t, file, says(green))
	for w.Current().Deep.Word != green && ctx.Err() == nil {
		<-time.After(time.Millisecond)
	}
	if got := w.Current().Deep.Word; got != green {
		t.Errorf("deep.word in force is %s, want %s", got, green)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}
