package cluster

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Addresses lie in 198.18.0.0/15, which RFC 2544 reserves for benchmarks: real
// networks have no routes there. Each cluster with a node has a number N:
//
//	198.18.N.0/30    the link: .1 is this machine, .2 the node
//	198.19.N.0/25    pods
//	198.19.N.128/25  Services
const (
	networks   = 256
	linkPrefix = "initguard" // A link's name has at most 15 bytes.
	// linkMost bounds one call of ip, linkGone how long the kernel may take to
	// remove the link of a node that ended.
	linkMost = 10 * time.Second
	linkGone = 30 * time.Second
)

// network is where a node is reached.
type network struct {
	link       string // this machine's end
	host, node string
	pods       string
	services   string
	firstIP    string // of the Services
}

func numbered(n int) network {
	return network{
		link: linkPrefix + strconv.Itoa(n),
		host: fmt.Sprintf("198.18.%d.1", n), node: fmt.Sprintf("198.18.%d.2", n),
		pods: fmt.Sprintf("198.19.%d.0/25", n), services: fmt.Sprintf("198.19.%d.128/25", n),
		firstIP: fmt.Sprintf("198.19.%d.129", n),
	}
}

// claimNetwork makes a link between this machine and the namespace of a
// process. The link's name claims its number: the kernel makes no two of the
// same name. The kernel removes it, and the routes over it, with the namespace.
func claimNetwork(ctx context.Context, pid int) (network, error) {
	for i := range networks {
		n := numbered(i)
		err := ip(ctx, "link", "add", n.link, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(pid))
		if err != nil && strings.Contains(err.Error(), "File exists") {
			continue
		}
		if err != nil {
			return network{}, err
		}
		return n, n.configure(ctx)
	}
	return network{}, fmt.Errorf("all %d networks are taken: remove links %s*", networks, linkPrefix)
}

// configure sets this machine's end up.
func (n network) configure(ctx context.Context) error {
	pods, _, _ := strings.Cut(n.pods, "/")
	for _, args := range [][]string{
		{"addr", "add", n.host + "/30", "dev", n.link},
		{"link", "set", n.link, "up"},
		{"route", "add", pods + "/24", "via", n.node}, // pods and Services
	} {
		if err := ip(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// inside are the commands that set the node's end up.
func (n network) inside() [][]string {
	return [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "addr", "add", n.node + "/30", "dev", "eth0"},
		{"ip", "link", "set", "eth0", "up"},
		{"ip", "route", "add", "default", "via", n.host},
	}
}

// gone waits until the link is. A node that was killed leaves it to the kernel.
func (n network) gone() error {
	ticker := time.NewTicker(pollReady)
	defer ticker.Stop()
	for deadline := time.Now().Add(linkGone); time.Now().Before(deadline); <-ticker.C {
		if _, err := net.InterfaceByName(n.link); err != nil {
			return nil // There is no such link.
		}
	}
	return fmt.Errorf("link %s is still there %v after its node ended: ip link delete %[1]s", n.link, linkGone)
}

func ip(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, linkMost)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
