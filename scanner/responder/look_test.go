package responder

import (
	"context"
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// places say where pods are.
type places struct {
	nodes map[string]string // by namespace/name; empty for a pod that is nowhere yet
	err   error
}

func (p places) Node(_ context.Context, namespace, pod string) (string, bool, error) {
	node, found := p.nodes[namespace+"/"+pod]
	return node, found, p.err
}

// TestView tells what is known of pods without zombies.
func TestView(t *testing.T) {
	f := newFleet(2)
	f.broken["n1"] = errors.New("no route")
	c := f.collector(t)
	f.pass(t, c, firstSpread+tick)
	r := &Responder{options: Options{Log: quiet()}, state: NewState(), collector: c}
	find := places{nodes: map[string]string{"shop/a": "n0", "shop/b": "n1", "shop/c": "n9", "shop/d": ""}}
	for _, tt := range []struct {
		name, pod string
		find      Finder
		want      View
		scanned   bool
	}{
		{"on a node that answers", "a", find, View{Asked: true, Found: true, Node: "n0"}, true},
		{"on one that does not", "b", find, View{Asked: true, Found: true, Node: "n1", Silent: true}, false},
		{"on one without a scanner", "c", find, View{Asked: true, Found: true, Node: "n9"}, false},
		{"nowhere yet", "d", find, View{Asked: true, Found: true}, false},
		{"no such pod", "e", find, View{Asked: true}, false},
		{"the API server fails", "a", places{err: errors.New("gone")}, View{}, false},
		{"nobody to ask", "a", nil, View{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := r.View(t.Context(), tt.find, "shop", tt.pod)
			if scanned := !got.Scanned.IsZero(); scanned != tt.scanned {
				t.Errorf("scanned at %v; want one: %v", got.Scanned, tt.scanned)
			}
			got.Scanned = time.Time{}
			if got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
	// A node that answered once and is silent now was scanned then.
	f.broken["n0"] = errors.New("no route")
	f.pass(t, c, 2*time.Minute)
	if got := r.View(t.Context(), find, "shop", "a"); !got.Silent || got.Scanned.IsZero() || f.clock().Sub(got.Scanned) < time.Minute {
		t.Errorf("%+v at %v", got, f.clock())
	}
}

func TestSighted(t *testing.T) {
	r := &Responder{state: NewState()}
	r.state.Set("n1", outcome(epoch(), sighted("shop", "web", "1", "n1", 3, epoch()), sighted("other", "web", "2", "n1", 3, epoch())))
	for _, tt := range []struct {
		namespace, pod string
		want           Key
		ok             bool
	}{
		{"shop", "web-1", Key{"shop", "deployment-web"}, true}, {"other", "web-2", Key{"other", "deployment-web"}, true},
		{"shop", "web-2", Key{}, false}, {"none", "web-1", Key{}, false},
	} {
		if got, ok := r.Sighted(tt.namespace, tt.pod); got != tt.want || ok != tt.ok {
			t.Errorf("Sighted(%s, %s) = %v, %v; want %v, %v", tt.namespace, tt.pod, got, ok, tt.want, tt.ok)
		}
	}
}

// TestHurry has what a desk wants written long before the next plan.
func TestHurry(t *testing.T) {
	store := newMemory()
	state := NewState()
	state.Set("n1", outcome(epoch(), sighted("shop", "web", "1", "n1", 3, epoch())))
	asked := make(chan time.Time, 100)
	r := &Responder{options: Options{Now: time.Now, Log: quiet()}, state: state}
	desks := Desks{Notices: turns(asked)}
	r.publisher = NewPublisher(store, state, desks, counts(t), time.Minute, quiet())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.publish(ctx)
	}()
	first := <-asked
	r.Hurry()
	second := <-asked
	if took := second.Sub(first); took < hurryEvery || took >= planEvery {
		t.Errorf("planned again after %v, want from %v to %v", took, hurryEvery, planEvery)
	}
	cancel()
	<-ended
}

// turns are a desk that tells when it is asked, and wants nothing.
func turns(asked chan<- time.Time) func(time.Time, []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
	return func(now time.Time, _ []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
		select {
		case asked <- now:
		default:
		}
		return nil
	}
}
