package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/webhook/policy"
)

const debian = "ID=debian\n"

// answer follows an image's argv to its PID 1.
func answer(t *testing.T, files imagetest.Tree, config imageinspect.Config) imageinspect.Result {
	t.Helper()
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	return imageinspect.NewEvaluator(db).Evaluate(t.Context(), imageinspect.Image{Config: config, Files: files}, imageinspect.Overrides{})
}

func TestImageSituation(t *testing.T) {
	tests := []struct {
		name   string
		files  imagetest.Tree
		config imageinspect.Config
		want   advice.Situation
	}{
		{
			"program", imagetest.Tree{"/etc/os-release": debian},
			imageinspect.Config{Entrypoint: []string{"node"}, Cmd: []string{"server.js"}},
			advice.Situation{Problem: advice.LeavesOrphans, Argv: []string{"node", "server.js"}, Entrypoint: 1, Distribution: "debian"},
		},
		{
			"entrypoint script", imagetest.Tree{"/etc/os-release": debian, "/entry.sh": "#!/bin/bash\nexec \"$@\"\n"},
			imageinspect.Config{Entrypoint: []string{"/entry.sh"}, Cmd: []string{"node"}},
			advice.Situation{
				Problem: advice.LeavesOrphans, Argv: []string{"/entry.sh", "node"}, Entrypoint: 1, Script: "entry.sh", Distribution: "debian",
			},
		},
		{
			"script by env", imagetest.Tree{"/entry.sh": "#!/usr/bin/env bash\nexec \"$@\"\n"},
			imageinspect.Config{Cmd: []string{"/entry.sh", "node"}},
			advice.Situation{Problem: advice.LeavesOrphans, Argv: []string{"/entry.sh", "node"}, Script: "entry.sh"},
		},
		{
			"command string", imagetest.Tree{}, imageinspect.Config{Cmd: []string{"bash", "-c", "exec node"}},
			advice.Situation{Problem: advice.LeavesOrphans, Argv: []string{"bash", "-c", "exec node"}},
		},
		{
			"shell that stays", imagetest.Tree{"/start.sh": "#!/bin/bash\nset -e\nnode\necho over\n"}, imageinspect.Config{Cmd: []string{"/start.sh"}},
			advice.Situation{Problem: advice.KeepsSignals, Argv: []string{"/start.sh"}, Script: "start.sh", StaysIn: "start.sh", StaysAt: 3},
		},
		{
			"no image", nil, imageinspect.Config{Cmd: []string{"tini", "--", "node"}},
			advice.Situation{Argv: []string{"tini", "--", "node"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := policy.ImageSituation(answer(t, test.files, test.config))
			if got.Forks == nil || !got.Forks([]string{"sh"}) || got.Forks([]string{"cat"}) {
				t.Error("what starts others is not told")
			}
			got.Forks = nil
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAdviceAvoidsNumberOne: a pod whose commands mean PID 1 by its number is
// not told to share the namespace.
func TestAdviceAvoidsNumberOne(t *testing.T) {
	tests := []struct {
		container corev1.Container
		share     bool
	}{
		{corev1.Container{}, true},
		{corev1.Container{Args: []string{"kill", "-9", "12"}}, true},
		{corev1.Container{LivenessProbe: probe("sh", "-c", "kill -0 10 && cat /proc/12/status")}, true},
		{corev1.Container{LivenessProbe: probe("sh", "-c", "skill 1")}, true},
		{corev1.Container{Lifecycle: &corev1.Lifecycle{PreStop: hook("kill", "-TERM", "1")}}, false},
		{corev1.Container{Lifecycle: &corev1.Lifecycle{PreStop: hook("sh", "-c", "kill -s QUIT 1; sleep 5")}}, false},
		{corev1.Container{Lifecycle: &corev1.Lifecycle{PostStart: hook("sh", "-c", "echo hi > /proc/1/fd/1")}}, false},
		{corev1.Container{LivenessProbe: probe("sh", "-c", "cat /proc/1/status")}, false},
		{corev1.Container{Command: []string{"sh", "-c", "trap 'kill -- 1' EXIT; exec node"}}, false},
	}
	for i, test := range tests {
		test.container.Name = "a"
		spec := &corev1.PodSpec{Containers: []corev1.Container{test.container}}
		got := policy.Assess(spec, map[string]imageinspect.Result{"a": leaves()})
		if (got[0].Advice.Kind == advice.KindSharePID) != test.share {
			t.Errorf("%d: %s, want share-pid: %v", i, got[0].Advice.Kind, test.share)
		}
	}
}

// TestAdviceOfProbes: each probe and hook that can leave orphans has a fix, and
// no other has.
func TestAdviceOfProbes(t *testing.T) {
	spec := &corev1.PodSpec{Containers: []corev1.Container{{
		Name: "a", LivenessProbe: probe("cat", "/ok"), ReadinessProbe: probe("sh", "-c", "curl -f localhost:8080/ready"),
		Lifecycle: &corev1.Lifecycle{PreStop: hook("sh", "-c", "sleep 5")},
	}, {Name: "b"}}}
	got := policy.Assess(spec, map[string]imageinspect.Result{"a": leaves()})
	if a := got[0].Advice; len(a.Patches)+len(a.Others) > 0 {
		t.Errorf("the webhook has %+v: it needs the first fix alone, and no patch, which may hold what a probe runs", a)
	}
	all := got[0].Situation
	all.Full = true
	var said []string
	for _, f := range advice.For(all).Others { // behind the init
		said = append(said, f.Path+": "+f.Change)
	}
	want := []string{"containers[0].readinessProbe: httpGet in place of exec", "containers[0].lifecycle.preStop: sleep in place of exec"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}
