package v1alpha1

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestReportName(t *testing.T) {
	long := strings.Repeat("long-name.", 24) + "end"
	tests := []struct {
		workload Workload
		want     string // a star stands for the hash
	}{
		{Workload{"apps", "StatefulSet", "mongo"}, "statefulset-mongo"},
		{Workload{"", "Pod", "a.b"}, "pod-a.b"},
		{Workload{"batch", "CronJob", "nightly"}, "cronjob-nightly"},
		{Workload{"apps.openshift.io", "DeploymentConfig", "web"}, "deploymentconfig-web"},
		{Workload{"example.com", "Deployment", "web"}, "deployment.example.com-web-*"},
		{Workload{"", "Pod", "runner-*"}, "pod.core-runner-*"},
		{Workload{"argoproj.io", "Rollout", "web"}, "rollout.argoproj.io-web-*"},
		{Workload{"", "Nöde", "..A:b-."}, "n-de.core.a-b-*"},
		{Workload{"apps", "Deployment", long}, "deployment.apps-" + long[:219] + "-*"},
		{Workload{}, "core-*"},
	}
	seen := make(map[string]Workload)
	for _, test := range tests {
		got := test.workload.ReportName()
		if errs := validation.IsDNS1123Subdomain(got); errs != nil {
			t.Errorf("%+v: %q: %v", test.workload, got, errs)
		}
		if before, ok := seen[got]; ok {
			t.Errorf("%+v and %+v share %s", before, test.workload, got)
		}
		seen[got] = test.workload
		want, hashed := strings.CutSuffix(test.want, "*")
		if !hashed && got != want || hashed && (!strings.HasPrefix(got, want) || len(got) != len(want)+16) {
			t.Errorf("%+v: %q, want %q", test.workload, got, test.want)
		}
	}
}

// FuzzReportName looks for names that are none of an object, and for two
// workloads with one name.
func FuzzReportName(f *testing.F) {
	f.Add("apps", "Deployment", "web", "", "Pod", "web")
	f.Add("apps", "Deployment", "a.b-c", "apps", "Deployment", "a-b.c")
	f.Fuzz(func(t *testing.T, g1, k1, n1, g2, k2, n2 string) {
		one, other := Workload{g1, k1, strings.ToValidUTF8(n1, "")}, Workload{g2, k2, strings.ToValidUTF8(n2, "")}
		for _, w := range []Workload{one, other} {
			if errs := validation.IsDNS1123Subdomain(w.ReportName()); errs != nil {
				t.Errorf("%+v: %q: %v", w, w.ReportName(), errs)
			}
		}
		if valid(one) && valid(other) && one != other && one.ReportName() == other.ReportName() {
			t.Errorf("%+v and %+v share %s", one, other, one.ReportName())
		}
	})
}

// valid says whether the words can come from the API server.
func valid(w Workload) bool {
	return strings.ToValidUTF8(w.Group, "") == w.Group && strings.ToValidUTF8(w.Kind, "") == w.Kind
}

func TestArgvHash(t *testing.T) {
	if ArgvHash(nil, nil) != ArgvHash([]string{}, []string{}) {
		t.Error("empty and missing are told apart")
	}
	seen := make(map[string]bool)
	for _, argv := range [][2][]string{
		{nil, nil}, {{"a"}, nil}, {nil, {"a"}}, {{"a", "b"}, nil}, {{"a"}, {"b"}}, {{"ab"}, nil}, {{"a", "args"}, nil}, {{"a"}, {"args"}},
	} {
		hash := ArgvHash(argv[0], argv[1])
		if len(hash) != 16 || seen[hash] {
			t.Errorf("%q: %s", argv, hash)
		}
		seen[hash] = true
	}
}

func TestExecHash(t *testing.T) {
	probe := func(command ...string) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}, PeriodSeconds: 5}
	}
	hook := func(command ...string) *corev1.LifecycleHandler {
		return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}
	}
	none := ExecHash(&corev1.Container{})
	for name, c := range map[string]*corev1.Container{
		"no exec":         {LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{}}}, Lifecycle: &corev1.Lifecycle{}},
		"preStop":         {Lifecycle: &corev1.Lifecycle{PreStop: hook("sh")}},
		"another command": {Command: []string{"sh"}, Args: []string{"x"}, Image: "y"},
	} {
		if got := ExecHash(c); got != none {
			t.Errorf("%s: %s, want that of none", name, got)
		}
	}
	seen := map[string]bool{none: true}
	for i, c := range []*corev1.Container{
		{LivenessProbe: probe("a")}, {ReadinessProbe: probe("a")}, {StartupProbe: probe("a")}, {Lifecycle: &corev1.Lifecycle{PostStart: hook("a")}},
		{LivenessProbe: probe("a", "b")}, {LivenessProbe: probe("a"), ReadinessProbe: probe("b")}, {LivenessProbe: probe("ab")},
	} {
		hash := ExecHash(c)
		if len(hash) != 16 || seen[hash] {
			t.Errorf("%d: %s", i, hash)
		}
		seen[hash] = true
	}
	slower := probe("a")
	slower.PeriodSeconds = 60
	if ExecHash(&corev1.Container{LivenessProbe: slower}) != ExecHash(&corev1.Container{LivenessProbe: probe("a")}) {
		t.Error("how often a probe is run counts")
	}
}
