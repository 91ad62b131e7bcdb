package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// fatalSignals are those that kill by default and that programs treat each in
// their own way.
var fatalSignals = [...]syscall.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT,
	syscall.SIGBUS, syscall.SIGFPE, syscall.SIGKILL, syscall.SIGUSR1, syscall.SIGSEGV, syscall.SIGUSR2,
	syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGTERM, syscall.SIGSYS,
}

const (
	statuses = 256
	// chunk is how many orphans are given at once; a chunk that did harm is
	// halved until the culprits are found.
	chunk = 16
	// singled is how many culprits are looked for one by one; what else does
	// harm after that is taken chunk by chunk.
	singled = 8
)

// sweeper looks for orphans whose end harms the program.
type sweeper struct {
	run *run
	// patience is how long the program may take to show harm.
	patience time.Duration
	// suspected is true when harm was seen, whoever did it.
	suspected bool
	culprits  []orphan
	how       string
}

// sweep tries all exit statuses and fatal signals and says which do harm. A
// program may fall over a while after the orphan that did it, so that another
// would be blamed: once harm was seen, all is tried again with patience.
func (r *run) sweep(ctx context.Context) (string, error) {
	quick := sweeper{run: r, patience: aftermath}
	if err := quick.all(ctx); err != nil {
		return "", err
	}
	if !quick.suspected && r.harm(lastBreath) == "" {
		return "", nil
	}
	if err := r.fresh(r.form.x()); err != nil {
		return "", err
	}
	slow := sweeper{run: r, patience: lastBreath}
	if err := slow.all(ctx); err != nil || len(slow.culprits) == 0 {
		return "", err
	}
	return slow.how + " when an orphan " + describe(slow.culprits), nil
}

// all gives every end of an orphan once. Without patience it stops at the
// first harm.
func (s *sweeper) all(ctx context.Context) error {
	for first := 0; first < statuses; first += chunk {
		orphans := make([]orphan, chunk)
		for i := range orphans {
			orphans[i].Status = first + i
		}
		if err := s.try(ctx, orphans); err != nil || s.suspected && s.patience == aftermath {
			return err
		}
	}
	orphans := make([]orphan, len(fatalSignals))
	for i, signal := range fatalSignals {
		orphans[i].Signal = int(signal)
	}
	return s.try(ctx, orphans)
}

// try gives orphans to a healthy program and narrows down what did harm.
func (s *sweeper) try(ctx context.Context, orphans []orphan) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, _, err := s.run.give(orphans); err != nil {
		return err
	}
	how := s.run.harm(s.patience)
	if how == "" {
		return nil
	}
	if s.suspected = true; s.patience == aftermath {
		return nil
	}
	if err := s.run.fresh(s.run.form.x()); err != nil {
		return err
	}
	if len(orphans) == 1 || len(s.culprits) >= singled {
		s.how = how
		s.culprits = append(s.culprits, orphans...)
		return nil
	}
	half := len(orphans) / 2
	if err := s.try(ctx, orphans[:half]); err != nil {
		return err
	}
	return s.try(ctx, orphans[half:])
}

// describe names culprits: "exits 3 or 4, or is killed by SIGSEGV".
func describe(culprits []orphan) string {
	var exits []int
	var signals []string
	for _, c := range culprits {
		if c.Signal == 0 {
			exits = append(exits, c.Status)
			continue
		}
		signals = append(signals, signalName(syscall.Signal(c.Signal)))
	}
	var parts []string
	if len(exits) > 0 {
		parts = append(parts, "exits "+ranges(exits))
	}
	switch {
	case len(signals) == len(fatalSignals):
		parts = append(parts, "is killed by a signal")
	case len(signals) > 0:
		parts = append(parts, "is killed by "+strings.Join(signals, ", "))
	}
	return strings.Join(parts, " or ")
}

// ranges writes ascending numbers: 2 to 15, 17.
func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, strconv.Itoa(numbers[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d to %d", numbers[i], numbers[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

func signalName(s syscall.Signal) string {
	names := map[syscall.Signal]string{
		syscall.SIGHUP: "SIGHUP", syscall.SIGINT: "SIGINT", syscall.SIGQUIT: "SIGQUIT", syscall.SIGILL: "SIGILL",
		syscall.SIGTRAP: "SIGTRAP", syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE",
		syscall.SIGKILL: "SIGKILL", syscall.SIGUSR1: "SIGUSR1", syscall.SIGSEGV: "SIGSEGV", syscall.SIGUSR2: "SIGUSR2",
		syscall.SIGPIPE: "SIGPIPE", syscall.SIGALRM: "SIGALRM", syscall.SIGTERM: "SIGTERM", syscall.SIGSYS: "SIGSYS",
	}
	return names[s]
}
