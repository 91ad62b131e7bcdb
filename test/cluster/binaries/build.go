package binaries

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/initguard/initguard/test/cluster/internal/filelock"
)

const (
	lockFile = "build.lock"
	// unfinished starts the names of folders that are being built into.
	unfinished = ".build-"
	// stopGrace is how long an interrupted go command may take to end.
	stopGrace = 10 * time.Second
)

// A builder builds programs from pins into a cache.
type builder struct {
	pins      string
	cache     string
	progress  io.Writer
	heartbeat time.Duration
}

// A job is one program in the version that is pinned now.
type job struct {
	program program
	version string
	flags   []string
	folder  string // Where the go.mod is.
	target  string // The folder that will hold the executable.
}

func (j job) String() string {
	return j.program.name + " " + j.version
}

// path returns the path of the program, which is built when it is not cached.
func (b builder) path(ctx context.Context, p program) (path string, err error) {
	j, err := b.plan(ctx, p)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.name, err)
	}
	path = filepath.Join(j.target, p.name)
	if executable(path) == nil {
		return path, nil
	}
	lock, err := b.lock(ctx, j)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", j, err)
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if executable(path) == nil {
		return path, nil // Another process built it meanwhile.
	}
	return path, b.build(ctx, j)
}

func (b builder) plan(ctx context.Context, p program) (job, error) {
	cache, err := filepath.Abs(b.cache)
	if err != nil {
		return job{}, err
	}
	folder := filepath.Join(b.pins, p.pin)
	version, err := pinnedVersion(ctx, folder, p.versioned)
	if err != nil {
		return job{}, err
	}
	flags := p.flags(version)
	hash, err := pinHash(folder, flags)
	if err != nil {
		return job{}, err
	}
	name := strings.Join([]string{p.name, version, runtime.GOOS, runtime.GOARCH, hash}, "-")
	return job{program: p, version: version, flags: flags, folder: folder, target: filepath.Join(cache, name)}, nil
}

// lock makes sure that this process alone builds: two builds at once take
// longer than one after the other, which finds the packages compiled.
func (b builder) lock(ctx context.Context, j job) (*filelock.Lock, error) {
	if err := os.MkdirAll(b.cache, 0o700); err != nil {
		return nil, err
	}
	stop := func() {}
	defer func() { stop() }()
	return filelock.Acquire(ctx, filepath.Join(b.cache, lockFile), func() {
		fmt.Fprintf(b.progress, "%s: waiting for another process that is building\n", j)
		stop = b.every(func(elapsed time.Duration) {
			fmt.Fprintf(b.progress, "%s: still waiting after %v\n", j, elapsed)
		})
	})
}

func (b builder) build(ctx context.Context, j job) error {
	if err := b.removeUnfinished(); err != nil {
		return fmt.Errorf("build %s: %w", j, err)
	}
	folder, err := os.MkdirTemp(b.cache, unfinished)
	if err != nil {
		return fmt.Errorf("build %s: %w", j, err)
	}
	fmt.Fprintf(b.progress, "building %s from source, once; %s\n", j, j.program.takes)
	stop := b.every(func(elapsed time.Duration) {
		fmt.Fprintf(b.progress, "%s: still building after %v\n", j, elapsed)
	})
	start := time.Now()
	err = j.compile(ctx, folder)
	stop()
	if err == nil {
		err = errors.Join(os.RemoveAll(j.target), os.Rename(folder, j.target))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("build %s: %w", j, err), os.RemoveAll(folder))
	}
	fmt.Fprintf(b.progress, "built %s in %v\n", j, time.Since(start).Round(time.Second))
	return nil
}

// removeUnfinished removes what builds that were killed left. The caller holds
// the lock, so nobody works there.
func (b builder) removeUnfinished() error {
	left, err := filepath.Glob(filepath.Join(b.cache, unfinished+"*"))
	if err != nil {
		return err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	return nil
}

func (j job) compile(ctx context.Context, folder string) error {
	args := append([]string{"build"}, j.flags...)
	args = append(args, "-o", filepath.Join(folder, j.program.name), j.program.main)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = j.folder
	cmd.Env = environment()
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.Stderr = &out
	// An interrupted go command ends its compilers and removes what it wrote.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopGrace
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w\ncommand: cd %s && CGO_ENABLED=0 go %s\n%s", err, j.folder, quote(args), withoutDownloads(out.String()))
	}
	return nil
}

// every calls the function at each heartbeat, until stop is called.
func (b builder) every(call func(elapsed time.Duration)) (stop func()) {
	start := time.Now()
	ticker := time.NewTicker(b.heartbeat)
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		defer ticker.Stop()
		for {
			select {
			case <-stopping:
				return
			case <-ticker.C:
				call(time.Since(start).Round(time.Second))
			}
		}
	}()
	return func() {
		close(stopping)
		<-stopped
	}
}

// quote writes arguments so that a shell takes them apart again. None of ours
// holds a single quote.
func quote(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if strings.ContainsAny(arg, " \t$*") {
			quoted[i] = "'" + arg + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// withoutDownloads drops the lines that tell which modules were fetched: they
// are hundreds, and what went wrong stands after them.
func withoutDownloads(out string) string {
	var kept strings.Builder
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "go: downloading ") {
			kept.WriteString(line)
		}
	}
	return strings.TrimSpace(kept.String())
}
