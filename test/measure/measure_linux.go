package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/test/debroot"
)

// reapTime is how long a program may take to reap.
const reapTime = 15 * time.Second

// burst is how many orphans exit at about the same time.
const burst = 200

// firstOrphans are the three kinds of end that every program is given.
var firstOrphans = [...]orphan{{Status: 0}, {Status: 7}, {Signal: int(syscall.SIGKILL)}}

// measurer measures forms.
type measurer struct {
	builder *debroot.Builder
	logf    func(format string, args ...any)
	// known are measurements that are good but for what their files say of
	// themselves.
	known map[string]initdb.Measurement
}

// measure finds out all about one form.
func (m *measurer) measure(ctx context.Context, f form) (initdb.Measurement, error) {
	root, err := m.builder.Root(ctx, f.Packages...)
	if err != nil {
		return initdb.Measurement{}, err
	}
	out := initdb.Measurement{
		ID: f.ID, Package: f.Packages[0], Version: root.Versions[f.Packages[0]], Argv: f.argv(f.x()),
	}
	r := run{form: f, root: root.Dir}
	defer r.stop()
	if known, ok := m.known[f.ID]; ok && known.Version == out.Version {
		err := r.look(&known)
		return known, err
	}
	if err := r.reaping(&out); err != nil {
		return out, err
	}
	if out.Reaps {
		if err := r.findHarm(ctx, &out); err != nil {
			return out, err
		}
	}
	if f.Term {
		out.SIGTERM, err = r.sigterm()
	}
	return out, err
}

// run is one form being measured; box is its program, started anew when
// orphans have killed it.
type run struct {
	form form
	root string
	box  *box
	// children are the program's processes before orphans came.
	children map[int]bool
}

func (r *run) stop() {
	if r.box != nil {
		r.box.close()
		r.box = nil
	}
}

// fresh makes sure that a healthy program runs.
func (r *run) fresh(x string) error {
	r.stop()
	b, err := start(r.root, r.form, x)
	if err != nil {
		return err
	}
	r.box = b
	if err := b.settle(r.form); err != nil {
		return err
	}
	r.children = b.living()
	return nil
}

// reaping gives the program three orphans and, when it reaped them, a burst.
func (r *run) reaping(out *initdb.Measurement) error {
	if err := r.fresh(r.form.x()); err != nil {
		return err
	}
	r.identify(out)
	out.Became = r.box.became()
	out.Orphans = len(firstOrphans)
	left, delay, err := r.give(firstOrphans[:])
	if err != nil {
		return err
	}
	out.Left = left
	if left == 0 && r.harm(aftermath) == "" {
		out.BurstLeft, delay, err = r.burst(delay)
		if err != nil {
			return err
		}
		out.Burst = burst
	}
	out.Delay = delay
	out.Reaps = out.Left == 0 && out.BurstLeft == 0
	if how := r.harm(lastBreath); how != "" {
		out.Harmed = how + " when orphans exit"
	}
	return nil
}

// look starts the program only to look at its file.
func (r *run) look(out *initdb.Measurement) error {
	b, err := start(r.root, r.form, r.form.x())
	if err != nil {
		return err
	}
	r.box = b
	r.identify(out)
	return nil
}

// identify notes what the program's file says of itself. This program is not
// worth a note: each change builds another one.
func (r *run) identify(out *initdb.Measurement) {
	id := r.box.program
	if strings.HasPrefix(out.Argv[0], "/.initguard/") {
		return
	}
	out.BuildID, out.Program, out.ProgramVersion = id.BuildID, id.Program, id.Version
	if id.Go != nil {
		out.Go = id.Go.Version
	}
}

// findHarm sweeps over all ends of an orphan. What the sweep says is more exact
// than what was seen before it.
func (r *run) findHarm(ctx context.Context, out *initdb.Measurement) error {
	if out.Harmed != "" {
		if err := r.fresh(r.form.x()); err != nil {
			return err
		}
	}
	harmed, err := r.sweep(ctx)
	if harmed != "" {
		out.Harmed = harmed
	}
	return err
}

func (r *run) burst(delay int) (int, int, error) {
	left, later, err := r.give(make([]orphan, burst))
	return left, max(delay, later), err
}

// give injects orphans, waits for them to be reaped, and returns how many were
// left and how many seconds it took.
func (r *run) give(orphans []orphan) (left, delay int, err error) {
	pids, err := inject(r.box.pid, orphans)
	if err != nil {
		if poll(time.Second, func() bool { return !r.box.alive() }) {
			return 0, 0, nil // it died of them while they were made
		}
		return 0, 0, err
	}
	exited := time.Now()
	poll(reapTime, func() bool { return !r.box.alive() || r.box.left(pids) == 0 })
	if !r.box.alive() {
		return 0, 0, nil
	}
	left = r.box.left(pids)
	if took := time.Since(exited); left == 0 && took > time.Second/2 {
		delay = int(math.Ceil(took.Seconds()))
	}
	return left, delay, nil
}

const (
	// aftermath is how long a program may take to fall over.
	aftermath = 300 * time.Millisecond
	// lastBreath is how long one that ended its processes may take to end.
	lastBreath = 3 * time.Second
)

// What orphans can do to a program.
const (
	dies     = "dies"
	restarts = "restarts its processes"
)

// harm says what the orphans did to the program, as far as it shows within a
// while; empty for nothing.
func (r *run) harm(within time.Duration) string {
	how := ""
	poll(within, func() bool {
		if !r.box.alive() {
			how = dies
		} else if !r.form.Churns && len(r.children) > 0 && !r.anyChildLeft() {
			how = restarts
		}
		return how != ""
	})
	if how == restarts && poll(lastBreath, func() bool { return !r.box.alive() }) {
		return dies // it ended its processes first
	}
	return how
}

func (r *run) anyChildLeft() bool {
	for pid := range r.box.living() {
		if r.children[pid] {
			return true
		}
	}
	return false
}

// sigtermTries is how often a program is asked that ends of SIGTERM.
const sigtermTries = 5

// sigterm asks whether SIGTERM to PID 1 reaches the program below it. A PID 1
// that ends takes that program along, maybe before it could note the signal: a
// note is a proof, none is a proof only while PID 1 runs on.
func (r *run) sigterm() (string, error) {
	for range sigtermTries {
		noted, err := r.terminate()
		if err != nil {
			return "", err
		}
		if noted {
			return initdb.Forwarded, nil
		}
		if r.box.alive() {
			break
		}
	}
	return initdb.NotForwarded, nil
}

// terminate starts the program anew over a recorder of signals, sends SIGTERM
// and says whether the recorder noted it.
func (r *run) terminate() (bool, error) {
	if err := r.fresh(recorder); err != nil {
		return false, err
	}
	if !poll(reapTime, func() bool { return r.noted("started") }) {
		return false, fmt.Errorf("the recorder did not start: %s", r.box.tail())
	}
	if err := r.box.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return false, err
	}
	poll(3*time.Second, func() bool { return r.noted("sigterm") || !r.box.alive() })
	return r.noted("sigterm"), nil
}

// noted is true when the recorder has left a note.
func (r *run) noted(name string) bool {
	_, err := os.Stat(filepath.Join(r.box.dir, name))
	return err == nil
}
