//go:build !linux

package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// psTimeout bounds one call of ps.
const psTimeout = 10 * time.Second

// attributes puts a child into a process group of its own, so that Ctrl-C in a
// terminal reaches only the owner, which ends its children in order. Children
// of a killed owner run until the next sweep.
func attributes(isolated bool) (*syscall.SysProcAttr, error) {
	if isolated {
		return nil, errors.New("namespaces need Linux")
	}
	return &syscall.SysProcAttr{Setpgid: true}, nil
}

// identify returns the identity of a running process, or errGone. Its start
// time is exact to the second.
func identify(pid int) (identity, error) {
	ctx, cancel := context.WithTimeout(context.Background(), psTimeout)
	defer cancel()
	ps := exec.CommandContext(ctx, "ps", "-o", "stat=", "-o", "lstart=", "-p", strconv.Itoa(pid))
	ps.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/bin:/usr/bin"}
	out, err := ps.Output()
	processState, started, found := bytes.Cut(bytes.TrimSpace(out), []byte(" "))
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && len(out) == 0:
		return "", errGone // ps says so by its exit status alone.
	case err != nil:
		return "", fmt.Errorf("ps: %w", err)
	case !found:
		return "", fmt.Errorf("ps: can't read %q", out)
	case bytes.HasPrefix(processState, []byte("Z")):
		return "", errGone
	}
	return identity(bytes.TrimSpace(started)), nil
}
