//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/e2e/podproc"
)

// ownerVariable makes the test binary a program that owns a cluster under that
// folder and never cleans up.
const ownerVariable = "INITGUARD_E2E_OWNER"

func own(root string) {
	c, err := cluster.Start(context.Background(), cluster.Options{Root: root, Node: &cluster.NodeOptions{}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := runPod(c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.Dir)
	_, _ = io.Copy(io.Discard, os.Stdin) // Ends when the test does.
	os.Exit(1)
}

// runPod runs a pod of the only image that every node has.
func runPod(c *cluster.Cluster) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyMost)
	defer cancel()
	for _, args := range [][]string{
		{"run", "pause", "--image=" + cluster.PauseImage, "--image-pull-policy=Never", "--restart=Never"},
		{"wait", "pod/pause", "--for=condition=Ready", "--timeout=2m"},
	} {
		if out, err := c.Kubectl(ctx, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("kubectl %q: %w: %s", args, err, out)
		}
	}
	return nil
}

func contains(text []byte, part string) bool { return bytes.Contains(text, []byte(part)) }

// leftovers lists what a cluster with this folder has left on this machine.
func leftovers(dir string) []string {
	var left []string
	add := func(format string, args ...any) { left = append(left, fmt.Sprintf(format, args...)) }
	all, err := podproc.Read()
	if err != nil {
		add("%v", err)
	}
	for pid := range all {
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		cgroup, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
		if pid != os.Getpid() && (contains(cmdline, dir) || contains(cgroup, filepath.Base(dir))) {
			add("process %d %s", pid, bytes.ReplaceAll(cmdline, []byte{0}, []byte{' '}))
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		add("%v", err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, dir) {
			add("mount %s", line)
		}
	}
	groups, err := filepath.Glob("/sys/fs/cgroup/*/initguard-" + filepath.Base(dir))
	whole, _ := filepath.Glob("/sys/fs/cgroup/initguard-" + filepath.Base(dir))
	if err != nil {
		add("%v", err)
	}
	for _, group := range append(groups, whole...) {
		add("control group %s", group)
	}
	if _, err := os.Stat(dir); err == nil {
		add("folder %s", dir)
	}
	return left
}

// host is what a node must not change on this machine.
func host(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		fmt.Fprintln(&text, "link", link.Name)
	}
	spaces, _ := filepath.Glob("/run/netns/*")
	fmt.Fprintln(&text, "namespaces", spaces)
	for _, argv := range [][]string{{"nft", "list", "ruleset"}, {"iptables-save"}, {"ip", "route"}} {
		out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
		for line := range strings.Lines(string(out)) {
			if !strings.HasPrefix(line, "#") { // iptables-save writes the time.
				text.WriteString(argv[0] + " " + line)
			}
		}
	}
	for _, name := range []string{"vm/overcommit_memory", "kernel/panic", "net/ipv4/ip_forward"} {
		value, err := os.ReadFile(filepath.Join("/proc/sys", name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "%s %s", name, value)
	}
	return text.String()
}

// TestKilledOwner kills the owner of a second cluster, whose node runs pods side
// by side with the first: nothing of it may stay once the next start has swept.
func TestKilledOwner(t *testing.T) {
	root := t.TempDir()
	before := host(t)
	owner, dir := startOwner(t, root)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()
	next, err := cluster.Start(t.Context(), cluster.Options{Root: root}) // sweeps
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Stop(); err != nil {
		t.Error(err)
	}
	await(t, reapMost, "the kernel removes the link", func() (bool, string) {
		after := host(t)
		return after == before, fmt.Sprintf("before:\n%s\nafter:\n%s", before, after)
	})
	if left := leftovers(dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// startOwner starts a cluster in a process of its own and returns its folder.
func startOwner(t *testing.T, root string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), ownerVariable+"="+root)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := stdout.Read(line)
	if err != nil {
		t.Fatalf("the owner said nothing: %v", err)
	}
	t.Logf("the second cluster was ready after %v", time.Since(began).Round(100*time.Millisecond))
	return cmd, strings.TrimSpace(string(line[:n]))
}
