package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/policy"
)

func probe(command ...string) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}}
}

func hook(command ...string) *corev1.LifecycleHandler {
	return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}
}

func leaves() imageinspect.Result {
	return imageinspect.Result{PID1: "node", Verdict: imageinspect.Verdict{Outcome: imageinspect.DoesNotReap}}
}

func TestRisk(t *testing.T) {
	forking := leaves()
	forking.Verdict.ForksHelpers = true
	harmed := imageinspect.Result{PID1: "postgres", Verdict: imageinspect.Verdict{Outcome: imageinspect.Reaps, HarmedByOrphans: "restarts"}}
	tests := []struct {
		name      string
		container corev1.Container
		result    imageinspect.Result
		problem   policy.Problem
		risk      policy.Risk
		rules     []string
	}{
		{"nothing known", corev1.Container{}, leaves(), policy.DoesNotReap, policy.Possible, nil},
		{"plain probe", corev1.Container{LivenessProbe: probe("cat", "/ok")}, leaves(), policy.DoesNotReap, policy.Possible, nil},
		{"plain probe by path", corev1.Container{LivenessProbe: probe("/usr/bin/pg_isready")}, leaves(), policy.DoesNotReap, policy.Possible, nil},
		{"no exec", corev1.Container{LivenessProbe: &corev1.Probe{}}, leaves(), policy.DoesNotReap, policy.Possible, nil},
		{"empty command", corev1.Container{LivenessProbe: probe()}, leaves(), policy.DoesNotReap, policy.Possible, nil},
		{"shell probe", corev1.Container{ReadinessProbe: probe("/bin/sh", "-c", "x")}, leaves(), policy.DoesNotReap, policy.Exposed, []string{"exec-probe"}},
		{"script probe", corev1.Container{StartupProbe: probe("/opt/ready.sh")}, leaves(), policy.DoesNotReap, policy.Exposed, []string{"exec-probe"}},
		{"interpreter probe", corev1.Container{StartupProbe: probe("python3", "x")}, leaves(), policy.DoesNotReap, policy.Exposed, []string{"exec-probe"}},
		{"hooks", corev1.Container{Lifecycle: &corev1.Lifecycle{PostStart: hook("bash"), PreStop: hook("sleep", "5")}}, leaves(), policy.DoesNotReap, policy.Exposed, []string{"exec-hook"}},
		{"forking main", corev1.Container{}, forking, policy.DoesNotReap, policy.Exposed, []string{"forking-main"}},
		{"harmed", corev1.Container{LivenessProbe: probe("sh")}, harmed, policy.HarmedByOrphans, policy.Exposed, []string{"exec-probe"}},
		{"reaps", corev1.Container{LivenessProbe: probe("sh")}, imageinspect.Result{Verdict: imageinspect.Verdict{Outcome: imageinspect.Reaps}}, policy.NoProblem, policy.NoRisk, nil},
		{"unknown", corev1.Container{LivenessProbe: probe("sh")}, imageinspect.Result{}, policy.Undecided, policy.NoRisk, nil},
	}
	for _, test := range tests {
		test.container.Name = "app"
		spec := &corev1.PodSpec{Containers: []corev1.Container{test.container}}
		got := policy.Assess(spec, map[string]imageinspect.Result{"app": test.result})
		if len(got) != 1 {
			t.Fatalf("%s: %d assessments", test.name, len(got))
		}
		var rules []string
		for _, e := range got[0].Exposures {
			rules = append(rules, e.Rule)
		}
		if got[0].Problem != test.problem || got[0].Risk != test.risk || !cmp.Equal(rules, test.rules) {
			t.Errorf("%s: problem %d, risk %s, rules %v; want %d, %s, %v", test.name, got[0].Problem, got[0].Risk, rules, test.problem, test.risk, test.rules)
		}
	}
}

func TestPodAnswers(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name    string
		spec    corev1.PodSpec
		settled bool
		pid1    string
	}{
		{"none", corev1.PodSpec{}, false, ""},
		{"host", corev1.PodSpec{HostPID: true}, true, "init"},
		{"shared", corev1.PodSpec{ShareProcessNamespace: &yes}, true, "pause"},
		{"not shared", corev1.PodSpec{ShareProcessNamespace: &no}, false, ""},
	}
	for _, test := range tests {
		got, settled := policy.PodAnswer(&test.spec)
		if settled != test.settled || got.PID1 != test.pid1 || settled && got.Verdict.Outcome != imageinspect.Reaps {
			t.Errorf("%s: %+v, %v", test.name, got, settled)
		}
	}
}

func TestContainersThatRunOn(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	spec := &corev1.PodSpec{
		InitContainers:      []corev1.Container{{Name: "setup"}, {Name: "sidecar", RestartPolicy: &always}},
		Containers:          []corev1.Container{{Name: "app"}},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debugger"}}},
	}
	var got []string
	for _, c := range policy.Containers(spec) {
		got = append(got, c.Name+" "+c.Path)
	}
	if diff := cmp.Diff([]string{"app containers[0]", "sidecar initContainers[1]"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAdviceFitsThePod(t *testing.T) {
	no := false
	one := []corev1.Container{{Name: "a"}}
	two := []corev1.Container{{Name: "a"}, {Name: "b"}}
	tests := []struct {
		name string
		spec corev1.PodSpec
		path string
	}{
		{"one container", corev1.PodSpec{Containers: one}, "shareProcessNamespace"},
		{"two containers see one another", corev1.PodSpec{Containers: two}, "containers[0].image"},
		{"opted out", corev1.PodSpec{Containers: one, ShareProcessNamespace: &no}, "containers[0].image"},
	}
	for _, test := range tests {
		got := policy.Assess(&test.spec, map[string]imageinspect.Result{"a": leaves(), "b": leaves()})
		if got[0].Advice.Path != test.path {
			t.Errorf("%s: advice %+v, want %s", test.name, got[0].Advice, test.path)
		}
	}
}

func TestWorst(t *testing.T) {
	finding := func(name string, p policy.Problem, r policy.Risk) policy.Assessment {
		return policy.Assessment{Container: name, Problem: p, Risk: r}
	}
	tests := []struct {
		in   []policy.Assessment
		want string
	}{
		{nil, ""},
		{[]policy.Assessment{finding("u", policy.Undecided, 0), finding("n", policy.NoProblem, 0)}, ""},
		{[]policy.Assessment{finding("a", policy.DoesNotReap, policy.Possible), finding("b", policy.HarmedByOrphans, policy.Exposed)}, "b"},
		{[]policy.Assessment{finding("a", policy.HarmedByOrphans, policy.Exposed), finding("b", policy.DoesNotReap, policy.Exposed)}, "b"},
		{[]policy.Assessment{finding("a", policy.DoesNotReap, policy.Exposed), finding("b", policy.DoesNotReap, policy.Exposed)}, "a"},
	}
	for i, test := range tests {
		got, ok := policy.Worst(test.in)
		if got.Container != test.want || ok != (test.want != "") {
			t.Errorf("%d: %q, %v; want %q", i, got.Container, ok, test.want)
		}
	}
}

func TestPlatforms(t *testing.T) {
	both := []string{"linux/amd64", "linux/arm64"}
	spec := &corev1.PodSpec{NodeSelector: map[string]string{corev1.LabelArchStable: "arm64"}}
	if diff := cmp.Diff([]string{"linux/arm64"}, policy.Platforms(spec, both)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(both, policy.Platforms(&corev1.PodSpec{}, both)); diff != "" {
		t.Error(diff)
	}
}
