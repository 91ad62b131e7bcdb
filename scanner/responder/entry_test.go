package responder

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

// FuzzSight: whatever a node says becomes a report that the API server takes.
func FuzzSight(f *testing.F) {
	text, err := json.Marshal(answer(tells("p", "c1", 3), tells("p", "c2", 4)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"containers":[{"pod":"p","id":"c1","zombies":-4,"groups":[{"cause":"PID1NotReaping","zombies":9e18,"oldestSeconds":1e300,"perHour":1e300,"children":{"\u0007\ud800":1}}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := decode(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		pod := &Pod{Namespace: "n", Name: "p", Workload: v1alpha1.Workload{Kind: "Pod", Name: "p"}, Containers: map[string]ContainerInfo{
			"c1": {Name: "app", ImageID: strings.Repeat("i", 600)},
		}}
		s := sight(pod, a.Containers, epoch(), nil)
		status := build(nil, pod.Workload, []Sighting{s}, epoch())
		written, err := json.Marshal(status)
		if err != nil || len(written) > maxBytes+weight(status.Pods) {
			t.Fatalf("%d bytes, %v", len(written), err)
		}
		if len(s.Pod.Containers) > v1alpha1.MaxContainers || s.Pod.Zombies < 0 {
			t.Errorf("%+v", s.Pod)
		}
		for _, c := range s.Pod.Containers {
			if len(c.Causes) > v1alpha1.MaxCauses || c.OtherZombies < 0 || len(c.ImageID) > v1alpha1.MaxImageID || c.OldestSince.After(epoch()) {
				t.Errorf("%+v", c)
			}
			for _, g := range c.Causes {
				if !named(scanner.Cause(g.Cause)) || len(g.Parent) > v1alpha1.MaxText || len(g.Children) > v1alpha1.MaxChildren || !utf8.ValidString(g.Parent) {
					t.Errorf("%+v", g)
				}
			}
		}
	})
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"sh": "sh", "a\nb\x1b[31m": "a?b?[31m", "a\xffb": "a?b", "é": "é", strings.Repeat("é", 40): strings.Repeat("é", 32), "x" + strings.Repeat("é", 40): "x" + strings.Repeat("é", 31),
	} {
		if got := text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRounded(t *testing.T) {
	for rate, want := range map[float64]int32{0: 0, 0.2: 1, 6: 6, 6.01: 7, math.MaxFloat64: math.MaxInt32, -1: 0} {
		if got := rounded(&rate); *got != want {
			t.Errorf("%v: %d, want %d", rate, *got, want)
		}
	}
	if rounded(nil) != nil {
		t.Error("what is not known is known")
	}
}

// TestBounds: a pod and a workload as bad as can be stay within what etcd takes.
func TestBounds(t *testing.T) {
	long := strings.Repeat("x", 200)
	var said []node.Container
	for i := range 40 {
		c := node.Container{Pod: "p", ID: strings.Repeat("c", i+1), Zombies: 100000}
		for range 8 {
			g := node.Group{Cause: scanner.PID1NotReaping, Parent: long, Zombies: 1000, Children: make(map[string]int)}
			for j := range 100 {
				g.Children[strings.Repeat("y", j)] = j
			}
			c.Groups = append(c.Groups, g)
		}
		said = append(said, c)
	}
	pod := &Pod{Namespace: "n", Name: long, Workload: v1alpha1.Workload{Kind: "Pod", Name: "p"}}
	one := sight(pod, said, epoch(), nil)
	if one.Pod.OtherContainers != 32 || one.Pod.Zombies != 4000000 {
		t.Errorf("%d containers more, %d zombies", one.Pod.OtherContainers, one.Pod.Zombies)
	}
	var all []Sighting
	for range 300 {
		all = append(all, one)
	}
	status := build(nil, pod.Workload, all, epoch())
	text, err := json.Marshal(status)
	if err != nil || len(text) > maxBytes || len(status.Pods) == 0 {
		t.Errorf("%d bytes, %d pods, %v", len(text), len(status.Pods), err)
	}
	if s := status.Summary; s.Pods != 300 || int(status.OtherPods)+len(status.Pods) != 300 || s.Zombies != 1200000000 {
		t.Errorf("%+v, %d others", s, status.OtherPods)
	}
}
