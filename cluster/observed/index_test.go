package observed

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

var hex = strings.Repeat("0a", 32)

func TestDigestOf(t *testing.T) {
	for id, want := range map[string]string{
		"registry.example:5000/shop/web@sha256:" + hex: "sha256:" + hex, // containerd, CRI-O
		"sha256:" + hex:                       "sha256:" + hex, // containerd, no repository
		hex:                                   "sha256:" + hex, // CRI-O
		"docker-pullable://web@sha256:" + hex: "sha256:" + hex,
		"docker://sha256:" + hex:              "sha256:" + hex,
		"":                                    "",
		"registry.example/shop/web:1":         "",
		"web@sha256:" + hex[1:]:               "",
		"web@sha256:" + strings.ToUpper(hex):  "",
		"web@sha512:" + hex + hex:             "",
		"web@sha256:" + hex + "@sha256:" + hex + "x": "",
	} {
		if got := digestOf(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}

func FuzzDigestOf(f *testing.F) {
	for _, seed := range []string{"a/b@sha256:" + hex, hex, "docker-pullable://x@sha256:" + hex, "@", "://", "sha256:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		got := digestOf(id)
		if got != "" && (len(got) != 71 || !strings.HasSuffix(id, got[7:]) || digestOf(got) != got) {
			t.Errorf("%q: got %q", id, got)
		}
	})
}

// report is one of a Deployment with as many observations as given.
func report(namespace, name string, observations int) *v1alpha1.ZombieReport {
	r := &v1alpha1.ZombieReport{}
	r.Status.Workload = v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: name}
	r.Namespace, r.Name = namespace, r.Status.Workload.ReportName()
	for i := range observations {
		r.Status.Observations = append(r.Status.Observations, v1alpha1.Observation{
			Container: "app", ImageID: "registry.example/shop/" + name + "@sha256:" + fmt.Sprintf("%064x", i), ArgvHash: v1alpha1.ArgvHash(nil, nil),
			Cause: "PID1NotReaping", Parent: "node", MostZombies: 341, FirstSeen: metav1.Now(), LastSeen: metav1.Now(),
		})
	}
	return r
}

func deployment(name string) v1alpha1.Workload {
	return v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: name}
}

func TestIndex(t *testing.T) {
	now := time.Now()
	x := NewIndex(func() time.Time { return now })
	x.Put(report("shop", "web", 2))
	x.Put(report("shop", "web", 1)) // in place of the first
	x.Put(report("bank", "web", 3))
	if len(x.Of("shop", deployment("web"))) != 1 || len(x.Of("bank", deployment("web"))) != 3 || x.Of("shop", deployment("api")) != nil || x.Size() != 4 {
		t.Errorf("%d of shop, %d of bank, %d in all", len(x.Of("shop", deployment("web"))), len(x.Of("bank", deployment("web"))), x.Size())
	}
	now = now.Add(fresh + time.Minute)
	if got := x.Of("bank", deployment("web")); len(got) != 0 {
		t.Errorf("it was seen over 30 days ago: %v", got)
	}
	x.Drop(report("bank", "web", 0))
	x.Put(report("shop", "web", 0))
	if x.Size() != 0 || len(x.seen) != 0 {
		t.Errorf("%d containers, %d workloads are left", x.Size(), len(x.seen))
	}
}

// TestReportsOfNobody: a report that the responder did not name counts for
// nothing, whatever it says; nor does one of no namespace, or too long a name.
func TestReportsOfNobody(t *testing.T) {
	x := NewIndex(nil)
	other := report("shop", "web", 1)
	other.Name = "deployment-api"
	nowhere := report("", "web", 1)
	long := report("shop", "long", 1)
	long.Status.Observations[0].Container = strings.Repeat("x", 300)
	for _, r := range []*v1alpha1.ZombieReport{other, nowhere, long} {
		x.Put(r)
	}
	if x.Size() != 0 {
		t.Errorf("%d containers", x.Size())
	}
	negative := report("shop", "web", 1)
	negative.Status.Observations[0].MostZombies = -3
	x.Put(negative)
	if got := x.Of("shop", deployment("web")); len(got) != 1 || got[0].Zombies != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestIndexIsBounded(t *testing.T) {
	x := NewIndex(nil)
	for i := range maxKept/v1alpha1.MaxObservations + 10 {
		x.Put(report("shop", fmt.Sprintf("web-%d", i), v1alpha1.MaxObservations+5))
	}
	if x.Size() != maxKept || !x.Full() {
		t.Errorf("%d are kept, full is %v; want %d", x.Size(), x.Full(), maxKept)
	}
	x.Drop(report("shop", "web-0", 0))
	x.Put(report("shop", "new", 1))
	if len(x.Of("shop", deployment("new"))) != 1 {
		t.Error("there is no room though something went")
	}
}

// BenchmarkMemory prints what 10,000 reports take of memory.
func BenchmarkMemory(b *testing.B) {
	const reports = 10000
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for b.Loop() {
		before := heap()
		x := NewIndex(nil)
		for i := range reports {
			x.Put(report(fmt.Sprintf("team-%d", i/10), fmt.Sprintf("web-%d", i), 2))
		}
		b.ReportMetric((heap()-before)/(1<<20), "MiB/10000-reports")
		if x.Size() != 2*reports {
			b.Fatal(x.Size())
		}
	}
}

// BenchmarkOf is what a request asks beside 10,000 reports.
func BenchmarkOf(b *testing.B) {
	x := NewIndex(nil)
	for i := range 10000 {
		x.Put(report("shop", fmt.Sprintf("web-%d", i), 2))
	}
	for name, workload := range map[string]v1alpha1.Workload{"none": deployment("api"), "one": deployment("web-7")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.Of("shop", workload)
			}
		})
	}
}
