package app

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/imageinspect/initdb"
)

func TestSeenSituation(t *testing.T) {
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", "kill -0 1"}}}}
	spec := &corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}, {Name: "b", Command: []string{"node", "x"}, ReadinessProbe: probe}}}
	shared := spec.DeepCopy()
	shared.ShareProcessNamespace = &yes
	situation := seenSituation(db)

	s, ok := situation(spec, "b", "node")
	if !ok || s.ContainerPath != "containers[1]" || s.Containers != 2 || len(s.Command) != 2 || len(s.Execs) != 1 || !s.NamesPID1 || s.Problem != advice.LeavesOrphans || s.MustBePID1 {
		t.Errorf("%+v", s)
	}
	if s, ok := situation(shared, "b", "node"); !ok || s.ContainerPath != "containers[1]" {
		t.Errorf("shared: %+v", s)
	}
	for name, spec := range map[string]*corev1.PodSpec{"another container": spec, "no pod": nil} {
		if s, ok := situation(spec, "z", "node"); ok {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if s, ok := situation(nil, "b", "systemd"); !ok || !s.MustBePID1 {
		t.Errorf("systemd: %+v", s)
	}
}
