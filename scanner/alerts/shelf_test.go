package alerts

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the golden files anew")

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the tests with -update and look at what it says", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("not as in %s (-want +got):\n%s", file, diff)
	}
}

func TestShelfFinds(t *testing.T) {
	a := fires("a", "gone", 1)
	s := NewShelf(nil)
	if s.Leads() {
		t.Error("it leads before its first turn")
	}
	s.Turn(at(3, 0), []*v1alpha1.ZombieReport{
		reported("a", "one", nil, "p"), reported("b", "one", &a, "p", "q"), reported("b", "two", nil, "r"), reported("c", "one", nil, "p"),
	})
	if !s.Leads() {
		t.Error("it does not lead after its first turn")
	}
	for _, tt := range []struct{ namespace, pod, fingerprint, want string }{
		{"a", "p", "", "a/one"}, {"b", "q", "", "b/one"}, {"b", "r", "", "b/two"}, {"b", "x", "", ""}, {"d", "p", "", ""}, {"", "p", "", ""},
		{"b", "gone", "a", "b/one"}, {"b", "gone", "b", ""}, {"a", "gone", "a", ""},
	} {
		got := ""
		if r, ok := s.Find(tt.namespace, tt.pod, tt.fingerprint); ok {
			got = r.Namespace + "/" + r.Name
		}
		if got != tt.want {
			t.Errorf("Find(%s, %s, %s) = %q, want %q", tt.namespace, tt.pod, tt.fingerprint, got, tt.want)
		}
	}
}

// TestShelfKeepsBesideTheNext offers an alert while the desk behind decides, too.
func TestShelfKeepsBesideTheNext(t *testing.T) {
	key := types.NamespacedName{Namespace: "shop", Name: "web"}
	other := types.NamespacedName{Namespace: "shop", Name: "zoo"}
	pending := &v1alpha1.Notice{Severity: "Critical", Pending: &v1alpha1.Digest{ID: "x", Kind: "Firing"}}
	var decides map[types.NamespacedName]*v1alpha1.Notice
	s := NewShelf(func(time.Time, []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice { return decides })
	reports := []*v1alpha1.ZombieReport{reported("shop", "web", nil, "p"), reported("shop", "zoo", nil, "q")}
	a := fires("a", "p", 1)

	if got := s.Turn(at(3, 0), reports); len(got) != 0 {
		t.Errorf("a turn without anything wants %v", got)
	}
	s.Offer(key, a)
	s.Offer(types.NamespacedName{Namespace: "shop", Name: "gone"}, a)
	want := map[types.NamespacedName]*v1alpha1.Notice{key: {Alert: &a}}
	for range 2 { // until it is stored
		if diff := cmp.Diff(want, s.Turn(at(3, 0), reports)); diff != "" {
			t.Errorf("offered (-want +got):\n%s", diff)
		}
	}
	decides = map[types.NamespacedName]*v1alpha1.Notice{key: pending, other: nil}
	want = map[types.NamespacedName]*v1alpha1.Notice{key: {Severity: "Critical", Pending: pending.Pending, Alert: &a}, other: nil}
	if diff := cmp.Diff(want, s.Turn(at(3, 0), reports)); diff != "" {
		t.Errorf("offered and decided (-want +got):\n%s", diff)
	}
	if pending.Alert != nil {
		t.Error("what the desk behind returned was changed")
	}
	decides = nil
	reports[0] = reported("shop", "web", &a, "p")
	if got := s.Turn(at(3, 0), reports); len(got) != 0 {
		t.Errorf("stored, it wants %v", got)
	}
	// What is stored besides stays.
	b := fires("b", "p", 2)
	s.Offer(key, b)
	want = map[types.NamespacedName]*v1alpha1.Notice{key: {Severity: "Warning", Alert: &b}}
	if diff := cmp.Diff(want, s.Turn(at(3, 0), reports)); diff != "" {
		t.Errorf("offered over another (-want +got):\n%s", diff)
	}
	if reports[0].Status.Notice.Alert.Fingerprint != "a" {
		t.Error("a stored report was changed")
	}
}
