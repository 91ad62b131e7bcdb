// Command witness says what a program sees of how it was started: as its first
// line of output its arguments, environment, folder, user and standard input, as
// JSON. Then it serves HTTP and says which signals reach it, until SIGTERM.
//
//	witness [-status N] [-once] [-read] [-must-be-first] [ARG ...]
//
// It ends with that status. With -once it ends at once; with -read it repeats
// every line of standard input; with -must-be-first it refuses to be anything
// but PID 1.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// seen is what a program sees of how it was started.
type seen struct {
	Argv   []string
	Env    []string
	Folder string
	UID    int
	GID    int
	Groups []int
	Input  string
	Stdout string
}

func main() {
	status := flag.Int("status", 0, "exit status")
	once := flag.Bool("once", false, "end at once")
	read := flag.Bool("read", false, "repeat standard input")
	first := flag.Bool("must-be-first", false, "refuse to be anything but PID 1")
	address := flag.String("address", "127.0.0.1:0", "where to serve HTTP")
	flag.Parse()
	if *first && os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "witness: must be PID 1")
		os.Exit(100)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGQUIT)
	if err := tell(); err != nil {
		fmt.Fprintln(os.Stderr, "witness:", err)
		os.Exit(101)
	}
	if *once {
		os.Exit(*status)
	}
	if *read {
		go repeat()
	}
	go serve(*address)
	for s := range signals {
		fmt.Println("caught", s)
		if s == syscall.SIGTERM {
			os.Exit(*status)
		}
	}
}

func tell() error {
	folder, err := os.Getwd()
	if err != nil {
		return err
	}
	groups, err := os.Getgroups()
	if err != nil {
		return err
	}
	// The name of a pod is another one each time.
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "HOSTNAME=") })
	slices.Sort(env)
	slices.Sort(groups)
	return json.NewEncoder(os.Stdout).Encode(seen{
		Argv: os.Args, Env: env, Folder: folder, UID: os.Getuid(), GID: os.Getgid(), Groups: groups,
		Input: kind(os.Stdin), Stdout: kind(os.Stdout),
	})
}

// kind is what a stream is.
func kind(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return "closed"
	}
	return (info.Mode() & fs.ModeType).String()
}

func repeat() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println("read", lines.Text())
	}
	fmt.Println("end of input")
}

func serve(address string) {
	server := &http.Server{Addr: address, ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("hello\n"))
	})}
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, "witness:", err)
	}
}
