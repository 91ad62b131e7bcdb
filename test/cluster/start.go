package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
)

const (
	// attempts is how many ports are tried. A port is lost only to a process
	// that takes it in the moment between the search and the component's start.
	attempts = 5
	// pollReady is the time between two questions whether a component is ready,
	// checkTimeout bounds one of them.
	pollReady    = 25 * time.Millisecond
	checkTimeout = 5 * time.Second
	// answerBytes bounds what is read of an answer; logLines is what an error
	// shows of a log.
	answerBytes = 8 << 10
	logLines    = 20
)

// A starter starts components one after the other. One that ended while a later
// one starts is an error as well.
type starter struct {
	group    *process.Group
	client   *http.Client
	freePort func() (int, error)

	started []*process.Process
}

// start starts a component on a free port, on another one when somebody takes
// it first, and returns the port when the component answers on the path.
func (s *starter) start(ctx context.Context, spec func(port int) process.Spec, host, path string) (int, error) {
	for attempt := 1; ; attempt++ {
		port, err := s.freePort()
		if err != nil {
			return 0, err
		}
		p, err := s.group.Start(spec(port))
		if err != nil {
			return 0, err
		}
		s.started = append(s.started, p)
		err = s.await(ctx, spec(port).Name, host, port, path)
		if err == nil {
			return port, nil
		}
		if attempt == attempts || !portTaken(p.Err()) {
			return 0, err
		}
		s.started = s.started[:len(s.started)-1]
	}
}

// portTaken reports whether a component ended because its port was in use.
func portTaken(err error) bool {
	var exit *process.ExitError
	return errors.As(err, &exit) && strings.Contains(exit.Tail, "address already in use")
}

// await polls until a component answers 200 on the path. It fails early when a
// process ends.
func (s *starter) await(ctx context.Context, name, host string, port int, path string) error {
	begin := time.Now()
	ticker := time.NewTicker(pollReady)
	defer ticker.Stop()
	checking, cancel := s.untilEnd(ctx)
	defer cancel()
	var notReady error
	for {
		err := s.check(checking, "https://"+net.JoinHostPort(host, strconv.Itoa(port))+path)
		for _, p := range s.started {
			if err := p.Err(); err != nil {
				return err
			}
		}
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || notReady == nil { // A check that was cut short tells less than the one before.
			notReady = err
		}
		select {
		case <-ctx.Done():
			last := s.started[len(s.started)-1]
			return fmt.Errorf("%s is not ready after %v: %w: %w; last lines of its log:\n%s",
				name, time.Since(begin).Round(time.Millisecond), ctx.Err(), notReady, last.Logs(logLines))
		case <-ticker.C:
		}
	}
}

// untilEnd returns a context that ends with the first process: whoever took a
// component's port may never answer.
func (s *starter) untilEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	for _, p := range s.started {
		go func() {
			select {
			case <-p.Done():
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, cancel
}

func (s *starter) check(ctx context.Context, url string) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerBytes))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", url, response.Status, answer)
	}
	return nil
}

// watch delivers the first component that ends by itself from now on.
func (s *starter) watch(exited chan<- error) {
	for _, p := range s.started {
		go func() {
			<-p.Done()
			if err := p.Err(); err != nil {
				select {
				case exited <- err:
				default:
				}
			}
		}()
	}
}
