package alerts

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// fires is an alert for a pod, from a minute after three on.
func fires(fingerprint, pod string, minute int) v1alpha1.Alert {
	return v1alpha1.Alert{Fingerprint: fingerprint, Name: "Zombies", Pod: pod, StartsAt: metav1.NewTime(at(3, minute))}
}

// over is the same, resolved.
func over(fingerprint, pod string, minute, end int) v1alpha1.Alert {
	a := fires(fingerprint, pod, minute)
	ends := metav1.NewTime(at(3, end))
	a.EndsAt = &ends
	return a
}

// reported is a report with a pod that has three zombies.
func reported(namespace, name string, keeps *v1alpha1.Alert, pods ...string) *v1alpha1.ZombieReport {
	r := &v1alpha1.ZombieReport{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	r.Status.Summary = v1alpha1.Summary{Workload: "Deployment/" + name, Pods: 1, Zombies: 3, Cause: "PID1NotReaping", Parent: "java"}
	for _, pod := range pods {
		since := metav1.NewTime(at(2, 0))
		r.Status.Pods = append(r.Status.Pods, v1alpha1.Pod{
			Name: pod, UID: pod, Node: "n1", Zombies: 3, OldestSince: since,
			Containers: []v1alpha1.Container{{Name: "app", Zombies: 3, OldestSince: since, Causes: []v1alpha1.Cause{{Cause: "PID1NotReaping", Parent: "java", Zombies: 3, OldestSince: since}}}},
		})
	}
	if keeps != nil {
		r.Status.Notice = &v1alpha1.Notice{Severity: "Warning", Alert: keeps}
	}
	return r
}

func TestDecide(t *testing.T) {
	a, b, c := fires("a", "p", 1), fires("b", "p", 2), fires("c", "q", 0)
	aOver, bOver := over("a", "p", 1, 9), over("b", "p", 2, 9)
	again := fires("a", "p", 20)
	early := over("a", "p", 1, 9)
	for _, tt := range []struct {
		name    string
		keeps   *v1alpha1.Alert
		pods    []string
		offered []v1alpha1.Alert
		want    *v1alpha1.Alert
	}{
		{"the first one", nil, []string{"p"}, []v1alpha1.Alert{a}, &a},
		{"of several the earliest", nil, []string{"p", "q"}, []v1alpha1.Alert{b, a, c}, &c},
		{"none that is over is kept", nil, []string{"p"}, []v1alpha1.Alert{aOver}, nil},
		{"the same again", &a, []string{"p"}, []v1alpha1.Alert{a}, nil},
		{"another one while it fires", &a, []string{"p"}, []v1alpha1.Alert{b}, nil},
		{"it ends", &a, []string{"p"}, []v1alpha1.Alert{aOver}, &aOver},
		{"it ends and its pod is gone", &a, nil, []v1alpha1.Alert{aOver}, &aOver},
		{"it ends and another one fires", &a, []string{"p"}, []v1alpha1.Alert{aOver, b}, &b},
		{"another one ends", &a, []string{"p"}, []v1alpha1.Alert{bOver}, nil},
		{"its pod is gone and another one fires", &a, []string{"q"}, []v1alpha1.Alert{c}, &c},
		{"its pod is gone and another one ends", &a, []string{"q"}, []v1alpha1.Alert{bOver}, nil},
		{"after its end another one", &aOver, []string{"p"}, []v1alpha1.Alert{b}, &b},
		{"after its end the same again", &aOver, []string{"p"}, []v1alpha1.Alert{again}, &again},
		{"its end again", &aOver, []string{"p"}, []v1alpha1.Alert{aOver}, nil},
		{"an end from before it began", &again, []string{"p"}, []v1alpha1.Alert{early}, nil},
		{"nothing", &a, []string{"p"}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			report := reported("shop", "web", tt.keeps, tt.pods...)
			got := decide(report, tt.offered)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Fatalf("decide (-want +got):\n%s", diff)
			}
			if got == nil {
				return
			}
			// What is kept then is what is wanted: the next request finds it so.
			if then := decide(reported("shop", "web", got, tt.pods...), tt.offered); then != nil {
				t.Errorf("once it is kept, decide wants %+v", then)
			}
		})
	}
	t.Run("a pod that may be among those that aren't listed", func(t *testing.T) {
		report := reported("shop", "web", &a, "q")
		report.Status.OtherPods = 1
		if got := decide(report, []v1alpha1.Alert{c}); got != nil {
			t.Errorf("decide = %+v, want the one before to stay", got)
		}
	})
}

func TestKeepable(t *testing.T) {
	now := at(3, 30).Add(time.Second / 3)
	labels := map[string]string{"alertname": "A\nB"}
	for _, tt := range []struct {
		name string
		a    alert
		want v1alpha1.Alert
	}{
		{"as it says", alert{labels: labels, fingerprint: "f", starts: at(3, 1)}, v1alpha1.Alert{Fingerprint: "f", Name: "A?B", Pod: "p", StartsAt: metav1.NewTime(at(3, 1))}},
		{"it doesn't say when", alert{fingerprint: "f"}, v1alpha1.Alert{Fingerprint: "f", Pod: "p", StartsAt: metav1.NewTime(at(3, 30))}},
		{"a start that is not yet", alert{fingerprint: "f", starts: at(4, 0)}, v1alpha1.Alert{Fingerprint: "f", Pod: "p", StartsAt: metav1.NewTime(at(3, 30))}},
		{"a firing one has no end", alert{fingerprint: "f", starts: at(3, 1), ends: at(3, 40)}, v1alpha1.Alert{Fingerprint: "f", Pod: "p", StartsAt: metav1.NewTime(at(3, 1))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.a.keepable("p", now)); diff != "" {
				t.Errorf("keepable (-want +got):\n%s", diff)
			}
		})
	}
	for _, ends := range []time.Time{{}, at(3, 30), at(9, 0)} {
		if k := (alert{resolved: true, ends: ends}).keepable("p", now); k.EndsAt == nil || !k.EndsAt.Time.Equal(at(3, 30)) {
			t.Errorf("resolved at %v is kept with %v, want now", ends, k.EndsAt)
		}
	}
}
