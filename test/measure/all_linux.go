package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/test/debroot"
)

// measureAll measures the chosen forms and compares or writes.
func measureAll(o options) error {
	if os.Geteuid() != 0 {
		return errors.New("starting a PID 1 needs root: run it as root on a throwaway machine")
	}
	before, err := readData(o.data)
	if err != nil {
		return err
	}
	chosen := o.chosen()
	if len(chosen) == 0 {
		return errors.New("no form is chosen: -list shows their ids")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := debroot.CacheDir()
	if err != nil {
		return err
	}
	logf := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	m := measurer{builder: &debroot.Builder{Dir: dir, Logf: logf}, logf: logf}
	if o.files {
		m.known = make(map[string]initdb.Measurement)
		for _, b := range before {
			m.known[b.ID] = b
		}
	}
	var save func([]initdb.Measurement) error
	if o.update {
		save = func(now []initdb.Measurement) error { return writeData(o.data, merge(before, now, forms())) }
	}
	now, failed := m.all(ctx, chosen, o.jobs, save)
	differences := compare(before, now)
	changed := 0
	for _, d := range differences {
		fmt.Println(d.text)
		if d.verdict {
			changed++
		}
	}
	fmt.Printf("%d forms measured, %d failed, %d differences to %s, %d of them in what programs do\n",
		len(now), len(failed), len(differences), o.data, changed)
	if len(failed) > 0 {
		return fmt.Errorf("%d forms could not be measured: %w", len(failed), errors.Join(failed...))
	}
	if changed > 0 && !o.update {
		return errors.New("programs don't do what the committed data says: judge it, then run with -update")
	}
	return nil
}

// all measures some forms at a time and saves after each, if asked to.
func (m *measurer) all(
	ctx context.Context, chosen []form, jobs int, save func([]initdb.Measurement) error,
) ([]initdb.Measurement, []error) {
	var (
		mu     sync.Mutex
		now    []initdb.Measurement
		failed []error
		wg     sync.WaitGroup
		work   = make(chan form)
	)
	for range jobs {
		wg.Go(func() {
			for f := range work {
				out, err := m.measure(ctx, f)
				mu.Lock()
				if err != nil {
					failed = append(failed, fmt.Errorf("%s: %w", f.ID, err))
					m.logf("%-28s FAILED: %v", f.ID, err)
				} else {
					now = append(now, out)
					if save != nil {
						if err := save(now); err != nil {
							failed = append(failed, err)
						}
					}
					m.logf("%-28s %s", f.ID, summary(out))
				}
				mu.Unlock()
			}
		})
	}
	for _, f := range chosen {
		if ctx.Err() != nil {
			break
		}
		work <- f
	}
	close(work)
	wg.Wait()
	return now, failed
}
