//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/test/cluster"
)

// forecast is what a report said, and when the test had counted how many.
type forecast struct {
	limitAt time.Time
	at      time.Time
	zombies int
}

// asked waits until 2,000 PIDs are in use, and takes what is said then.
func (r *reports) asked(t *testing.T) forecast {
	t.Helper()
	var f forecast
	s := r.awaitReport(t, floodMost, fmt.Sprintf("forecast at %d", askedAt), "Deployment/flood", func(s v1alpha1.ZombieReportStatus) (bool, string) {
		if len(s.Pods) != 1 || s.Pods[0].PIDsUsed == nil || *s.Pods[0].PIDsUsed < askedAt {
			return false, "not yet"
		}
		p := s.Pods[0]
		return p.PIDLimit != nil && *p.PIDLimit == podPIDs && p.LimitAt != nil, "no limit or no forecast"
	})
	f = forecast{limitAt: s.Pods[0].LimitAt.Time, at: time.Now(), zombies: count(t, r.first(t, "flood"))}
	if !s.Pods[0].LimitEarly {
		t.Error("a forecast of minutes is not said to be early")
	}
	if s.Summary.PIDLimitIn == "-" {
		t.Error("kubectl get zombies does not say it")
	}
	return f
}

// restarts kills the kubelet and containerd, and restarts the API server, one
// after the other, while zombies are made. Nothing wrong may be reported
// meanwhile or afterwards.
func (r *reports) restarts(t *testing.T) {
	t.Helper()
	before, err := r.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, restart := range []struct {
		name string
		do   func(context.Context) error
	}{
		{cluster.Kubelet, func(ctx context.Context) error { return r.cluster.Node.Restart(ctx, cluster.Kubelet) }},
		{cluster.Containerd, func(ctx context.Context) error { return r.cluster.Node.Restart(ctx, cluster.Containerd) }},
		{"kube-apiserver", r.cluster.RestartAPIServer},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), reportMost)
		if err := restart.do(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		ended := time.Now()
		// A report that is newer than the restart, and the same as before in all
		// that has not changed.
		r.awaitReport(t, 2*reportMost, "reports go on after the restart of "+restart.name, "Deployment/flood", func(s v1alpha1.ZombieReportStatus) (bool, string) {
			return s.LastSeen.After(ended), "old"
		})
		after, err := r.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range reportCases() {
			now, was := after[c.workload()].Status, before[c.workload()].Status
			if ok, what := c.check(now); c.cause != "" && !ok {
				t.Errorf("restart of %s: report of %s: %s: %+v", restart.name, c.name, what, now)
			}
			if !now.FirstSeen.Equal(&was.FirstSeen) {
				t.Errorf("restart of %s: %s was first seen at %v, and now at %v", restart.name, c.name, was.FirstSeen, now.FirstSeen)
			}
		}
		r.noOthers(t)
	}
}

// forecast holds what was said at 2,000 against the time when 5,000 are there,
// which the test counts itself, and compares their number.
func (r *reports) forecast(t *testing.T, f forecast) {
	t.Helper()
	first := r.first(t, "flood")
	await(t, floodMost, "all zombies of the flood", func() (bool, string) {
		n := count(t, first)
		return n == floodZombies, fmt.Sprint(n)
	})
	took := time.Since(f.at)
	perZombie := took / time.Duration(floodZombies-f.zombies)
	full := f.at.Add(perZombie * time.Duration(podPIDs-f.zombies))
	off := f.limitAt.Sub(full)
	ahead := full.Sub(f.at)
	t.Logf("asked at %d zombies: none left in %v; by what the test counted up to %d it was %v: off by %.0f %%",
		f.zombies, f.limitAt.Sub(f.at).Round(time.Second), floodZombies, ahead.Round(time.Second), 100*math.Abs(float64(off))/float64(ahead))
	if math.Abs(float64(off)) > forecastOff*float64(ahead) {
		t.Errorf("the forecast is off by %v of %v", off, ahead)
	}
	r.awaitReport(t, reportMost, "all of them in the report", "Deployment/flood", func(s v1alpha1.ZombieReportStatus) (bool, string) {
		return s.Summary.Zombies == floodZombies && int(s.Summary.Zombies) == count(t, first), "not yet"
	})
}

// stopped has the probe leave no more orphans, so that numbers can be compared,
// and looks at who is said to have left them.
func (r *reports) stopped(t *testing.T) {
	t.Helper()
	r.kubectl(t, "exec", r.podOf(t, "mongo"), "--", "touch", "/tmp/stop")
	first := r.first(t, "mongo")
	s := r.awaitReport(t, reportMost, "the probe's orphans, all of them", "StatefulSet/mongo", func(s v1alpha1.ZombieReportStatus) (bool, string) {
		n := count(t, first)
		return n > 0 && int(s.Summary.Zombies) == n, fmt.Sprint(n)
	})
	by := s.Pods[0].Containers[0].Causes[0].StartedBy
	if by == nil || by.Container != "main" || by.Field != "readinessProbe" || by.PeriodSeconds != probePeriod {
		t.Errorf("started by %+v, it was the readiness probe", by)
	}
}

// deleted takes workloads away: they leave the report within one scan, and it
// stays with its history.
func (r *reports) deleted(t *testing.T) {
	t.Helper()
	r.kubectl(t, "scale", "deployment/worker", "--replicas=1")
	r.awaitReport(t, reportMost, "one pod is out of the report", "Deployment/worker", func(s v1alpha1.ZombieReportStatus) (bool, string) {
		return s.Summary.Pods == 1 && s.Summary.Zombies == 3 && len(s.Pods) == 1, "not yet"
	})
	r.kubectl(t, "delete", "statefulset/mongo", "--wait=true", "--cascade=foreground")
	gone := time.Now()
	s := r.awaitReport(t, reportMost, "the workload is out of the report", "StatefulSet/mongo", func(s v1alpha1.ZombieReportStatus) (bool, string) {
		return s.Summary.Zombies == 0 && len(s.Pods) == 0, "not yet"
	})
	t.Logf("out of the report %v after it was deleted", time.Since(gone).Round(100*time.Millisecond))
	if len(s.History) != 1 || s.History[0].To == nil || s.History[0].MostZombies == 0 || len(s.Observations) != 1 || s.Summary.Cause != "PID1NotReaping" {
		t.Errorf("the report is left as %+v", s)
	}
}
