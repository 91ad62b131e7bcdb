package proc

import (
	"bytes"
	"context"
	"fmt"
)

// maxGroups bounds the control groups that are remembered in one count: a
// process can make as many as it likes below its own. Beyond it each is read
// anew, which only takes longer.
const maxGroups = 1 << 14

// Tasks counts the threads of living processes in some pods, by the pods' UIDs,
// with all containers and what the runtime keeps in the pod's control group:
// what the kernel holds against the pod's PID limit, zombies aside.
//
// It takes a read for each process of the machine and one more for those of the
// pods, so that it is not for every scan.
func (r *Reader) Tasks(ctx context.Context, pods []string) (map[string]int, error) {
	c := census{reader: r, counts: make(map[string]int, len(pods)), pods: make(map[string]string)}
	for _, pod := range pods {
		c.counts[pod] = 0
	}
	if err := r.each(ctx, c.count); err != nil {
		return nil, fmt.Errorf("count the threads of pods: %w", err)
	}
	return c.counts, nil
}

// census is one count.
type census struct {
	reader *Reader
	counts map[string]int
	// pods are the pods of control groups that were met, "" for none that
	// counts. Processes of a container have the same text.
	pods map[string]string
}

func (c *census) count(pid int) error {
	r := c.reader
	digits := len(r.path)
	r.path = append(r.path, "/cgroup\x00"...)
	text, err := r.glance(r.path)
	if err != nil {
		return c.passing(pid, err)
	}
	pod := c.pod(text)
	if pod == "" {
		return nil
	}
	r.path = append(r.path[:digits], "/stat\x00"...)
	if text, err = r.glance(r.path); err != nil {
		return c.passing(pid, err)
	}
	st, err := parseStat(text)
	if err != nil {
		return fmt.Errorf("%d/stat: %w", pid, err)
	}
	if p := st.process(); !p.Exited() {
		// A leader that left is one that nobody can wait for: it still has its PID.
		c.counts[pod] += p.Threads
	}
	return nil
}

func (c *census) passing(pid int, err error) error {
	if err := passing(err); err != nil {
		return fmt.Errorf("%d: %w", pid, err)
	}
	return nil
}

// pod is the pod of a control group, if it counts.
func (c *census) pod(text []byte) string {
	if pod, ok := c.pods[string(text)]; ok { // without a copy
		return pod
	}
	pod := ""
	if bytes.Contains(text, []byte("pod")) {
		pod = parseCgroup(string(text)).Pod
	}
	if _, counts := c.counts[pod]; !counts {
		pod = ""
	}
	if len(c.pods) < maxGroups {
		c.pods[string(text)] = pod
	}
	return pod
}

// glance is read with one call less: the kernel gives a text of one record at
// once, as far as there is room for it.
func (r *Reader) glance(path []byte) ([]byte, error) {
	fd, err := openat(r.root, path)
	if err != nil {
		return nil, err
	}
	n, err := read(fd, r.text)
	shut(fd)
	if n == len(r.text) {
		return r.read(r.root, path)
	}
	return r.text[:n], err
}
