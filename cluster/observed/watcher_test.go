package observed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/test/poll"
)

// api answers as an API server does, in ways that a real one is hard to bring
// to; test/integration has a real one.
type api struct {
	mu       sync.Mutex
	absent   bool
	listed   error // what listing is answered with
	watched  error
	reports  []*v1alpha1.ZombieReport
	lists    int
	watchers []chan event
}

type event struct {
	Type   string `json:"type"`
	Object any    `json:"object"`
}

func (a *api) set(change func(a *api)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	absent, listed, watched, reports := a.absent, a.listed, a.watched, a.reports
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case absent:
		fail(w, apierrors.NewNotFound(schema.GroupResource{}, ""))
	case !strings.HasSuffix(r.URL.Path, "/zombiereports"):
		_ = json.NewEncoder(w).Encode(metav1.APIResourceList{APIResources: []metav1.APIResource{{Name: "zombiereports"}}})
	case r.URL.Query().Get("watch") == "true" && watched != nil:
		fail(w, watched)
	case r.URL.Query().Get("watch") == "true":
		a.watch(w, r)
	case listed != nil:
		fail(w, listed)
	default:
		a.list(w, r, reports)
	}
}

// list gives two reports a page.
func (a *api) list(w http.ResponseWriter, r *http.Request, reports []*v1alpha1.ZombieReport) {
	from := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("continue"), &from)
	if from == 0 {
		a.set(func(a *api) { a.lists++ })
	}
	list := v1alpha1.ZombieReportList{ListMeta: metav1.ListMeta{ResourceVersion: "7"}}
	list.APIVersion, list.Kind = v1alpha1.GroupVersion().String(), "ZombieReportList"
	for _, one := range reports[from:min(from+2, len(reports))] {
		list.Items = append(list.Items, *one)
	}
	if from+2 < len(reports) {
		list.Continue = fmt.Sprint(from + 2)
	}
	_ = json.NewEncoder(w).Encode(list)
}

func (a *api) watch(w http.ResponseWriter, r *http.Request) {
	events := make(chan event)
	a.set(func(a *api) { a.watchers = append(a.watchers, events) })
	_ = http.NewResponseController(w).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			_ = json.NewEncoder(w).Encode(e)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// send sends an event to the one that watches; it waits for it.
func (a *api) send(t *testing.T, e event) {
	t.Helper()
	a.last(t) <- e
}

// last is the last watch.
func (a *api) last(t *testing.T) chan event {
	t.Helper()
	var last chan event
	until(t, "somebody watches", func() bool {
		a.set(func(a *api) {
			if len(a.watchers) > 0 {
				last = a.watchers[len(a.watchers)-1]
			}
		})
		return last != nil
	})
	return last
}

// end ends the last watch.
func (a *api) end(t *testing.T) {
	t.Helper()
	close(a.last(t))
	a.set(func(a *api) { a.watchers = nil })
}

func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var said apierrors.APIStatus
	if errors.As(err, &said) {
		status = int(said.Status().Code)
	}
	w.WriteHeader(status)
	if said != nil {
		s := said.Status()
		s.APIVersion, s.Kind = "v1", "Status"
		_ = json.NewEncoder(w).Encode(s)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	poll.Until(t, 5*time.Millisecond, 20*time.Second, what, func() error {
		if !ok() {
			return errors.New("not yet")
		}
		return nil
	})
}

// sink keeps what is logged.
type sink struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *sink) write(prefix, args string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.WriteString(prefix + args + "\n")
}

func (s *sink) count(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.text.String(), text)
}

func start(t *testing.T, a *api) (*Watcher, *sink) {
	t.Helper()
	server := httptest.NewServer(a)
	log := &sink{}
	w, err := New(&rest.Config{Host: server.URL}, Options{Log: funcr.New(log.write, funcr.Options{}), Interval: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		server.CloseClientConnections()
		server.Close()
	})
	return w, log
}

func typed(r *v1alpha1.ZombieReport, version string) *v1alpha1.ZombieReport {
	r.APIVersion, r.Kind, r.ResourceVersion = v1alpha1.GroupVersion().String(), "ZombieReport", version
	return r
}

