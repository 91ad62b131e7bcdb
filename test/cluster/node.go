package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/cluster/process"
)

// NodeName is the name of a cluster's one node.
const NodeName = "node"

// NodeOptions say what the node is like. The zero value is one with defaults.
type NodeOptions struct {
	// PodPIDs is how many processes a pod may have; 0 means no limit.
	PodPIDs int
}

// A Node is the one node of a cluster: kubelet, containerd and kube-proxy in
// namespaces of their own, below one process.
type Node struct {
	// IP is the node's address, HostIP this machine's as the node and its pods
	// see it. Each reaches the other; nobody else reaches the node.
	IP, HostIP string
	// PID is the node's first process, as this machine sees it.
	PID int
	// Containerd and NRI are containerd's sockets, to be used from outside.
	Containerd, NRI string
	// Cgroup is the control group that holds the pods', below every hierarchy's
	// mount point.
	Cgroup string

	dir     string
	set     binaries.NodeSet
	network network
	options NodeOptions
	forward forwarder
	first   *process.Process
}

// Names below the node's folder.
const (
	nodeFolder   = "node"
	nodeInitName = "nodeinit"
	planFile     = "plan.json"
	// PauseImage is what sandboxes run, and the only image that every node has.
	PauseImage     = "initguard.test/pause:1"
	pauseArchive   = "pause.tar"
	containerdSock = "/run/containerd/containerd.sock"
	nriSock        = "/run/nri/nri.sock"
)

// startNode starts what a node needs before there is an API server: its
// namespaces, its link to this machine, and containerd.
func (c *Cluster) startNode(ctx context.Context, opts Options) (*Node, error) {
	hierarchies, err := usableCgroups()
	if err != nil {
		return nil, err
	}
	n := &Node{dir: filepath.Join(c.Dir, nodeFolder), options: *opts.Node, Cgroup: "/initguard-" + filepath.Base(c.Dir)}
	n.Containerd, n.NRI = n.dir+containerdSock, n.dir+nriSock
	if os.Geteuid() != 0 {
		return nil, errors.New("it takes root: it makes namespaces, mounts and control groups")
	}
	if err := visible(n.dir); err != nil {
		return nil, err
	}
	if n.set, err = nodeBinaries(ctx, opts); err != nil {
		return nil, err
	}
	if err := os.Mkdir(n.dir, 0o755); err != nil {
		return nil, err
	}
	if err := buildNodeInit(ctx, n.dir); err != nil {
		return nil, err
	}
	var groups []string
	for _, h := range hierarchies {
		groups = append(groups, filepath.Join(h, n.Cgroup))
	}
	if err := c.group.Own(groups...); err != nil {
		return nil, err
	}
	first, err := c.group.Start(process.Spec{
		Name: nodeFolder, Path: filepath.Join(n.dir, nodeInitName), Args: []string{"run", n.path(planFile)},
		Env: []string{"PATH=" + systemPath}, Grace: stopGrace, Isolated: true,
	})
	if err != nil {
		return nil, err
	}
	n.PID = first.PID()
	if n.network, err = claimNetwork(ctx, n.PID); err != nil {
		return nil, err
	}
	n.IP, n.HostIP = n.network.node, n.network.host
	n.first = first
	c.started = append(c.started, first)
	if err := n.prepare(filepath.Join(c.Dir, "logs")); err != nil {
		return nil, err
	}
	return n, nil
}

func nodeBinaries(ctx context.Context, opts Options) (binaries.NodeSet, error) {
	if opts.NodeBinaries != (binaries.NodeSet{}) {
		return opts.NodeBinaries, nil
	}
	return binaries.FindNode(ctx, binaries.Options{Progress: opts.Progress})
}

// path is a path below the node's folder; it is the same inside the node.
func (n *Node) path(name string) string { return filepath.Join(n.dir, name) }

// visible refuses folders that a node couldn't see: it has its own in these
// places.
func visible(dir string) error {
	for _, hidden := range nodeFolders() {
		if strings.HasPrefix(dir, hidden+"/") {
			return fmt.Errorf("state folder %s: a node has its own %s; set XDG_CACHE_HOME to another place", dir, hidden)
		}
	}
	return nil
}

// buildNodeInit builds the node's first process, which is its pods' too.
func buildNodeInit(ctx context.Context, dir string) error {
	path, err := binaries.Own(ctx, "test/cluster/cmd/nodeinit", dir)
	if err != nil {
		return err
	}
	return writePauseArchive(filepath.Join(dir, pauseArchive), path)
}

// join makes the node part of the cluster, and waits until it is ready.
func (c *Cluster) join(ctx context.Context, s *starter, credentials credentials, apiPort int) error {
	n := c.Node
	controllers, err := c.startControllers(credentials)
	s.started = append(s.started, controllers...)
	if err != nil {
		return err
	}
	if err := n.writeCredentials(c.Server, credentials); err != nil {
		return err
	}
	if err := n.importPause(ctx); err != nil {
		return err
	}
	if err := s.await(ctx, "service account default", n.HostIP, apiPort, "/api/v1/namespaces/default/serviceaccounts/default"); err != nil {
		return err
	}
	return n.awaitReady(ctx, s, c.Server)
}

// importPause gives containerd the image of the pods' sandboxes.
func (n *Node) importPause(ctx context.Context) error {
	if err := poll(ctx, "containerd", func() error { _, err := os.Stat(n.Containerd); return err }); err != nil {
		return err
	}
	out, err := n.Ctr(ctx, "images", "import", n.path(pauseArchive)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("import the pause image: %w\n%s", err, out)
	}
	return nil
}

// Ctr returns a command of containerd's client, to be run by the caller, that
// sees what the kubelet's containers see.
func (n *Node) Ctr(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, n.set.Ctr, append([]string{"--address", n.Containerd, "--namespace", "k8s.io"}, args...)...)
}

// awaitReady waits until the node says that it takes pods.
func (n *Node) awaitReady(ctx context.Context, s *starter, server string) error {
	return poll(ctx, "the node", func() error {
		for _, p := range s.started {
			if err := p.Err(); err != nil {
				return errors.Join(errStop, err)
			}
		}
		return ready(ctx, s.client, server+"/api/v1/nodes/"+NodeName)
	})
}

func ready(ctx context.Context, client *http.Client, url string) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	var node struct {
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&node); err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" && condition.Status == "True" {
			return nil
		}
		if condition.Type == "Ready" {
			return errors.New(condition.Message)
		}
	}
	return fmt.Errorf("%s has no condition yet", NodeName)
}

// errStop ends a poll early.
var errStop = errors.New("it can't become ready any more")

// poll asks until there is no error, within the context's time.
func poll(ctx context.Context, what string, ask func() error) error {
	ticker := time.NewTicker(pollReady)
	defer ticker.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if errors.Is(err, errStop) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %w", what, ctx.Err(), err)
		case <-ticker.C:
		}
	}
}
