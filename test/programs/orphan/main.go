// Command orphan leaves an orphan: it starts a child and ends before it does.
// Whoever is PID 1 then has to wait for the child, or it stays a zombie. As an
// exec probe it does what careless shell probes do.
//
//	orphan [-status N] [-log FILE]
//
// The child ends with status N. A line is added to FILE for every child.
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
	status := flag.Int("status", 0, "exit status of the child")
	log := flag.String("log", "/tmp/orphans", "file that counts the children")
	flag.Parse()
	if *parent != 0 {
		outlive(*parent)
		os.Exit(*status)
	}
	if err := leave(*status, *log); err != nil {
		fmt.Fprintln(os.Stderr, "orphan:", err)
		os.Exit(1)
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
