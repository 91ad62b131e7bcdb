package responder

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

func TestStarter(t *testing.T) {
	run := func(words ...string) corev1.ProbeHandler {
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: words}}
	}
	pod := &Pod{Spec: []corev1.Container{
		{
			Name:           "app",
			ReadinessProbe: &corev1.Probe{PeriodSeconds: 5, ProbeHandler: run("sh", "-c", "curl -f localhost &")},
			LivenessProbe:  &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{}}},
			StartupProbe:   &corev1.Probe{ProbeHandler: run("pg_isready")}, // every ten seconds
			Lifecycle: &corev1.Lifecycle{
				PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"warm-up"}}},
				PreStop:   &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"bye"}}},
			},
		},
		{Name: "sidecar"},
	}}
	rate := func(f float64) *float64 { return &f }
	group := func(perHour float64, name string) node.Group {
		return node.Group{Cause: scanner.PID1NotReaping, Zombies: 40, PerHour: rate(perHour), Children: map[string]int{name: 40}}
	}
	tests := []struct {
		name, container string
		group           node.Group
		want            *v1alpha1.Starter
	}{
		{"readiness", "app", group(720, "curl"), &v1alpha1.Starter{Container: "app", Field: "readinessProbe", Certainty: "Certain", PeriodSeconds: 5}},
		{"the default period", "app", group(360, "pg_isready"), &v1alpha1.Starter{Container: "app", Field: "startupProbe", Certainty: "Certain", PeriodSeconds: 10}},
		{"hook", "app", group(0, "warm-up"), &v1alpha1.Starter{Container: "app", Field: "lifecycle.postStart", Certainty: "Likely"}},
		{"preStop", "app", group(0, "bye"), nil},
		{"another container", "sidecar", group(720, "curl"), nil},
		{"a container that is not known", "", group(720, "curl"), nil},
		{"own children", "app", node.Group{Cause: scanner.ParentNotWaiting, Zombies: 1, Children: map[string]int{"curl": 1}}, nil},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, Starter(pod, test.container, test.group)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestForecastOfPod(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	rate := func(f float64) *float64 { return &f }
	type want struct {
		limit, used int64 // 0 for none
		until       time.Duration
		at, early   bool
	}
	tests := []struct {
		name  string
		limit int64
		said  map[string]node.Pod
		want  want
	}{
		{"nothing is known", 0, nil, want{}},
		{"not counted yet", 6000, nil, want{limit: 6000}},
		{"no limit", 0, map[string]node.Pod{"u": {PIDsUsed: 2000, PIDsPerHour: rate(4000)}}, want{used: 2000}},
		{"an hour", 6000, map[string]node.Pod{"u": {PIDsUsed: 2000, PIDsPerHour: rate(4000), PIDsEarly: true}}, want{6000, 2000, time.Hour, true, true}},
		{"full", 6000, map[string]node.Pod{"u": {PIDsUsed: 6000, PIDsEarly: true}}, want{6000, 6000, 0, true, false}},
		{"no growth", 6000, map[string]node.Pod{"u": {PIDsUsed: 2000, PIDsPerHour: rate(0)}}, want{limit: 6000, used: 2000}},
		{"another pod", 6000, map[string]node.Pod{"v": {PIDsUsed: 2000, PIDsPerHour: rate(4000)}}, want{limit: 6000}},
		{"a node that lies", 6000, map[string]node.Pod{"u": {PIDsUsed: -5, PIDsPerHour: rate(-1)}}, want{limit: 6000}},
		{"a limit beyond all", 1 << 62, map[string]node.Pod{"u": {PIDsUsed: 1 << 40, PIDsPerHour: rate(1e300)}}, want{1 << 62, 1<<31 - 1, 0, true, false}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := NewResolver(nil, nil, FixedLimit(test.limit), nil, func() time.Time { return now })
			s := Sighting{}
			r.forecast(context.Background(), &s, node.Answer{AgeSeconds: 10, Pods: test.said}, "u")
			got := want{early: s.Pod.LimitEarly, at: s.Pod.LimitAt != nil}
			if s.Pod.PIDLimit != nil {
				got.limit = *s.Pod.PIDLimit
			}
			if s.Pod.PIDsUsed != nil {
				got.used = *s.Pod.PIDsUsed
			}
			if got.at {
				got.until = s.Pod.LimitAt.Sub(now.Add(-10 * time.Second))
			}
			if got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}
