package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/cluster/process"
)

// startTimeout bounds a start without the building of programs. It takes
// seconds on an idle machine.
const startTimeout = 2 * time.Minute

// Options say what to start. The zero value is a control plane with defaults.
type Options struct {
	// Binaries are the programs to run. The zero value means those that
	// binaries.Find finds or builds.
	Binaries binaries.Set
	// Progress is told about the building of programs; see binaries.Options.
	Progress io.Writer
	// Root is the folder that holds a folder for each cluster. Empty means
	// initguard/clusters in os.UserCacheDir: on a disk, since etcd reserves
	// 128 MiB a cluster, which a temporary folder may take out of memory.
	Root string
	// ServiceAccountAdmission turns the admission plugin ServiceAccount on.
	// Pods are then refused until somebody creates their ServiceAccount, and
	// have its pull secrets and a token volume afterwards.
	ServiceAccountAdmission bool
	// Node adds a node, on which pods run; nil means a control plane alone. It
	// takes Linux and root, and turns ServiceAccountAdmission on.
	Node *NodeOptions
	// NodeBinaries are the node's programs, like Binaries.
	NodeBinaries binaries.NodeSet
	// APIServerArgs are more flags for kube-apiserver. They come last, so they
	// win. Relative paths in them start at the cluster's Dir.
	APIServerArgs []string
}

// A Cluster is a running control plane. Its fields must not be changed.
type Cluster struct {
	// Dir is the folder of this cluster alone: absolute, gone after Stop.
	Dir string
	// Server is the URL of the API server.
	Server string
	// CA holds the certificate, in PEM, that the API server's is signed with.
	CA []byte
	// Binaries are the programs of this cluster.
	Binaries binaries.Set
	// Node is the cluster's node; nil when it was started without.
	Node *Node

	group   *process.Group
	started []*process.Process // what isn't a starter's own
	exited  chan error
	api     restartable
}

// Start starts a control plane and returns when it is ready and the namespace
// "default" exists. The context bounds the start only; the cluster runs until
// [Cluster.Stop] or the end of this process. When a component fails, the last
// lines of its log are part of the error.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	return start(ctx, opts, freePort)
}

func start(ctx context.Context, opts Options, port func() (int, error)) (*Cluster, error) {
	set := opts.Binaries
	if set == (binaries.Set{}) {
		found, err := binaries.Find(ctx, binaries.Options{Progress: opts.Progress})
		if err != nil {
			return nil, fmt.Errorf("start a cluster: %w", err)
		}
		set = found
	}
	root, err := rootFolder(opts.Root)
	if err != nil {
		return nil, fmt.Errorf("start a cluster: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	group, err := process.New(ctx, root, "cluster")
	if err != nil {
		return nil, fmt.Errorf("start a cluster: %w", err)
	}
	c := &Cluster{Dir: group.Dir, Binaries: set, group: group, exited: make(chan error, 1)}
	if err := c.run(ctx, opts, port); err != nil {
		logs := ""
		if opts.Node != nil {
			logs = "\n" + c.Logs(logLines)
		}
		return nil, fmt.Errorf("start a cluster: %w%s", errors.Join(err, c.end(group.Fail)), logs)
	}
	return c, nil
}

func rootFolder(root string) (string, error) {
	if root != "" {
		return root, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("state folder: %w", err)
	}
	return filepath.Join(cache, "initguard", "clusters"), nil
}

// run starts the components in order.
func (c *Cluster) run(ctx context.Context, opts Options, port func() (int, error)) error {
	plane := controlPlane{dir: c.Dir, binaries: c.Binaries, options: opts}
	if opts.Node != nil {
		node, err := c.startNode(ctx, opts)
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		c.Node, plane.network = node, &node.network
	}
	credentials, err := writePKI(filepath.Join(c.Dir, pkiFolder), plane.host(), plane.firstServiceIP())
	if err != nil {
		return err
	}
	client, err := credentials.httpClient()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	s := starter{group: c.group, client: client, freePort: port, started: c.started}

	etcdPort, err := s.start(ctx, plane.etcd, loopback, "/readyz")
	if err != nil {
		return err
	}
	apiServer := func(port int) process.Spec { return plane.apiServer(port, etcdPort) }
	serverPort, err := s.start(ctx, apiServer, plane.host(), "/readyz")
	if err != nil {
		return err
	}
	if err := s.await(ctx, apiServerName, plane.host(), serverPort, "/api/v1/namespaces/default"); err != nil {
		return err
	}
	c.Server = "https://" + net.JoinHostPort(plane.host(), strconv.Itoa(serverPort))
	c.CA = credentials.ca
	c.api = restartable{process: s.started[len(s.started)-1], spec: apiServer(serverPort)}
	if c.Node != nil {
		if err := c.join(ctx, &s, credentials, serverPort); err != nil {
			return fmt.Errorf("node: %w", err)
		}
	}
	s.watch(c.exited)
	return c.writeKubeconfig(credentials)
}

func (c *Cluster) writeKubeconfig(credentials credentials) error {
	data, err := kubeconfig(c.Server, c.CA, adminUser, credentials.admin)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Kubeconfig(), data, 0o600); err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	return nil
}

// Kubeconfig returns the path of a kubeconfig whose user is in system:masters.
func (c *Cluster) Kubeconfig() string {
	return filepath.Join(c.Dir, kubeconfigFile)
}

// Kubectl returns a kubectl command of the cluster's version, to be run by the
// caller, that talks to this cluster. Neither the user's preferences nor what a
// former cluster on the same port had change what it does.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Binaries.Kubectl, args...)
	cmd.Env = append(os.Environ(),
		"KUBECONFIG="+c.Kubeconfig(),
		"KUBECACHEDIR="+filepath.Join(c.Dir, kubectlCache),
		"KUBERC=off")
	return cmd
}

// Logs returns the last lines of each component's log, for a test that failed.
// The whole logs are Dir/logs/*.log until Stop.
func (c *Cluster) Logs(lines int) string {
	return c.group.Logs(lines)
}

// Exited delivers one error when a component ends before Stop.
func (c *Cluster) Exited() <-chan error {
	return c.exited
}

// Stop ends the components and removes Dir. It takes at most some 20 seconds a
// component, normally about one altogether. Calling it again does nothing.
func (c *Cluster) Stop() error {
	if err := c.end(c.group.Stop); err != nil {
		return fmt.Errorf("stop the cluster: %w", err)
	}
	return nil
}

// end ends the components and what the node has on this machine.
func (c *Cluster) end(group func() error) error {
	if c.Node == nil {
		return group()
	}
	// The node goes first: the API server's end waits for its watches.
	return errors.Join(c.Node.forward.close(), c.Node.first.Stop(), group(), c.Node.network.gone())
}
