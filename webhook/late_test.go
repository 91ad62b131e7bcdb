package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook"
)

// gated answers for its images once it is opened, by reference; others at once.
type gated struct {
	images
	open chan struct{}
}

func (g gated) Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	name, slow := strings.CutPrefix(q.Reference, "slow-")
	if slow {
		select {
		case <-g.open:
		case <-ctx.Done():
			return nil, &imageinspect.Failure{Reason: imageinspect.Reason{Code: imageinspect.CodeStillInspecting, Text: "still inspecting the image"}}
		}
	}
	q.Reference = name
	return g.images.Inspect(ctx, q)
}

// told keeps what it is to tell.
type told struct {
	mu       sync.Mutex
	verdicts []webhook.LateVerdict
	err      error
}

func (t *told) Tell(_ context.Context, v webhook.LateVerdict) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.verdicts = append(t.verdicts, v)
	return t.err
}

// late is a fixture whose late verdicts are followed.
type lateFixture struct {
	fixture
	told *told
	open func()
}

func newLate(t *testing.T, teller *told) lateFixture {
	t.Helper()
	f := newFixture(t, "")
	g := gated{images: images{"node": {Cmd: []string{"node"}}, "tini": {Entrypoint: []string{"tini", "--", "node"}}}, open: make(chan struct{})}
	s := f.handler.Settings()
	s.Assessor.Inspector = g
	f.handler.Settings = func() webhook.Settings { return s }
	var mu sync.Mutex
	logger := funcr.New(func(prefix, args string) {
		mu.Lock()
		defer mu.Unlock()
		f.log.WriteString(prefix + args + "\n")
	}, funcr.Options{})
	f.handler.Late = webhook.NewFollower(teller, f.handler.Metrics, logger)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = f.handler.Late.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-ended })
	return lateFixture{fixture: f, told: teller, open: sync.OnceFunc(func() { close(g.open) })}
}

// results are the late verdicts by what became of them.
func results(t *testing.T, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "initguard_late_verdicts_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			if n := m.GetCounter().GetValue(); n > 0 {
				out[m.GetLabel()[0].GetValue()] = n
			}
		}
	}
	return out
}

// await polls until the late verdicts are as wanted.
func (f lateFixture) await(t *testing.T, want map[string]float64) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		got := results(t, f.metrics)
		if fmt.Sprint(got) == fmt.Sprint(want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("late verdicts %v, want %v", got, want)
		}
		<-tick.C
	}
}

// named is a Deployment, as the API server hands it over.
func named(name, spec string) string {
	return `{"metadata":{"name":"` + name + `","uid":"uid-of-` + name + `"},"spec":{"template":{"spec":` + spec + `}}}`
}

func TestLateVerdictIsTold(t *testing.T) {
	f := newLate(t, &told{})
	const exposed = `{"containers":[{"name":"app","image":"slow-node","readinessProbe":{"exec":{"command":["sh","-c","a|b"]}}}]}`
	response := f.handler.Handle(t.Context(), request("Deployment", "plain", named("web", exposed)))
	if !response.Allowed || len(response.Warnings) != 0 {
		t.Errorf("in time: %+v", response)
	}
	f.open()
	f.await(t, map[string]float64{"told": 1})
	again := f.handler.Handle(t.Context(), request("Deployment", "plain", named("web", exposed)))
	f.await(t, map[string]float64{"told": 1})
	f.told.mu.Lock()
	defer f.told.mu.Unlock()
	v := f.told.verdicts[0]
	if len(again.Warnings) != 1 || v.Text != again.Warnings[0] || v.Name != "web" || v.Namespace != "plain" || v.UID != "uid-of-web" ||
		v.Object.String() != "apps/v1, Kind=Deployment" || v.Template == "" || v.HarmedByOrphans {
		t.Errorf("told %+v, warned %v", v, again.Warnings)
	}
}

