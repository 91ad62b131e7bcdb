// Command orphan leaves orphans: it starts children and ends before they do.
// Whoever is PID 1 then has to wait for them, or they stay zombies. As an exec
// probe it does what careless shell probes do.
//
//	orphan [-count N] [-status N] [-log FILE]
//
// The children end with that status. A line is added to FILE for each of them.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

const (
	// parentFlag makes this the child.
	parentFlag = "parent"
	// poll is how often the child looks whether it is an orphan yet.
	poll = 2 * time.Millisecond
)

func main() {
	parent := flag.Int(parentFlag, 0, "be the child of this process")
	count := flag.Int("count", 1, "how many children")
	status := flag.Int("status", 0, "exit status of the children")
	log := flag.String("log", "/tmp/orphans", "file that counts the children")
	flag.Parse()
	if *parent != 0 {
		outlive(*parent)
		os.Exit(*status)
	}
	for range *count {
		if err := leave(*status, *log); err != nil {
			fmt.Fprintln(os.Stderr, "orphan:", err)
			os.Exit(1)
		}
	}
}

func leave(status int, log string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-"+parentFlag, strconv.Itoa(os.Getpid()), "-status", strconv.Itoa(status)) //nolint:noctx // this program; it outlives us
	if err := cmd.Start(); err != nil {
		return err
	}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(file, cmd.Process.Pid); err != nil {
		return err
	}
	return file.Close()
}

// outlive waits until the parent is gone.
func outlive(parent int) {
	ticker := time.NewTicker(poll)
	for os.Getppid() == parent {
		<-ticker.C
	}
}
