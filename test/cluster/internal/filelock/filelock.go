// Package filelock locks files between processes. The kernel drops a lock when
// its process ends, however it ends, so a held lock also says "my owner lives".
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// poll is how often [Acquire] asks again: flock(2) itself can't be cancelled.
const poll = 100 * time.Millisecond

// ErrHeld says that someone else holds the lock.
var ErrHeld = errors.New("held by another process")

// A Lock is an exclusive flock(2) on an open file.
type Lock struct {
	file *os.File
}

// Try takes the lock on path, which is created when it is missing. The error is
// [ErrHeld] when someone else holds it, in this process or in another one.
func Try(path string) (*Lock, error) {
	return try(path, os.O_CREATE)
}

// TryExisting is [Try] for a file that must be there: the error is
// os.ErrNotExist when it is not.
func TryExisting(path string) (*Lock, error) {
	return try(path, 0)
}

func try(path string, flag int) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|flag, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock file: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &Lock{file: file}, nil
	}
	if closeErr := file.Close(); closeErr != nil {
		return nil, fmt.Errorf("lock file: %w", closeErr)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrHeld
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// Acquire waits until it holds the lock on path or ctx ends. When it has to
// wait it calls waiting once, unless that is nil.
func Acquire(ctx context.Context, path string, waiting func()) (*Lock, error) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		lock, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return lock, err
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		case <-ticker.C:
		}
	}
}

// Release gives the lock up. The file stays: removing it would let two
// processes hold locks on two files of one name.
func (l *Lock) Release() error {
	return l.file.Close()
}