func TestWatcherFollows(t *testing.T) {
	a := &api{reports: []*v1alpha1.ZombieReport{report("shop", "a", 1), report("shop", "b", 1), report("shop", "c", 1), report("bank", "a", 1), report("bank", "e", 1)}}
	w, log := start(t, a)
	has := func(namespace, name string) func() bool {
		return func() bool { return len(w.Of(namespace, deployment(name))) == 1 }
	}
	until(t, "all pages are read", has("bank", "e"))
	if !has("shop", "b")() || w.Of("shop", deployment("e")) != nil {
		t.Error("something of the first pages is missing, or is in another namespace")
	}
	a.send(t, event{"ADDED", typed(report("shop", "new", 1), "8")})
	until(t, "a new report", has("shop", "new"))
	a.send(t, event{"MODIFIED", typed(report("shop", "new", 3), "9")})
	until(t, "a changed report", func() bool { return len(w.Of("shop", deployment("new"))) == 3 })
	a.send(t, event{"DELETED", typed(report("shop", "new", 3), "10")})
	until(t, "a deleted report", func() bool { return w.Of("shop", deployment("new")) == nil })
	a.send(t, event{"BOOKMARK", typed(&v1alpha1.ZombieReport{}, "11")})

	// A watch that ends is taken up again, without reading all anew.
	a.end(t)
	a.send(t, event{"ADDED", typed(report("shop", "later", 1), "12")})
	until(t, "a report after the watch ended", has("shop", "later"))
	lists := 0
	a.set(func(a *api) { lists = a.lists })
	if lists != 1 {
		t.Errorf("all reports were read %d times", lists)
	}
	// Where the version is too old, all is read anew; what went meanwhile is gone.
	a.set(func(a *api) { a.reports = a.reports[:1] })
	gone := apierrors.NewResourceExpired("too old").Status()
	gone.APIVersion, gone.Kind = "v1", "Status"
	a.send(t, event{"ERROR", gone})
	until(t, "all is read anew", func() bool { return w.Of("bank", deployment("e")) == nil && has("shop", "a")() })
	if log.count("following ZombieReports") != 1 {
		t.Errorf("log: %s", log.text.String())
	}
}

func TestWatcherWithoutReports(t *testing.T) {
	a := &api{absent: true, reports: []*v1alpha1.ZombieReport{report("shop", "web", 1)}}
	w, log := start(t, a)
	until(t, "that there are none is said", func() bool { return log.count("there are no ZombieReports") == 1 })
	if w.Of("shop", deployment("web")) != nil {
		t.Error("something is known")
	}
	forbidden := apierrors.NewForbidden(v1alpha1.Resource().GroupResource(), "", errors.New("no"))
	a.set(func(a *api) { a.absent, a.listed = false, forbidden })
	until(t, "that the right is missing is said", func() bool { return log.count("manifests/components/observed") == 1 })
	a.set(func(a *api) { a.listed = nil })
	until(t, "installed later", func() bool { return len(w.Of("shop", deployment("web"))) == 1 })

	// While the API server is away, what was read stays.
	a.set(func(a *api) { a.listed, a.watched = errors.New("away"), errors.New("away") })
	a.end(t)
	until(t, "that it is away is said", func() bool { return log.count("risk observed rests on what was read before") == 1 })
	if len(w.Of("shop", deployment("web"))) != 1 {
		t.Error("what was known is forgotten")
	}
	a.set(func(a *api) { a.listed, a.watched = forbidden, nil })
	until(t, "a right that was taken away", func() bool { return w.Of("shop", deployment("web")) == nil })
	a.set(func(a *api) { a.listed, a.absent = nil, true })
	until(t, "the type was removed", func() bool { return log.count("there are no ZombieReports") == 2 })
	// Each state was told once, however often it was met.
	if log.count("may not read") != 2 || log.count("rests on what was read before") != 1 {
		t.Errorf("log: %s", log.text.String())
	}
}
