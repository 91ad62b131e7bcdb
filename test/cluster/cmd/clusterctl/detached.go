package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/initguard/initguard/test/cluster/internal/filelock"
)

const (
	// pollDetached is the time between two looks at a cluster in the background,
	// stopMost how long it may take to end.
	pollDetached = 100 * time.Millisecond
	stopMost     = time.Minute
)

// detached are the files of the cluster in the background. Its owner holds the
// lock, which the kernel drops when the owner ends.
type detached struct{ lock, pid, out string }

func detachedFiles() (detached, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return detached{}, err
	}
	dir := filepath.Join(cache, "initguard", "detached")
	return detached{lock: filepath.Join(dir, "lock"), pid: filepath.Join(dir, "pid"), out: filepath.Join(dir, "out")}, os.MkdirAll(dir, 0o700)
}

// startDetached starts this program again as the owner of a cluster, and leaves
// it running.
func startDetached(ctx context.Context, stdout io.Writer) error {
	files, err := detachedFiles()
	if err != nil {
		return err
	}
	lock, err := filelock.Try(files.lock)
	if errors.Is(err, filelock.ErrHeld) {
		return fmt.Errorf("one runs already: clusterctl stop ends it; its output is %s", files.out)
	}
	if err != nil {
		return err
	}
	if err := lock.Release(); err != nil { // for the owner
		return err
	}
	out, err := os.Create(files.out)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // the owner has it
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-node", "-hold", files.lock, "up") //nolint:noctx // this program; it outlives the context
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := os.WriteFile(files.pid, []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return awaitDetached(ctx, files, cmd.Process, ended, stdout)
}

// awaitDetached waits for the line that says where the kubeconfig is.
func awaitDetached(ctx context.Context, files detached, owner *os.Process, ended <-chan error, stdout io.Writer) error {
	ticker := time.NewTicker(pollDetached)
	defer ticker.Stop()
	for {
		text, err := os.ReadFile(files.out)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "export KUBECONFIG=") {
				_, err := io.WriteString(stdout, line)
				return err
			}
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the cluster ended: %w\n%s", err, text)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), owner.Signal(syscall.SIGTERM))
		case <-ticker.C:
		}
	}
}

// stopDetached asks the owner to end the cluster and waits for it.
func stopDetached(ctx context.Context, stderr io.Writer) error {
	files, err := detachedFiles()
	if err != nil {
		return err
	}
	held := func() (bool, error) {
		lock, err := filelock.Try(files.lock)
		if errors.Is(err, filelock.ErrHeld) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		return false, lock.Release()
	}
	runs, err := held()
	if err != nil {
		return err
	}
	if !runs {
		fmt.Fprintln(stderr, "no cluster runs in the background")
		return nil
	}
	text, err := os.ReadFile(files.pid)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		return fmt.Errorf("%s: %w", files.pid, err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopMost)
	defer cancel()
	ticker := time.NewTicker(pollDetached)
	defer ticker.Stop()
	for runs {
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d still runs: %w; see %s", pid, ctx.Err(), files.out)
		case <-ticker.C:
		}
		if runs, err = held(); err != nil {
			return err
		}
	}
	return nil
}
