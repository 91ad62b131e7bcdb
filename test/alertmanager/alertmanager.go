// Package alertmanager runs a real Alertmanager, out of Debian's package, for
// tests: with a configuration of the test's, on a port of its own. It needs root,
// Linux and Debian's apt.
package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/debroot"
	"github.com/initguard/initguard/test/poll"
)

// Package is Debian's package; amtool is in it, too.
const Package = "prometheus-alertmanager"

const (
	startTimeout = 30 * time.Second
	toolTimeout  = 30 * time.Second
	grace        = 10 * time.Second
	pollEvery    = 50 * time.Millisecond
)

// Programs are the unpacked package.
type Programs struct {
	// Version is that of the package.
	Version string
	root    string
}

// Unpack has the package unpacked; it is not installed.
func Unpack(ctx context.Context, b *debroot.Builder) (Programs, error) {
	root, err := b.Root(ctx, Package)
	if err != nil {
		return Programs{}, fmt.Errorf("alertmanager: %w", err)
	}
	return Programs{Version: root.Versions[Package], root: root.Dir}, nil
}

// Amtool runs amtool and returns what it prints.
func (p Programs) Amtool(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, toolTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(p.root, "usr/bin/amtool"), args...)
	cmd.Env = []string{"HOME=/nonexistent"} // no configuration of the user's
	var errOut strings.Builder
	cmd.Stderr = &errOut // it warns there of what can't be helped
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("amtool %s: %w: %s%s", strings.Join(args, " "), err, out, errOut.String())
	}
	return string(out), nil
}

// Alertmanager is one that runs.
type Alertmanager struct {
	// URL is where it is asked.
	URL string

	programs Programs
	process  *process.Process
	config   string
}

// Start starts one with a configuration, in a process of the group, under a name
// that no other of the group has. It has no peers.
func (p Programs) Start(ctx context.Context, group *process.Group, name, config string) (*Alertmanager, error) {
	dir := filepath.Join(group.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := &Alertmanager{programs: p, config: filepath.Join(dir, "alertmanager.yml")}
	if err := os.WriteFile(a.config, []byte(config), 0o600); err != nil {
		return nil, err
	}
	// Debian's reads its default templates below /usr/share, where they lie in a
	// mount namespace of its own alone.
	const mount = `mount --bind "$0/usr/share" /usr/share && exec "$0/usr/bin/prometheus-alertmanager" "$@"`
	var err error
	a.process, err = group.Start(process.Spec{
		Name: name, Path: "/usr/bin/unshare", Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, Grace: grace,
		Args: []string{
			"--mount", "--propagation=private", "sh", "-c", mount, p.root,
			"--config.file=" + a.config, "--storage.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=127.0.0.1:0", "--web.external-url=http://alertmanager.test", "--cluster.listen-address=",
		},
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := poll.Wait(ctx, pollEvery, func() error { return a.ready(ctx) }); err != nil {
		return nil, errors.Join(err, a.process.Stop())
	}
	return a, nil
}

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

func (a *Alertmanager) ready(ctx context.Context) error {
	if a.URL == "" {
		m := listening.FindStringSubmatch(a.process.Logs(50))
		if m == nil {
			return fmt.Errorf("it does not listen; its log:\n%s", a.process.Logs(20))
		}
		a.URL = "http://" + m[1]
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+"/-/ready", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/-/ready: %s", a.URL, answer.Status)
	}
	return nil
}

// Add has an alert fire with these labels, until an end; zero fires until it is
// not sent again for five minutes.
func (a *Alertmanager) Add(ctx context.Context, labels map[string]string, end time.Time) error {
	args := []string{"--alertmanager.url=" + a.URL, "alert", "add"}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		args = append(args, fmt.Sprintf("%s=%q", name, labels[name]))
	}
	if !end.IsZero() {
		args = append(args, "--end="+end.UTC().Format(time.RFC3339Nano))
	}
	_, err := a.programs.Amtool(ctx, args...)
	return err
}

// Silence silences the alerts that a matcher fits, for an hour.
func (a *Alertmanager) Silence(ctx context.Context, matcher string) error {
	_, err := a.programs.Amtool(ctx, "--alertmanager.url="+a.URL, "silence", "add", "--author=test", "--comment=test", "--duration=1h", matcher)
	return err
}

// Logs are the last lines of its log.
func (a *Alertmanager) Logs(lines int) string { return a.process.Logs(lines) }

// Stop ends it.
func (a *Alertmanager) Stop() error { return a.process.Stop() }
