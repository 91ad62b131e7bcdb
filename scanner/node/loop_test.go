package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner"
)

// script gives one scan after the other, then waits for the end.
type script struct {
	steps []func() (scanner.Scan, error)
	done  chan struct{} // closed when all were given
	at    int
	// uncounted is the error of counting threads.
	uncounted error
}

func (s *script) Scan(ctx context.Context) (scanner.Scan, error) {
	if s.at == len(s.steps) {
		close(s.done)
		<-ctx.Done()
		return scanner.Scan{}, ctx.Err()
	}
	s.at++
	return s.steps[s.at-1]()
}

func (s *script) Tasks(_ context.Context, pods []string) (map[string]int, error) {
	counts := make(map[string]int)
	for _, pod := range pods {
		counts[pod] = 12
	}
	return counts, s.uncounted
}

func seen(zombies ...int) func() (scanner.Scan, error) {
	return func() (scanner.Scan, error) {
		s := scanner.Scan{At: time.Hour, Living: map[int]scanner.Process{7: {PID: 7, Comm: "parent", Inside: []int{7}}}}
		for _, pid := range zombies {
			s.Zombies = append(s.Zombies, scanner.Process{PID: pid, Parent: 7, State: 'Z', Inside: []int{pid}})
		}
		return s, nil
	}
}

func failed() (scanner.Scan, error) { return scanner.Scan{}, errors.New("no file descriptors") }

func TestLoop(t *testing.T) {
	type steps = []func() (scanner.Scan, error)
	tests := []struct {
		name    string
		steps   steps
		zombies int
		ok      bool
	}{
		{"one scan tells nothing", steps{seen(1)}, 0, false},
		{"two scans", steps{seen(1), seen(1)}, 1, true},
		{"a zombie that is reaped", steps{seen(1, 2), seen(1, 2), seen(2)}, 1, true},
		{"a failed scan changes nothing", steps{seen(1), seen(1), failed}, 1, true},
		{"a failed scan between", steps{seen(1), failed, seen(1)}, 1, true},
		{"only failures", steps{failed, failed}, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := &script{steps: test.steps, done: make(chan struct{})}
			l := NewLoop(source, time.Millisecond, slog.New(slog.DiscardHandler))
			clock := time.Now()
			l.now = func() time.Time { return clock }
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				l.Run(ctx)
			}()
			<-source.done
			r, _, ok := l.Latest()
			if ok != test.ok || r.Zombies() != test.zombies {
				t.Errorf("%d zombies, %v, want %d, %v", r.Zombies(), ok, test.zombies, test.ok)
			}
			cancel()
			<-ended
		})
	}
}

// TestPIDs serves how many PIDs a pod takes; without a count the zombies alone.
func TestPIDs(t *testing.T) {
	const pod = "11111111-2222-3333-4444-555555555555"
	zombies := func() (scanner.Scan, error) {
		s, err := seen(1, 2)()
		for i := range s.Zombies {
			s.Zombies[i].Container = scanner.Container{Pod: pod, ID: "c"}
			s.Zombies[i].Inside = []int{8, 9}
		}
		parent := s.Living[7]
		parent.Inside, parent.Container = []int{7, 1}, scanner.Container{Pod: pod, ID: "c"}
		s.Living[7] = parent
		return s, err
	}
	for _, uncounted := range []error{nil, errors.New("no file descriptors")} {
		source := &script{steps: []func() (scanner.Scan, error){zombies, zombies}, done: make(chan struct{}), uncounted: uncounted}
		l := NewLoop(source, time.Millisecond, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.Run(ctx)
		}()
		<-source.done
		r, _, _ := l.Latest()
		a := NewAnswer(r, 0, time.Minute)
		if len(a.Containers) != 1 || a.Containers[0].Zombies != 2 {
			t.Errorf("%+v, want two zombies", a.Containers)
		}
		if got, ok := a.Pods[pod]; ok != (uncounted == nil) || ok && got.PIDs().Used != 12+2 {
			t.Errorf("uncounted %v: %+v, %v, want 14 in use", uncounted, got, ok)
		}
		cancel()
		<-ended
	}
}

// TestStale shows that an old report is no answer.
func TestStale(t *testing.T) {
	l := reporting(t)
	status := func(h http.Handler, method, path string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return w.Code
	}
	tests := []struct {
		name                 string
		after                time.Duration
		report, ready, alive int
	}{
		{"new", 0, 200, 200, 200},
		{"a missed scan", 2 * time.Minute, 200, 200, 200},
		{"too old", 4 * time.Minute, 503, 503, 200},
	}
	taken := l.taken
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l.now = func() time.Time { return taken.Add(test.after) }
			got := [3]int{status(Handler(l), "GET", ReportPath), status(Health(l), "GET", "/readyz"), status(Health(l), "GET", "/healthz")}
			if want := [3]int{test.report, test.ready, test.alive}; got != want {
				t.Errorf("report, ready, alive: %v, want %v", got, want)
			}
		})
	}
	if got := status(Handler(l), "POST", ReportPath); got != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", got)
	}
	if got := status(Handler(l), "GET", "/debug/pprof/"); got != http.StatusNotFound {
		t.Errorf("another path is answered with %d", got)
	}
}

// TestAnswerIsBounded fills a report to its bounds, all names at their longest.
func TestAnswerIsBounded(t *testing.T) {
	var r scanner.Report
	name := strings.Repeat("\x01", 14) // each takes six bytes in JSON
	rate := 1.0 / 3
	for range maxContainers + 5 {
		f := scanner.Findings{Container: scanner.Container{Pod: strings.Repeat("p", 36), ID: strings.Repeat("i", 64)}, Zombies: 1 << 22}
		for range 8 {
			g := scanner.Group{Cause: scanner.PID1NotReaping, Parent: scanner.Parent{Comm: name, PID: 1 << 22, Inside: 1 << 22}, PerHour: &rate}
			for n := range 16 {
				g.Children.Names = append(g.Children.Names, scanner.Name{Comm: fmt.Sprint(name, n), Count: 1 << 22})
			}
			f.Groups = append(f.Groups, g)
		}
		r.Containers = append(r.Containers, f)
	}
	a := NewAnswer(r, time.Second, time.Minute)
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Containers) != maxContainers || a.OtherContainers != 5 || len(text) > MaxAnswer {
		t.Errorf("%d containers, %d others, %d bytes; at most %d, %d", len(a.Containers), a.OtherContainers, len(text), maxContainers, MaxAnswer)
	}
}
