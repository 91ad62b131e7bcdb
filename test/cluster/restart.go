package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/initguard/initguard/test/cluster/nodeplan"
	"github.com/initguard/initguard/test/cluster/process"
)

// restartable is a component and how it was started.
type restartable struct {
	process *process.Process
	spec    process.Spec
}

// RestartAPIServer ends kube-apiserver and starts it again at the same address,
// and returns when it answers. Watches and connections end with it.
func (c *Cluster) RestartAPIServer(ctx context.Context) error {
	if err := c.api.process.Stop(); err != nil {
		return fmt.Errorf("restart %s: %w", apiServerName, err)
	}
	p, err := c.group.Start(c.api.spec)
	if err != nil {
		return fmt.Errorf("restart %s: %w", apiServerName, err)
	}
	c.api.process = p
	s := starter{started: []*process.Process{p}}
	s.watch(c.exited)
	return poll(ctx, apiServerName, func() error {
		if err := p.Err(); err != nil {
			return errors.Join(errStop, err)
		}
		out, err := c.Kubectl(ctx, "get", "--raw", "/readyz").CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
}

// The components of a node that can be restarted.
const (
	Kubelet    = "kubelet"
	Containerd = "containerd"
)

// Restart kills a component of the node with SIGKILL, as when it crashes, and
// returns when it was started again; whether it works is another question. Pods
// and their processes stay.
func (n *Node) Restart(ctx context.Context, component string) error {
	path, ok := map[string]string{Kubelet: n.set.Kubelet, Containerd: n.set.Containerd}[component]
	if !ok {
		return fmt.Errorf("restart: a node has no component %q", component)
	}
	before, err := n.find(path)
	if err != nil {
		return fmt.Errorf("restart %s: %w", component, err)
	}
	if err := os.WriteFile(n.path(nodeplan.RestartFile(component)), nil, 0o600); err != nil {
		return fmt.Errorf("restart %s: %w", component, err)
	}
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		return fmt.Errorf("restart %s: %w", component, err)
	}
	return poll(ctx, component, func() error {
		now, err := n.find(path)
		if err == nil && now == before {
			err = errors.New("it is not gone yet")
		}
		return err
	})
}

// find is the PID, as this machine sees it, of the component that runs a program:
// a child of the node's first process.
func (n *Node) find(program string) (int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, file := range stats {
		exe, err := os.Readlink(filepath.Join(filepath.Dir(file), "exe"))
		if err != nil || exe != program {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		_, rest, _ := bytes.Cut(text, []byte(") "))
		if fields := bytes.Fields(rest); len(fields) > 1 && string(fields[1]) == strconv.Itoa(n.PID) {
			return strconv.Atoi(filepath.Base(filepath.Dir(file)))
		}
	}
	return 0, fmt.Errorf("no %s runs", filepath.Base(program))
}
