package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/remedy"
)

const (
	// maxTells bounds the Events that wait.
	maxTells = 100
	// tellWithin is how long after an act it is told: an API server keeps Events
	// for an hour, so that until then one that was told already is still known.
	tellWithin = 50 * time.Minute
	// maxTries is how often telling is tried.
	maxTries = 5
)

// What is told beside the phases.
const (
	dryRun  = "DryRun"
	refused = remedy.PhaseRefused
	stopped = "Stopped"
)

// Event is what is told of an act, or of the end of all acts.
type Event struct {
	Namespace string
	Workload  v1alpha1.Workload
	// What is Evicted, Refused, Gone, DryRun or Stopped.
	What string
	// Pod and UID are the pod's; empty of Stopped.
	Pod, UID string
	// At is when it was.
	At time.Time
	// Text is a sentence or two for the workload's people.
	Text string
}

// id is what one Event is told for.
func (e *Event) id() string {
	return strings.Join([]string{e.Namespace, e.Workload.String(), e.What, e.UID, fmt.Sprint(e.At.Unix())}, "/")
}

// told is how far an Event got.
type told struct {
	busy, done bool
	failed     pause
	seen       bool // in this turn
}

// tidings are what there is to tell of a report.
func tidings(r *v1alpha1.ZombieReport, now time.Time) []Event {
	var list []Event
	for i := range r.Status.Remedy.Acts {
		a := &r.Status.Remedy.Acts[i]
		if a.EndedAt != nil && now.Sub(a.EndedAt.Time) < tellWithin {
			list = append(list, eventOf(r, a, a.Phase))
		}
	}
	if s := r.Status.Remedy.Stopped; s != nil && now.Sub(s.At.Time) < tellWithin {
		list = append(list, Event{Namespace: r.Namespace, Workload: r.Status.Workload, What: stopped, At: s.At.Time, Text: s.Reason + help(r)})
	}
	return list
}

func eventOf(r *v1alpha1.ZombieReport, a *v1alpha1.Act, what string) Event {
	e := Event{Namespace: r.Namespace, Workload: r.Status.Workload, What: what, Pod: a.Pod, UID: a.UID, At: a.EndedAt.Time}
	pod := fmt.Sprintf("pod %s with %d zombies", a.Pod, a.Zombies)
	switch what {
	case dryRun:
		e.Text = "Dry run: would evict " + pod + help(r)
	case remedy.PhaseEvicted:
		e.Text = "Evicted " + pod + help(r)
	case remedy.PhaseRefused:
		e.Text = "Not evicted: " + pod + ": " + a.Reason
	default:
		e.Text = "Not evicted: " + pod + ": it was gone: " + a.Reason
	}
	return e
}

// help names the proper fix.
func help(r *v1alpha1.ZombieReport) string {
	return fmt.Sprintf(". New zombies come until PID 1 reaps: kubectl initguard zombies -n %s %s says how to mend that.", r.Namespace, r.Status.Workload)
}

// announce hands to the teller what was not told yet, with what the turn knows
// of.
func (d *Desk) announce(t *turn) {
	for _, at := range d.memory.told {
		at.seen = false
	}
	for _, e := range t.events {
		at := d.memory.told[e.id()]
		if at == nil {
			at = new(told)
			d.memory.told[e.id()] = at
		}
		at.seen = true
		if at.busy || at.done || t.now.Before(at.failed.until) {
			continue
		}
		select {
		case d.tells <- e:
			at.busy = true
		default: // the next turn
		}
	}
	for id, at := range d.memory.told {
		if !at.seen && !at.busy {
			delete(d.memory.told, id)
		}
	}
}

// tell tells one Event.
func (d *Desk) tell(ctx context.Context, e Event) {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	err := d.o.Recorder.Tell(ctx, e)
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.memory.told[e.id()]
	if at == nil {
		return
	}
	at.busy = false
	if err == nil {
		at.done = true
		return
	}
	at.failed = at.failed.next(d.o.Now(), retryLeast, retryMost, 0)
	at.done = at.failed.times >= maxTries
	d.o.Metrics.failed("event")
	d.o.Log.Warn("Event not written", "namespace", e.Namespace, "workload", e.Workload.String(), "error", err, "given up", at.done)
}
