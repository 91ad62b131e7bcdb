package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/initguard/initguard/cluster/mirrors"
	"github.com/initguard/initguard/imageinspect/mirror"
	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/webhook/config"
)

const (
	// caInterval is how often files of CAs are read.
	caInterval = 10 * time.Second
	// maxCABytes bounds such a file: the system's own bundle has a fifth of it.
	maxCABytes = 1 << 20
)

// network gives the registry client how registries are to be reached: by the
// configuration, by what the cluster says, and by files of CAs. It is made anew
// when one of them changes.
type network struct {
	config func() *config.Config
	// cluster gives what OpenShift's objects say; the same pointer as long as
	// they say the same.
	cluster func() *mirrors.State
	// ready is nil once it is known what the cluster says.
	ready func(*http.Request) error
	log   logr.Logger

	mu   sync.Mutex
	cas  map[string]caFile // by path
	made *reached
}

// caFile is what was read of a file.
type caFile struct {
	data []byte
	bad  bool // the last reading failed
}

// reached is what holds until something changes.
type reached struct {
	config  *config.Config
	cluster *mirrors.State

	registries []registry.Registry
	rules      *mirror.Rules
}

// newNetwork makes one for a cluster that says nothing.
func newNetwork(c func() *config.Config, log logr.Logger) *network {
	none := &mirrors.State{Rules: &mirror.Rules{}}
	return &network{config: c, cluster: func() *mirrors.State { return none }, log: log}
}

func (n *network) registries() []registry.Registry { return n.current().registries }

func (n *network) rules() *mirror.Rules { return n.current().rules }

func (n *network) proxyHosts() []string { return n.current().config.ProxyHosts }

// current is what holds now.
func (n *network) current() *reached {
	c, cluster := n.config(), n.cluster()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.made == nil || n.made.config != c || n.made.cluster != cluster {
		n.readCAs(c)
		n.made = n.build(c, cluster)
	}
	return n.made
}

// build puts the configuration over what the cluster says.
func (n *network) build(c *config.Config, cluster *mirrors.State) *reached {
	out := &reached{config: c, cluster: cluster, rules: c.Rules().Over(cluster.Rules)}
	if c.ImageStreams == config.ImageStreamsAuto {
		out.rules.Short = cluster.ImageStreams
	}
	own := map[string]bool{}
	for _, r := range registriesOf(c) {
		own[mirror.Host(r.Host)] = true
		entry, _ := c.Registry(r.Host)
		if entry.CAFile != "" {
			r.CAs = n.cas[entry.CAFile].data
		}
		if len(r.CAs) == 0 {
			r.CAs = cluster.CAs[r.Host]
		}
		out.registries = append(out.registries, r)
	}
	for host, cas := range cluster.CAs {
		if !own[mirror.Host(host)] {
			out.registries = append(out.registries, registry.Registry{Host: host, CAs: cas})
		}
	}
	return out
}

// run reads the files of CAs again and again until ctx ends.
func (n *network) run(ctx context.Context) error {
	ticker := time.NewTicker(caInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			n.refresh()
		}
	}
}

// refresh makes what holds anew if a file changed.
func (n *network) refresh() {
	c := n.config()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.readCAs(c) {
		n.made = nil
	}
}

// readCAs reads the files that a configuration names, and reports whether one
// changed. A file that can't be read keeps what it had: a registry that can't
// be verified is Unknown, never trusted.
func (n *network) readCAs(c *config.Config) (changed bool) {
	now := map[string]caFile{}
	for _, r := range c.Registries {
		if r.CAFile == "" {
			continue
		}
		former := n.cas[r.CAFile]
		data, err := readCA(r.CAFile)
		switch {
		case err != nil:
			if !former.bad { // told once
				n.log.Error(err, "CAs of a registry can't be read: what was there before stays in force", "registry", r.Host)
			}
			former.bad = true
			now[r.CAFile] = former
			continue
		case !bytes.Equal(data, former.data):
			changed = true
			n.log.Info("CAs of a registry read", "registry", r.Host, "path", r.CAFile)
		}
		now[r.CAFile] = caFile{data: data}
	}
	n.cas = now
	return changed
}

// readCA reads a regular file.
func readCA(path string) (data []byte, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("caFile: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("caFile: %s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("caFile: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, maxCABytes+1))
	if err != nil {
		return nil, fmt.Errorf("caFile: %w", err)
	}
	if len(data) > maxCABytes {
		return nil, fmt.Errorf("caFile: %s is larger than %d KiB", path, maxCABytes>>10)
	}
	return data, nil
}
