package remedy

import (
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
)

// TestCandidates: which pods pass a threshold, by the right zombies.
func TestCandidates(t *testing.T) {
	limit := func(n int64) *int64 { return &n }
	causes := func(p *v1alpha1.Pod, not, waiting, ambiguous, other int32) {
		c := &p.Containers[0]
		c.Causes = []v1alpha1.Cause{
			{Cause: string(scanner.PID1NotReaping), Zombies: not}, {Cause: string(scanner.ParentNotWaiting), Zombies: waiting}, {Cause: string(scanner.PID1Ambiguous), Zombies: ambiguous},
		}
		c.OtherZombies, c.Zombies, p.Zombies = other, not+waiting+ambiguous+other, not+waiting+ambiguous+other
	}
	for name, test := range map[string]struct {
		change func(s *Settings, r *v1alpha1.ZombieReport, p *v1alpha1.Pod)
		want   bool
	}{
		"many":                       {func(*Settings, *v1alpha1.ZombieReport, *v1alpha1.Pod) {}, true},
		"one too few":                {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { causes(p, 999, 0, 0, 0) }, false},
		"enough":                     {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { causes(p, 1000, 0, 0, 0) }, true},
		"of another cause":           {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { causes(p, 0, 5000, 0, 0) }, false},
		"ambiguous":                  {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { causes(p, 0, 0, 5000, 0) }, false},
		"half of another cause":      {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { causes(p, 2000, 2000, 0, 0) }, false},
		"half of no known cause":     {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { causes(p, 2000, 0, 0, 2000) }, false},
		"more than half":             {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { causes(p, 2001, 1000, 500, 500) }, true},
		"others don't count":         {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { causes(p, 900, 800, 0, 0) }, false},
		"a container without a name": {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) { p.Containers[0].Name = "" }, false},
		"old news":                   {func(_ *Settings, r *v1alpha1.ZombieReport, _ *v1alpha1.Pod) { r.Status.LastSeen = ago(3 * time.Hour) }, false},
		"half of the limit": {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) {
			causes(p, 100, 0, 0, 0)
			p.PIDLimit = limit(200)
		}, true},
		"less than half": {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) {
			causes(p, 99, 0, 0, 0)
			p.PIDLimit = limit(200)
		}, false},
		"an impossible limit": {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) {
			causes(p, 99, 0, 0, 0)
			p.PIDLimit = limit(0)
		}, false},
		"the limit is near": {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) {
			causes(p, 9, 0, 0, 0)
			at := ago(-6 * time.Hour)
			p.LimitAt = &at
		}, true},
		"the limit is far": {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) {
			causes(p, 9, 0, 0, 0)
			at := ago(-7 * time.Hour)
			p.LimitAt = &at
		}, false},
		"the limit is near, perhaps": {func(_ *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) {
			causes(p, 9, 0, 0, 0)
			at := ago(-time.Hour)
			p.LimitAt, p.LimitEarly = &at, true
		}, false},
		"that threshold is not set": {func(s *Settings, _ *v1alpha1.ZombieReport, _ *v1alpha1.Pod) { s.Thresholds.Zombies = 0 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := Default(), sick()
			test.change(&s, r, &r.Status.Pods[0])
			list, reason := s.Candidates(r, epoch())
			if got := len(list) == 1; got != test.want || got == (reason != "") {
				t.Errorf("%v, %q, want %v", list, reason, test.want)
			}
			if test.want && list[0].Passed == "" {
				t.Error("it does not say which threshold")
			}
		})
	}
}

// TestOrder: the nearest limit first, then the most zombies.
func TestOrder(t *testing.T) {
	r := sick()
	pod := r.Status.Pods[0]
	add := func(uid string, zombies int32, limitIn time.Duration) {
		p := *pod.DeepCopy()
		p.UID, p.Zombies = uid, zombies
		p.Containers[0].Causes[0].Zombies = zombies
		if limitIn > 0 {
			at := ago(-limitIn)
			p.LimitAt = &at
		}
		r.Status.Pods = append(r.Status.Pods, p)
	}
	r.Status.Pods = nil
	add("few", 1500, 0)
	add("later", 1500, 3*time.Hour)
	add("many", 9000, 0)
	add("soon", 1500, time.Hour)
	s := Default()
	list, _ := s.Candidates(r, epoch())
	got := ""
	for _, c := range list {
		got += c.Pod.UID + " "
	}
	if want := "soon later many few "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
