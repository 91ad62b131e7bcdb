// Package binaries finds the programs that a test cluster consists of, and
// builds those that are not there yet from the versions pinned in
// test/cluster/pins.
//
// Programs are built once per version into the user's cache directory:
//
//	initguard/kube-apiserver-v1.37.2-linux-amd64-<hash>/kube-apiserver
//
// where the hash covers the pin's go.mod and go.sum and the build flags. A file
// lock keeps two processes from building at the same time. The environment
// variable KUBEBUILDER_ASSETS, as known from controller-runtime's envtest,
// names a folder with ready-made programs instead.
package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// AssetsVariable is the environment variable that names a folder with
// ready-made programs.
const AssetsVariable = "KUBEBUILDER_ASSETS"

// heartbeat is how often a build says that it is still going on.
const heartbeat = 15 * time.Second

// A Set holds the absolute paths of the programs of a control plane.
type Set struct {
	APIServer string
	Etcd      string
	Kubectl   string
}

// Options say where programs come from.
type Options struct {
	// Assets is a folder with ready-made programs. Empty means the value of
	// KUBEBUILDER_ASSETS, which is read here and nowhere else; when that is
	// empty too, programs are built.
	Assets string
	// Cache is the folder for programs that are built. Empty means the folder
	// initguard in os.UserCacheDir.
	Cache string
	// Progress is told what is being built, why it takes long, and that it
	// still goes on; nothing is written when nothing has to be built. Nil
	// means os.Stderr, because minutes of silence look like a hang.
	Progress io.Writer
}

// Find returns the programs of a control plane. Building them takes minutes the
// first time. It needs the go command, run inside this module or one that
// requires it, unless there is a folder with ready-made programs.
func Find(ctx context.Context, opts Options) (Set, error) {
	var set Set
	paths := []struct {
		name string
		path *string
	}{
		{"etcd", &set.Etcd}, // The fastest to build goes first.
		{"kube-apiserver", &set.APIServer},
		{"kubectl", &set.Kubectl},
	}
	for _, p := range paths {
		path, err := Path(ctx, p.name, opts)
		if err != nil {
			return Set{}, err
		}
		*p.path = path
	}
	return set, nil
}

// A NodeSet holds the absolute paths of the programs that make a control plane
// a cluster with a node, apart from what comes with the system (runc, CNI).
type NodeSet struct {
	ControllerManager string
	Scheduler         string
	Kubelet           string
	Proxy             string
	Containerd        string
	// Shim is containerd-shim-runc-v2, Ctr containerd's client.
	Shim string
	Ctr  string
}

// FindNode returns the programs of a node. They are built like those of [Find],
// never taken from ready-made ones: envtest's folders hold none of them.
func FindNode(ctx context.Context, opts Options) (NodeSet, error) {
	var set NodeSet
	paths := []struct {
		name string
		path *string
	}{
		{"containerd", &set.Containerd},
		{"containerd-shim-runc-v2", &set.Shim},
		{"ctr", &set.Ctr},
		{"kube-controller-manager", &set.ControllerManager},
		{"kube-scheduler", &set.Scheduler},
		{"kube-proxy", &set.Proxy},
		{"kubelet", &set.Kubelet},
	}
	for _, p := range paths {
		program, err := find(programs(), p.name)
		if err != nil {
			return NodeSet{}, err
		}
		if *p.path, err = build(ctx, program, opts); err != nil {
			return NodeSet{}, err
		}
	}
	return set, nil
}

// Programs that no cluster needs.
const (
	// PodSecurityWebhook is the Pod Security admission webhook, which initguard's
	// is measured beside.
	PodSecurityWebhook = "podsecurity-webhook"
	// Prometheus and its tool are what alerts and panels are tested on.
	Prometheus = "prometheus"
	Promtool   = "promtool"
)

// FindProgram returns one of those. It is built, never taken from ready-made
// ones.
func FindProgram(ctx context.Context, name string, opts Options) (string, error) {
	p, err := find(programs(), name)
	if err != nil {
		return "", err
	}
	return build(ctx, p, opts)
}

// Path returns the absolute path of one program, which is built like those of
// [Find].
func Path(ctx context.Context, name string, opts Options) (string, error) {
	p, err := find(programs(), name)
	if err != nil {
		return "", err
	}
	if opts.Assets == "" {
		opts.Assets = os.Getenv(AssetsVariable)
	}
	if opts.Assets != "" {
		return fromAssets(opts.Assets, name)
	}
	return build(ctx, p, opts)
}

func build(ctx context.Context, p program, opts Options) (string, error) {
	if opts.Cache == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("folder for built programs: %w", err)
		}
		opts.Cache = filepath.Join(cache, "initguard")
	}
	if opts.Progress == nil {
		opts.Progress = os.Stderr
	}
	pins, err := pinsFolder(ctx)
	if err != nil {
		return "", err
	}
	b := builder{pins: pins, cache: opts.Cache, progress: opts.Progress, heartbeat: heartbeat}
	return b.path(ctx, p)
}

// Own builds a program of this module, given by its folder there, into another
// folder and returns its path. It is built each time, which the go command's
// cache makes quick.
func Own(ctx context.Context, folder, into string) (string, error) {
	out, err := runGo(ctx, "", "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", folder, err)
	}
	path, err := filepath.Abs(filepath.Join(into, filepath.Base(folder)))
	if err != nil {
		return "", fmt.Errorf("build %s: %w", folder, err)
	}
	j := job{
		program: program{name: filepath.Base(folder), main: "./" + folder},
		folder:  strings.TrimSpace(string(out)), flags: program{}.flags(""),
	}
	if err := j.compile(ctx, into); err != nil {
		return "", fmt.Errorf("build %s: %w", folder, err)
	}
	return path, nil
}

func find(programs []program, name string) (program, error) {
	var names []string
	for _, p := range programs {
		if p.name == name {
			return p, nil
		}
		names = append(names, p.name)
	}
	return program{}, fmt.Errorf("program %q is not pinned; pinned are: %s", name, strings.Join(names, ", "))
}

func fromAssets(folder, name string) (string, error) {
	path, err := filepath.Abs(filepath.Join(folder, name))
	if err == nil {
		err = executable(path)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w; put %s into %s, or unset %s to build it from source",
			AssetsVariable, err, name, folder, AssetsVariable)
	}
	return path, nil
}

func executable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return &os.PathError{Op: "execute", Path: path, Err: errors.New("not an executable file")}
	}
	return nil
}
