// Command flood leaves as many orphans as it is asked to, as fast as it can, and
// ends: with a PID 1 that doesn't reap it fills a pod up to its PID limit.
//
//	flood [-orphans N] [-every D -batch N [-stay]]
//
// With -every it leaves a batch of them each time, and with -stay it goes on
// doing nothing afterwards.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

func main() {
	orphans := flag.Int("orphans", 100, "how many")
	every := flag.Duration("every", 0, "time between two batches; 0 leaves all at once")
	batch := flag.Int("batch", 10, "how many at a time, with -every")
	stay := flag.Bool("stay", false, "don't end, with -every")
	flag.Parse()
	if *every > 0 {
		if err := inBatches(*orphans, *batch, *every); err != nil {
			fmt.Fprintln(os.Stderr, "flood:", err)
			os.Exit(1)
		}
		if *stay {
			for range time.Tick(time.Hour) {
			}
		}
		return
	}
	for i := range *orphans {
		// They end at once, but are zombies of this process until it ends, and
		// PID 1's from then on.
		if err := exec.Command("/bin/true").Start(); err != nil { //nolint:noctx // it ends at once
			fmt.Fprintf(os.Stderr, "flood: %d orphans, then: %v\n", i, err)
			os.Exit(1)
		}
	}
}

// inBatches has another of its kind leave each batch, and waits for it: what
// that one left is PID 1's then.
func inBatches(orphans, batch int, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for left := orphans; left > 0; left -= batch {
		out, err := exec.Command("/proc/self/exe", "-orphans", strconv.Itoa(min(batch, left))).CombinedOutput() //nolint:noctx // it ends at once
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		<-ticker.C
	}
	return nil
}
