// Command unwaited leaves its own children unwaited: each is a zombie below it
// as long as it runs. An init above it can't help.
//
//	unwaited [-children N]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// forever is longer than any test.
const forever = 1000 * time.Hour

func main() {
	children := flag.Int("children", 3, "how many")
	flag.Parse()
	for range *children {
		// Never waited for: that is the point.
		if err := exec.Command("/bin/true").Start(); err != nil { //nolint:noctx // it ends at once
			fmt.Fprintln(os.Stderr, "unwaited:", err)
			os.Exit(1)
		}
	}
	<-time.After(forever)
}
