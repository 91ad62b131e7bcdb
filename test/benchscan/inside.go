//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// insideRole makes this program the PID 1 of a PID namespace.
const insideRole = "inside"

// job is what the outer process tells the inner one.
type job struct {
	Tools   [4]string
	Size    int
	Zombies int
	Rounds  int
	Repeats int
	// Group is the control group of the processes.
	Group string
}

// apart runs the measurement in a PID namespace, and with it ends all that was
// started there.
func apart(ctx context.Context, t tools, o options, size int) (r row, err error) {
	dir, err := group()
	if err != nil {
		return row{}, err
	}
	defer func() { err = errors.Join(err, ungroup(dir)) }()
	text, err := json.Marshal(job{
		Tools: [4]string{t.loop, t.sleepers, t.initguard, t.exporter},
		Size:  size, Zombies: o.zombies, Rounds: o.rounds, Repeats: o.repeats, Group: dir,
	})
	if err != nil {
		return row{}, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", insideRole, string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return row{}, err
	}
	err = json.Unmarshal(out, &r)
	return r, err
}

func inside(ctx context.Context, args []string) error {
	var j job
	if err := json.Unmarshal([]byte(args[0]), &j); err != nil {
		return err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount proc: %w", err)
	}
	// The rest are this one, sleepers itself, the exporter and the one that is
	// measured.
	living := j.Size - j.Zombies - 4
	if err := enter(j.Group); err != nil {
		return err
	}
	if err := sleepers(ctx, j.Tools[1], living, j.Zombies); err != nil {
		return err
	}
	// What measures is not in the pod.
	if err := enter(filepath.Dir(filepath.Dir(j.Group))); err != nil {
		return err
	}
	r, err := compare(ctx, j)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// sleepers starts the processes and waits until they are there.
func sleepers(ctx context.Context, program string, living, zombies int) error {
	cmd := exec.CommandContext(ctx, program, strconv.Itoa(living), strconv.Itoa(zombies))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		return fmt.Errorf("processes are not there: %q, %w", line, err)
	}
	return nil
}

// cost is what one program needed for some rounds.
type cost struct {
	Processes, Zombies int
	CPU                int64 // nanoseconds of all rounds
	// PIDs is how many the pod takes, where that is told.
	PIDs int
}

// check compares what was counted with what there is.
func (c cost) check(j job) error {
	// All but this one, the exporter and the one that is measured are in the pod.
	if pids := j.Size - 3; c.Zombies != j.Zombies || c.PIDs != 0 && c.PIDs != pids {
		return fmt.Errorf("%d zombies and %d PIDs were counted, there are %d and %d", c.Zombies, c.PIDs, j.Zombies, pids)
	}
	return nil
}

// per is the CPU for a process, in nanoseconds.
func (c cost) per(rounds int) float64 { return float64(c.CPU) / float64(rounds) / float64(c.Processes) }

// compare measures one after the other, again and again, so that what else the
// machine does falls on all alike.
func compare(ctx context.Context, j job) (row, error) {
	exporter, err := startExporter(ctx, j.Tools[3])
	if err != nil {
		return row{}, err
	}
	rounds := strconv.Itoa(j.Rounds)
	var loop, scan, collect []float64
	r := row{Processes: j.Size}
	if r.ScannerRSS, err = residentScanner(ctx, j.Tools[2]); err != nil {
		return row{}, err
	}
	for range j.Repeats {
		for _, m := range []struct {
			into *[]float64
			run  func() (cost, error)
		}{
			{&loop, func() (cost, error) { return program(ctx, j.Tools[0], rounds) }},
			{&scan, func() (cost, error) { return program(ctx, "/proc/self/exe", scanRole, rounds) }},
			{&collect, func() (cost, error) { return exporter.rounds(ctx, j.Rounds) }},
		} {
			c, err := m.run()
			if err != nil {
				return row{}, err
			}
			if err := c.check(j); err != nil {
				return row{}, err
			}
			*m.into = append(*m.into, c.per(j.Rounds))
		}
	}
	r.Loop, r.Scan, r.Exporter = median(loop), median(scan), median(collect)
	r.ExporterRSS, err = exporter.resident()
	return r, err
}

// program runs one that prints what it needed.
func program(ctx context.Context, name string, args ...string) (cost, error) {
	var errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		return cost{}, errors.Join(err, errors.New(errOut.String()))
	}
	var c cost
	err = json.Unmarshal(out, &c)
	return c, err
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// row is what one size showed: nanoseconds of CPU for a process, and resident
// memory in KiB.
type row struct {
	Processes               int
	Loop, Scan, Exporter    float64
	ScannerRSS, ExporterRSS int
}

func write(w io.Writer, rows []row) error {
	fmt.Fprintln(w, "| processes | C loop | initguard | node_exporter | initguard / C loop | node_exporter / C loop | initguard-scanner, memory | node_exporter, memory |")
	fmt.Fprintln(w, "| --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, r := range rows {
		_, err := fmt.Fprintf(w, "| %d | %.2f µs | %.2f µs | %.2f µs | **%.2f** | %.2f | %.1f MiB | %.1f MiB |\n",
			r.Processes, r.Loop/1000, r.Scan/1000, r.Exporter/1000, r.Scan/r.Loop, r.Exporter/r.Loop,
			float64(r.ScannerRSS)/1024, float64(r.ExporterRSS)/1024)
		if err != nil {
			return err
		}
	}
	return nil
}
