package scanner

import (
	"slices"
	"time"
)

// PIDs is how many process ids a pod takes, of those that its PID limit allows.
type PIDs struct {
	// Used are its threads and zombies, those of all its containers.
	Used int
	// PerHour is how many more there will be in an hour; nil when that can't be
	// told yet. It is 0 when they don't grow in number.
	PerHour *float64
	// Early says that PerHour rests on less than ten minutes.
	Early bool
}

const (
	// countEvery is how many scans share one count of threads, which costs as
	// much as a scan. A pod that is new has to wait for countNew of them.
	countEvery = 10
	countNew   = 5

	// A trend takes samples that are sampleGap apart, as many as the window of a
	// rate has, over trendLeast at least.
	sampleGap  = rateWindow / 15
	trendLeast = 10 * time.Minute
)

// Usage follows how many PIDs the pods with zombies take. Threads are counted
// now and then, zombies in each scan. It is not safe for concurrent use.
type Usage struct {
	pods  map[string]*podUsage
	scans int // since the last count
}

// podUsage is what is remembered of a pod.
type podUsage struct {
	threads int
	known   bool // threads were counted
	// The first of alive and dead are the oldest.
	alive, dead []sample
}

// sample is a number and when it was taken, since boot.
type sample struct {
	at time.Duration
	n  int
}

// Due are the pods of a report whose threads are to be counted now, none most
// of the time. It is to be asked once a scan.
func (u *Usage) Due(r Report) []string {
	u.scans++
	zombies := podZombies(r)
	fresh := false
	for pod := range zombies {
		p := u.pods[pod]
		fresh = fresh || p == nil || !p.known
	}
	first := len(u.pods) == 0
	if !fresh && u.scans < countEvery || fresh && !first && u.scans < countNew {
		return nil
	}
	var pods []string
	for pod := range zombies {
		pods = append(pods, pod)
	}
	slices.Sort(pods)
	return pods
}

// Count takes the threads of living processes, by pod.
func (u *Usage) Count(at time.Duration, threads map[string]int) {
	u.scans = 0
	if u.pods == nil {
		u.pods = make(map[string]*podUsage)
	}
	for pod, n := range threads {
		p := u.pods[pod]
		if p == nil {
			p = &podUsage{}
			u.pods[pod] = p
		}
		p.threads, p.known = n, true
		p.alive = keep(p.alive, sample{at, n})
	}
}

// Of is what the pods of a report take. Those that were not counted yet are not
// in it; those that are not in the report are forgotten.
func (u *Usage) Of(r Report) map[string]PIDs {
	zombies := podZombies(r)
	for pod := range u.pods {
		if _, ok := zombies[pod]; !ok {
			delete(u.pods, pod)
		}
	}
	out := make(map[string]PIDs, len(u.pods))
	for pod, p := range u.pods {
		z := zombies[pod]
		p.dead = keep(p.dead, sample{r.At, z.n})
		used := PIDs{Used: p.threads + z.n}
		used.PerHour, used.Early = p.growth(z)
		out[pod] = used
	}
	return out
}

// growth adds up zombies and threads. As long as there is no trend of the
// zombies, the ages of those that are there stand for it.
func (p *podUsage) growth(z podZombie) (perHour *float64, early bool) {
	dead, known := trend(p.dead)
	if !known {
		if !z.known {
			return nil, false
		}
		dead, early = z.perHour, z.oldest < trendLeast
	}
	sum := max(dead, 0) + p.threadGrowth()
	return &sum, early
}

// threadGrowth is the trend of the threads; 0 for what a pool of threads does
// by itself.
func (p *podUsage) threadGrowth() float64 {
	perHour, known := trend(p.alive)
	if !known || perHour <= 0 {
		return 0
	}
	first, last := p.alive[0], p.alive[len(p.alive)-1]
	if rise := perHour * (last.at - first.at).Hours(); rise < max(8, float64(first.n)/20) {
		return 0
	}
	return perHour
}

// podZombie are the zombies of all containers of a pod.
type podZombie struct {
	n       int
	perHour float64
	known   bool // a rate is
	oldest  time.Duration
}

func podZombies(r Report) map[string]podZombie {
	pods := make(map[string]podZombie)
	for _, f := range r.Containers {
		if f.Container.Pod == "" {
			continue
		}
		z := pods[f.Container.Pod]
		z.n += f.Zombies
		z.oldest = max(z.oldest, f.Oldest)
		if f.PerHour != nil {
			z.perHour, z.known = z.perHour+*f.PerHour, true
		}
		pods[f.Container.Pod] = z
	}
	return pods
}

// keep appends a sample and drops those that left the window. A sample that is
// too near to the one before takes the place of the last, so that the last one
// is always new.
func keep(samples []sample, s sample) []sample {
	n := len(samples)
	if n >= 2 && s.at-samples[n-2].at < sampleGap {
		samples = samples[:n-1]
	}
	samples = append(samples, s)
	for len(samples) > 2 && s.at-samples[0].at > rateWindow {
		samples = samples[1:]
	}
	return slices.Clip(samples)
}

// trend is how fast a number grows in an hour: the median of the slopes between
// any two samples, which one that is off doesn't move. False when the samples
// are few or near to one another.
func trend(samples []sample) (perHour float64, known bool) {
	last := len(samples) - 1
	if last < 2 || samples[last].at-samples[0].at < trendLeast {
		return 0, false
	}
	var slopes []float64
	for i, a := range samples {
		for _, b := range samples[i+1:] {
			if b.at > a.at {
				slopes = append(slopes, float64(b.n-a.n)/(b.at-a.at).Hours())
			}
		}
	}
	slices.Sort(slopes)
	n := len(slopes)
	return (slopes[n/2] + slopes[(n-1)/2]) / 2, true
}

// forecastMost is the longest time that a forecast gives: pods seldom live for
// longer, and nothing goes on as today for months.
const forecastMost = 30 * 24 * time.Hour

// UntilLimit is in which time a pod takes all PIDs of its limit if it goes on
// like that, 0 when it does already. False when the limit is not known or will
// not be reached.
func (p PIDs) UntilLimit(limit int) (time.Duration, bool) {
	left := float64(limit - p.Used)
	switch {
	case limit <= 0:
		return 0, false
	case left <= 0:
		return 0, true
	case p.PerHour == nil || *p.PerHour <= 0:
		return 0, false
	}
	hours := left / *p.PerHour
	if hours > forecastMost.Hours() {
		return 0, false
	}
	return time.Duration(hours * float64(time.Hour)), true
}
