package scanner

import (
	"math"
	"slices"
	"testing"
	"time"
)

const podUID = "11111111-2222-3333-4444-555555555555"

// busy is a report of one pod with so many zombies, in two containers, and of
// the host's.
func busy(at time.Duration, zombies int, perHour *float64, oldest time.Duration) Report {
	half := zombies / 2
	return Report{At: at, Containers: []Findings{
		{Container: Container{Pod: podUID, ID: "a"}, Zombies: zombies - half, PerHour: perHour, Oldest: oldest},
		{Container: Container{Pod: podUID, ID: "b"}, Zombies: half, Oldest: oldest / 2},
		{Zombies: 7, Oldest: time.Hour},
	}}
}

// TestDue counts how often threads are counted.
func TestDue(t *testing.T) {
	var u Usage
	var counted []int
	for scan := range 40 {
		r := busy(time.Duration(scan)*time.Minute, 4, nil, time.Minute)
		if scan < 3 {
			r.Containers = r.Containers[2:] // the host's alone: nothing to count
		}
		if scan >= 25 {
			r.Containers = append(r.Containers, Findings{Container: Container{Pod: "new", ID: "c"}, Zombies: 1})
		}
		if pods := u.Due(r); len(pods) > 0 {
			counted = append(counted, scan)
			threads := make(map[string]int)
			for _, pod := range pods {
				threads[pod] = 5
			}
			u.Count(r.At, threads)
		}
		u.Of(r)
	}
	// At once for the first pod, then every ten scans; five for the one that is new at 25.
	if want := []int{3, 13, 23, 28, 38}; !slices.Equal(counted, want) {
		t.Errorf("counted at %v, want %v", counted, want)
	}
}

func TestUsage(t *testing.T) {
	rate := func(f float64) *float64 { return &f }
	// A minute between scans.
	type step struct{ zombies, threads int }
	tests := []struct {
		name string
		// at gives what there is at a scan, perHour what the ages say.
		at      func(scan int) step
		scans   int
		perHour *float64
		used    int
		want    *float64
		early   bool
	}{
		{"nothing is known of a few", func(int) step { return step{2, 30} }, 5, nil, 32, nil, false},
		{"early", func(n int) step { return step{10 * n, 30} }, 5, rate(600), 70, rate(600), true},
		{"steady", func(n int) step { return step{10 * n, 30} }, 100, rate(1), 1020, rate(600), false},
		{"ages mislead where PID 1 reaps in turns", func(n int) step { return step{10 * (n % 8), 30} }, 100, rate(600), 60, rate(0), false},
		{"no more than there were", func(int) step { return step{50, 30} }, 100, rate(50), 80, rate(0), false},
		{"threads leak", func(n int) step { return step{50, 30 + n} }, 101, rate(0), 180, rate(60), false},
		{"threads come and go", func(n int) step { return step{50, 300 + 10*(n/10%2)} }, 101, rate(0), 350, rate(0), false},
		{"threads go", func(n int) step { return step{10 * n, 500 - n} }, 101, rate(0), 1400, rate(600), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var u Usage
			var got PIDs
			for scan := range test.scans {
				s := test.at(scan)
				r := busy(time.Duration(scan)*time.Minute, s.zombies, test.perHour, time.Duration(scan)*time.Minute)
				if pods := u.Due(r); len(pods) > 0 {
					u.Count(r.At, map[string]int{podUID: s.threads})
				}
				got = u.Of(r)[podUID]
			}
			if got.Used != test.used || got.Early != test.early || (got.PerHour == nil) != (test.want == nil) {
				t.Fatalf("%+v, want %d used, %v an hour, early %v", got, test.used, test.want, test.early)
			}
			if test.want != nil && math.Abs(*got.PerHour-*test.want) > 0.05*600 {
				t.Errorf("%.1f an hour, want %.1f", *got.PerHour, *test.want)
			}
		})
	}
}

// TestUsageForgets drops a pod without zombies, and what it was.
func TestUsageForgets(t *testing.T) {
	var u Usage
	r := busy(time.Minute, 4, nil, 0)
	u.Count(r.At, map[string]int{podUID: 5})
	if got := u.Of(r); got[podUID].Used != 9 {
		t.Errorf("%+v, want 9 in use", got)
	}
	if got := u.Of(Report{At: 2 * time.Minute}); len(got) > 0 || len(u.pods) > 0 {
		t.Errorf("%+v, %d remembered, want nothing", got, len(u.pods))
	}
}

// TestSamplesAreBounded follows a pod for a day.
func TestSamplesAreBounded(t *testing.T) {
	var samples []sample
	for i := range 24 * 120 {
		samples = keep(samples, sample{time.Duration(i) * 30 * time.Second, i})
		if len(samples) > 20 || samples[len(samples)-1].n != i {
			t.Fatalf("%d samples, the last one %+v", len(samples), samples[len(samples)-1])
		}
	}
	if perHour, known := trend(samples); !known || math.Abs(perHour-120) > 1e-6 {
		t.Errorf("trend %v, %v, want 120", perHour, known)
	}
}

func TestUntilLimit(t *testing.T) {
	rate := func(f float64) *float64 { return &f }
	tests := []struct {
		name    string
		used    int
		perHour *float64
		limit   int
		want    time.Duration
		ok      bool
	}{
		{"no limit", 100, rate(10), 0, 0, false},
		{"no rate", 100, nil, 200, 0, false},
		{"does not grow", 100, rate(0), 200, 0, false},
		{"shrinks", 100, rate(-5), 200, 0, false},
		{"ten hours", 100, rate(10), 200, 10 * time.Hour, true},
		{"it is full", 200, nil, 200, 0, true},
		{"more than full", 201, rate(10), 200, 0, true},
		{"next season", 100, rate(0.1), 200, 0, false},
	}
	for _, test := range tests {
		got, ok := PIDs{Used: test.used, PerHour: test.perHour}.UntilLimit(test.limit)
		if got != test.want || ok != test.ok {
			t.Errorf("%s: %v, %v, want %v, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

// TestForecast plays probes that leave zombies at their period, with a probe
// that is late now and then, and holds what is said at 2,000 against when
// 5,000 are there.
func TestForecast(t *testing.T) {
	const limit = 6000
	for _, period := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, time.Second} {
		var tracker Tracker
		var u Usage
		s := Scan{Living: cast()}
		var said, reached time.Duration
		next, pid := time.Minute, 1000
		for s.At = time.Minute; reached == 0; s.At += 30 * time.Second {
			for ; next < s.At; next += period {
				z := dead(100, 800, app, pid, 20)
				z.PID, z.Start = pid, next
				if s.Zombies = append(s.Zombies, z); pid%97 == 0 {
					next += 3 * period
				}
				pid++
			}
			r := tracker.Add(s)
			if pods := u.Due(r); len(pods) > 0 {
				u.Count(r.At, map[string]int{app.Pod: 12})
			}
			used := u.Of(r)[app.Pod]
			n := len(s.Zombies)
			if n >= 2000 && said == 0 && used.Used >= 2000 {
				until, ok := used.UntilLimit(limit)
				if !ok {
					t.Fatalf("every %v: nothing is said of %+v", period, used)
				}
				said = s.At + until
			}
			if n >= limit-12 {
				reached = s.At
			}
		}
		if off := math.Abs(float64(said-reached)) / float64(reached-time.Minute); off > 0.2 {
			t.Errorf("every %v: said %v, it was %v, off by %.0f %%", period, said, reached, off*100)
		}
	}
}
