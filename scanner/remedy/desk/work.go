package desk

import (
	"context"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/remedy"
)

// job is a pod to look at, or an act to carry on.
type job struct {
	carry     bool
	key       Key
	candidate remedy.Candidate
	reason    remedy.Reason // why it is no candidate any more
	done      *v1alpha1.Remedy
	target    Target
}

// work does a job.
func (d *Desk) work(ctx context.Context, j job) {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	if j.carry {
		d.carryOn(ctx, j)
	} else {
		d.look(ctx, j)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.memory.busy, j.target.UID)
}

// look finds out whether a candidate is to be evicted.
func (d *Desk) look(ctx context.Context, j job) {
	s := d.o.Settings()
	now := d.o.Now()
	reason := remedy.NoAnswer
	var answer Answer
	facts, err := d.o.Cluster.Facts(ctx, j.target)
	if err == nil {
		reason = s.Decide(&j.candidate, &facts, j.done, now)
	}
	if reason == "" {
		// It says what the API server would answer, so that nothing is intended in
		// vain, and a dry run is as good as the real thing.
		if answer, err = d.o.Cluster.Evict(ctx, j.target, true); err == nil {
			reason = answer.Reason
		} else {
			reason = remedy.NoAnswer
		}
	}
	d.o.Metrics.looked(reason)
	if err != nil {
		d.o.Metrics.failed("look")
		d.o.Log.Warn("pod not looked at", "namespace", j.target.Namespace, "pod", j.target.Pod, "error", err, "again", lookAgain.String())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.say(j, reason, answer.Detail)
	d.memory.looked[j.target.UID] = looked{reason: reason, until: now.Add(lookAgain)}
	evicts := s.Mode == remedy.Evict
	switch reason {
	case "":
		delete(d.memory.looked, j.target.UID)
		d.memory.ready[j.key] = ready{candidate: j.candidate, act: remedy.NewAct(&j.candidate, facts.Pod.CreationTimestamp.Time, now)}
	case remedy.ComesBack:
		if evicts {
			d.memory.plans[j.key] = plan{at: now, stop: s.Stop(&j.candidate, now)}
			d.o.Metrics.stopped()
		}
	case remedy.NoRight, remedy.DisruptionBudget, remedy.NotAllowed:
		d.hold(j, answer, now)
		if evicts {
			act := remedy.Refuse(remedy.NewAct(&j.candidate, facts.Pod.CreationTimestamp.Time, now), reason.Text())
			d.memory.plans[j.key] = plan{at: now, act: &act}
			d.o.Metrics.acted(refused)
		}
	}
}

// say logs why a pod is not evicted, when that is another reason than before.
func (d *Desk) say(j job, reason remedy.Reason, detail string) {
	if reason == "" || d.memory.looked[j.target.UID].reason == reason {
		return
	}
	d.o.Log.Info("not evicted", "namespace", j.target.Namespace, "pod", j.target.Pod, "workload", j.target.Workload.String(),
		"reason", string(reason), "text", reason.Text(), "detail", detail)
}

// hold leaves what was refused alone for a while, which gets longer.
func (d *Desk) hold(j job, a Answer, now time.Time) {
	m := &d.memory
	if a.Reason == remedy.NoRight {
		m.noRight[j.target.Namespace] = now.Add(noRight)
		return
	}
	m.refused[j.key] = m.refused[j.key].next(now, lookAgain, refusedMost, a.After)
}

// carryOn does what is intended, once it is certain that it is still right.
func (d *Desk) carryOn(ctx context.Context, j job) {
	phase, why, after, err := d.attempt(ctx, j)
	now := d.o.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.o.Metrics.failed("evict")
		p := d.memory.retry[j.target.UID].next(now, retryLeast, retryMost, after)
		d.memory.retry[j.target.UID] = p
		d.o.Log.Warn("eviction not certain", "namespace", j.target.Namespace, "pod", j.target.Pod, "error", err, "again", p.until.Sub(now).String())
		return
	}
	d.memory.ends[j.target.UID] = end{phase: phase, why: why, at: now}
	d.o.Metrics.acted(phase)
	if phase == remedy.PhaseEvicted {
		delete(d.memory.refused, j.key)
	}
	d.o.Log.Info("eviction", "result", phase, "namespace", j.target.Namespace, "pod", j.target.Pod, "workload", j.target.Workload.String(),
		"zombies", j.candidate.Zombies, "why", why)
}

// attempt finds out what became of a pod that was to be evicted, and evicts it
// where nothing did. An error says that it is not known yet.
func (d *Desk) attempt(ctx context.Context, j job) (phase, why string, after time.Duration, err error) {
	facts, err := d.o.Cluster.Facts(ctx, j.target)
	if err != nil {
		return "", "", 0, err
	}
	d.mu.Lock()
	tried := d.memory.tried[j.target.UID]
	d.mu.Unlock()
	switch p := facts.Pod; {
	case p == nil && tried, p != nil && p.DeletionTimestamp != nil && (tried || remedy.Evicted(p)):
		return remedy.PhaseEvicted, "", 0, nil
	case p == nil:
		return remedy.PhaseGone, "the pod was gone when it was looked at; it may have been evicted", 0, nil
	case p.DeletionTimestamp != nil:
		return remedy.PhaseGone, "the pod was being deleted by somebody else", 0, nil
	}
	s := d.o.Settings()
	reason := j.reason
	if reason == "" {
		reason = s.Where(j.target.Namespace, d.o.Own)
	}
	if reason == "" {
		reason = s.Decide(&j.candidate, &facts, j.done, d.o.Now())
	}
	if s.Mode != remedy.Evict || d.o.KillSwitch() {
		reason = remedy.SwitchedOff
	}
	if reason != "" {
		return remedy.PhaseRefused, reason.Text(), 0, nil
	}
	d.mu.Lock()
	d.memory.tried[j.target.UID] = true
	d.mu.Unlock()
	answer, err := d.o.Cluster.Evict(ctx, j.target, false)
	switch {
	case err != nil:
		return "", "", answer.After, err
	case answer.Reason == "":
		return remedy.PhaseEvicted, "", 0, nil
	case answer.Reason == remedy.PodGone:
		return remedy.PhaseGone, "the pod was gone before the eviction", 0, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hold(j, answer, d.o.Now())
	d.o.Log.Info("eviction refused", "namespace", j.target.Namespace, "pod", j.target.Pod, "reason", string(answer.Reason), "detail", answer.Detail)
	return remedy.PhaseRefused, answer.Reason.Text(), 0, nil
}