// TestNobodyIsToldLate: of what was said in time, of what needs no warning, and
// where no object is left to tell of.
func TestNobodyIsToldLate(t *testing.T) {
	slow := func(image string) string { return `{"containers":[{"name":"app","image":"` + image + `"}]}` }
	dry := true
	for name, tc := range map[string]struct {
		namespace, object string
		change            func(*admission.Request)
		want              map[string]float64
	}{
		"in time":       {"plain", named("web", slow("node")), nil, nil},
		"reaps":         {"plain", named("web", slow("slow-tini")), nil, map[string]float64{"clean": 1}},
		"unknown":       {"plain", named("web", slow("slow-none")), nil, map[string]float64{"unknown": 1}},
		"warn never":    {"silent", named("web", slow("slow-node")), nil, nil},
		"too low":       {"exposed-only", named("web", slow("slow-node")), nil, map[string]float64{"clean": 1}},
		"no uid":        {"plain", workload("Deployment", slow("slow-node")), nil, nil},
		"dry run":       {"plain", named("web", slow("slow-node")), func(r *admission.Request) { r.DryRun = &dry }, nil},
		"too large":     {"plain", named("web", slow("slow-node")) + strings.Repeat(" ", 64<<10), nil, map[string]float64{"dropped": 1}},
		"denied anyway": {"strict", named("web", `{"containers":[{"name":"a","image":"node"},{"name":"b","image":"slow-node"}]}`), nil, nil},
		"exempt": {
			"plain", `{"metadata":{"name":"web","uid":"1"},"spec":{"template":{"metadata":{"annotations":{"initguard.dev/exempt-containers":"app"}},"spec":` + slow("slow-node") + `}}}`, nil, nil,
		},
		"one of two was said in time, and the other reaps": {
			"plain", named("web", `{"containers":[{"name":"a","image":"node"},{"name":"b","image":"slow-tini"}]}`), nil, map[string]float64{"clean": 1},
		},
		"owned": {
			"plain", `{"metadata":{"name":"web","uid":"1","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","controller":true}]},"spec":{"template":{"spec":` + slow("slow-node") + `}}}`,
			func(r *admission.Request) {
				r.Kind.Kind, r.UserInfo.Username = "ReplicaSet", "system:serviceaccount:kube-system:deployment-controller"
			}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newLate(t, &told{})
			r := request("Deployment", tc.namespace, tc.object)
			if tc.change != nil {
				tc.change(&r)
			}
			f.handler.Handle(t.Context(), r)
			f.open()
			f.await(t, tc.want)
			f.told.mu.Lock()
			defer f.told.mu.Unlock()
			if len(f.told.verdicts) != 0 {
				t.Errorf("told %+v", f.told.verdicts)
			}
		})
	}
}

// TestLateVerdictsAreBounded: one namespace can't have all that is waited for,
// and who is not waited for is counted.
func TestLateVerdictsAreBounded(t *testing.T) {
	f := newLate(t, &told{})
	s := f.handler.Settings()
	c := *s.Config
	c.Inspection.Deadline = time.Millisecond
	s.Config = &c
	f.handler.Settings = func() webhook.Settings { return s }
	apply := func(namespace string, n int) {
		for i := range n {
			f.handler.Handle(t.Context(), request("Deployment", namespace, named(fmt.Sprint("web", i), `{"containers":[{"name":"app","image":"slow-node"}]}`)))
		}
	}
	apply("plain", 70)
	apply("inject", 10)
	f.await(t, map[string]float64{"dropped": 6})
	f.open()
	f.await(t, map[string]float64{"dropped": 6, "told": 74})
}

func TestLateVerdictThatCannotBeTold(t *testing.T) {
	for result, err := range map[string]error{"told-before": fmt.Errorf("web: %w", webhook.ErrTold), "failed": errors.New("forbidden")} {
		f := newLate(t, &told{err: err})
		f.handler.Handle(t.Context(), request("Deployment", "plain", named("web", `{"containers":[{"name":"app","image":"slow-node"}]}`)))
		f.open()
		f.await(t, map[string]float64{result: 1})
	}
}
