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
	// near is a pod with a limit of 4096 that it reaches in some time: with so many
	// zombies, PIDs in all, and zombies that come in an hour.
	near := func(zombies int32, used int64, perHour int32, in time.Duration) func(*Settings, *v1alpha1.ZombieReport, *v1alpha1.Pod) {
		return func(s *Settings, _ *v1alpha1.ZombieReport, p *v1alpha1.Pod) {
			s.Thresholds.Zombies = 0
			causes(p, zombies, 0, 0, 0)
			at := ago(-in)
			p.LimitAt, p.PIDLimit, p.PIDsUsed = &at, limit(4096), &used
			if perHour >= 0 {
				p.Containers[0].Causes[0].PerHour = &perHour
			}
		}
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
		"the limit is near":          {near(1000, 3000, 200, 6*time.Hour), true},
		"the limit is far":           {near(1000, 3000, 200, 7*time.Hour), false},
		"the limit is reached":       {near(410, 4096, 0, 0), true},
		"by threads, not by zombies": {near(900, 3000, 100, time.Hour), false},
		"zombies are a tenth":        {near(410, 3900, 200, time.Hour), true},
		"zombies are next to none":   {near(9, 4090, 200, time.Hour), false},
		"no rate is known":           {near(900, 3000, -1, time.Hour), false},
		"the limit is near, perhaps": {func(s *Settings, r *v1alpha1.ZombieReport, p *v1alpha1.Pod) {
			near(900, 3000, 200, time.Hour)(s, r, p)
			p.LimitEarly = true
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
