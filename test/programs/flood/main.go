// Command flood leaves as many orphans as it is asked to, as fast as it can, and
// ends: with a PID 1 that doesn't reap it fills a pod up to its PID limit.
//
//	flood [-orphans N]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	orphans := flag.Int("orphans", 100, "how many")
	flag.Parse()
	for i := range *orphans {
		// They end at once, but are zombies of this process until it ends, and
		// PID 1's from then on.
		if err := exec.Command("/bin/true").Start(); err != nil { //nolint:noctx // it ends at once
			fmt.Fprintf(os.Stderr, "flood: %d orphans, then: %v\n", i, err)
			os.Exit(1)
		}
	}
}
