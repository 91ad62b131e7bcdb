package binaries

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// module is this module's path, as the go command knows it.
const module = "github.com/initguard/initguard"

// goTimeout bounds the go commands that only read files.
const goTimeout = time.Minute

// A program is one executable that a pin holds.
type program struct {
	name string
	// pin is the folder in test/cluster/pins whose go.mod pins it.
	pin string
	// main is the package to build, versioned the module whose version is the
	// program's.
	main      string
	versioned string
	// stamp is the string variable that takes the version, if there is one:
	// a build from the module cache knows no tag.
	stamp string
	// tags are build tags that leave out what is not needed.
	tags string
	// takes is how long a build takes when nothing is cached.
	takes string
}

func programs() []program {
	const kubernetes = "k8s.io/kubernetes"
	const kubernetesStamp = "k8s.io/component-base/version.gitVersion"
	const etcd = "go.etcd.io/etcd/server/v3"
	const podSecurity = "k8s.io/pod-security-admission"
	const containerd = "github.com/containerd/containerd/v2"
	const containerdStamp = containerd + "/version.Version"
	all := []program{
		{
			name: "etcd", pin: "etcd", main: etcd, versioned: etcd,
			takes: "about 40 seconds on 2 cores",
		},
		{
			name: "kube-apiserver", pin: "kubernetes", main: kubernetes + "/cmd/kube-apiserver", versioned: kubernetes,
			stamp: kubernetesStamp, takes: "about 7 minutes on 2 cores",
		},
		{
			name: "kubectl", pin: "kubernetes", main: kubernetes + "/cmd/kubectl", versioned: kubernetes,
			stamp: kubernetesStamp, takes: "about a minute on 2 cores after kube-apiserver",
		},
		{
			name: "kube-controller-manager", pin: "kubernetes", main: kubernetes + "/cmd/kube-controller-manager", versioned: kubernetes,
			stamp: kubernetesStamp, takes: "about a minute on 2 cores after kube-apiserver",
		},
		{
			name: "kube-scheduler", pin: "kubernetes", main: kubernetes + "/cmd/kube-scheduler", versioned: kubernetes,
			stamp: kubernetesStamp, takes: "about a minute on 2 cores after kube-apiserver",
		},
		{
			name: "kube-proxy", pin: "kubernetes", main: kubernetes + "/cmd/kube-proxy", versioned: kubernetes,
			stamp: kubernetesStamp, takes: "about a minute on 2 cores after kube-apiserver",
		},
		{
			name: "kubelet", pin: "kubernetes", main: kubernetes + "/cmd/kubelet", versioned: kubernetes,
			stamp: kubernetesStamp, takes: "about 2 minutes on 2 cores after kube-apiserver",
		},
		{
			name: "containerd", pin: "containerd", main: containerd + "/cmd/containerd", versioned: containerd,
			stamp: containerdStamp, takes: "about a minute on 2 cores",
		},
		{
			name: "containerd-shim-runc-v2", pin: "containerd", main: containerd + "/cmd/containerd-shim-runc-v2", versioned: containerd,
			stamp: containerdStamp, takes: "seconds after containerd",
		},
		{
			name: "ctr", pin: "containerd", main: containerd + "/cmd/ctr", versioned: containerd,
			stamp: containerdStamp, takes: "seconds after containerd",
		},
		{
			name: PodSecurityWebhook, pin: "podsecurity", main: podSecurity + "/cmd/webhook", versioned: podSecurity,
			stamp: kubernetesStamp, takes: "a minute or two on 2 cores",
		},
		{
			name: CertManager, pin: certManagerPin, main: module + "/test/cluster/pins/" + certManagerPin, versioned: certManagerModule,
			takes: "about 3 minutes on 2 cores",
		},
	}
	return append(all, prometheusPrograms()...)
}

// prometheusPrograms are those that alerts and panels are tested on.
func prometheusPrograms() []program {
	const prometheus = "github.com/prometheus/prometheus"
	const stamp = "github.com/prometheus/common/version.Version"
	return []program{
		{
			name: Prometheus, pin: "prometheus", main: prometheus + "/cmd/prometheus", versioned: prometheus,
			stamp: stamp, tags: "remove_all_sd", takes: "about 2 minutes on 2 cores",
		},
		{
			name: Promtool, pin: "prometheus", main: prometheus + "/cmd/promtool", versioned: prometheus,
			stamp: stamp, tags: "remove_all_sd", takes: "seconds after prometheus",
		},
	}
}

// flags are those of go build. They are part of the hash.
func (p program) flags(version string) []string {
	link := "-s -w"
	if p.stamp != "" {
		link += " -X " + p.stamp + "=" + version
	}
	flags := []string{"-trimpath", "-ldflags", link}
	if p.tags != "" {
		flags = append(flags, "-tags", p.tags)
	}
	return flags
}

// environment is that of go build: the caller's, but for what would change the
// result. Without cgo the programs need no C compiler and no shared library.
func environment() []string {
	return append(os.Environ(),
		"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
}

// pinsFolder asks the go command where this module lies. Unlike the file names
// in the executable that is right after -trimpath too, and in a nested module
// that replaces this one with a folder.
func pinsFolder(ctx context.Context) (string, error) {
	out, err := runGo(ctx, "", "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return "", fmt.Errorf("find the module %s, whose pins say what to build: %w; "+
			"run this inside its checkout, or set %s to a folder with the programs", module, err, AssetsVariable)
	}
	folder := strings.TrimSpace(string(out))
	if folder == "" {
		return "", fmt.Errorf("the module %s, whose pins say what to build, is not on this machine", module)
	}
	return filepath.Join(folder, "test", "cluster", "pins"), nil
}

// pinnedVersion reads the version of a module out of the go.mod in a folder.
func pinnedVersion(ctx context.Context, folder, path string) (string, error) {
	out, err := runGo(ctx, folder, "mod", "edit", "-json")
	if err != nil {
		return "", fmt.Errorf("read the pins in %s: %w", folder, err)
	}
	var goMod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(out, &goMod); err != nil {
		return "", fmt.Errorf("read the pins in %s: %w", folder, err)
	}
	for _, require := range goMod.Require {
		if require.Path == path {
			return require.Version, nil
		}
	}
	return "", fmt.Errorf("%s does not require %s", filepath.Join(folder, "go.mod"), path)
}

// pinHash names what a program is built from: everything that changes when a
// pin, a flag or a main of ours beside the pin does.
func pinHash(folder string, flags []string) (string, error) {
	hash := sha256.New()
	sources, err := filepath.Glob(filepath.Join(folder, "*.go")) // sorted
	if err != nil {
		return "", fmt.Errorf("read the pins: %w", err)
	}
	for _, name := range append([]string{"go.mod", "go.sum"}, sources...) {
		name = filepath.Base(name)
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return "", fmt.Errorf("read the pins: %w", err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(data), data)
	}
	fmt.Fprintf(hash, "%q", flags)
	return hex.EncodeToString(hash.Sum(nil))[:12], nil
}

// runGo runs a go command that changes nothing, and returns its output.
func runGo(ctx context.Context, folder string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, goTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = folder
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(exit.Stderr))
	}
	return out, err
}
