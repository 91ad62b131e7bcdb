package alerts

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// maxLooks bounds how many pods of one request are looked for in the API server,
// lookTimeout how long that may take.
const (
	maxLooks    = 32
	lookTimeout = 3 * time.Second
)

// incident are the alerts of a request for the pods of one report.
type incident struct {
	alerts   []v1alpha1.Alert
	outcomes []*Outcome
	done     bool
}

// handle joins the alerts with reports and waits until those are stored; false
// where not all of them are.
func (h *Handler) handle(ctx context.Context, p payload, s Settings) (Answer, bool) {
	answer := Answer{Truncated: p.truncated, Beyond: p.beyond, Alerts: make([]Outcome, len(p.alerts))}
	incidents := make(map[types.NamespacedName]*incident)
	var without []*Outcome
	for i, a := range p.alerts {
		o := &answer.Alerts[i]
		*o = Outcome{Alert: a.name(), Fingerprint: a.fingerprint, Resolved: a.resolved}
		key, found := h.find(a, o, s)
		switch {
		case found && incidents[key] == nil:
			incidents[key] = new(incident)
			fallthrough
		case found:
			in := incidents[key]
			in.alerts, in.outcomes = append(in.alerts, a.keepable(o.Pod, h.Now())), append(in.outcomes, o)
		case o.Result == ResultNoZombies && !a.resolved:
			without = append(without, o)
		}
	}
	h.settle(incidents) // so that they are written while it is looked
	h.look(ctx, without)
	stored := h.keep(ctx, incidents)
	summarise(&answer)
	return answer, stored
}

// find is the report that an alert belongs to; else the outcome says what it is.
func (h *Handler) find(a alert, o *Outcome, s Settings) (types.NamespacedName, bool) {
	if a.own() {
		o.Result, o.Text = ResultOwn, "It is one of initguard's own, and was refused: it comes from a report."
		return types.NamespacedName{}, false
	}
	namespace, pod, fault := a.subject(s)
	if fault != "" {
		o.Result, o.Text = ResultNoPod, fault
		return types.NamespacedName{}, false
	}
	o.Namespace, o.Pod = namespace, pod
	r, ok := h.Desk.Find(namespace, pod, a.fingerprint)
	if ok && (a.resolved || entry(r, pod) != nil) {
		return types.NamespacedName{Namespace: r.Namespace, Name: r.Name}, true
	}
	o.Result, o.Text = ResultNoZombies, "It is resolved, and no report has it."
	if a.resolved {
		return types.NamespacedName{}, false
	}
	report, sighted := h.Looker.Sighted(namespace, pod)
	return types.NamespacedName{Namespace: namespace, Name: report}, sighted
}

// look says what was looked at for pods without zombies.
func (h *Handler) look(ctx context.Context, without []*Outcome) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	seen := make(map[types.NamespacedName]Look)
	for _, o := range without {
		key := types.NamespacedName{Namespace: o.Namespace, Name: o.Pod}
		look, ok := seen[key]
		if !ok && len(seen) < maxLooks {
			look = h.Looker.Look(ctx, o.Namespace, o.Pod)
			seen[key] = look
		}
		if look.Pod == "" {
			look.Pod = PodNotAsked
		}
		o.Looked, o.Text = &look, look.text()
	}
}

// keep has the alerts kept in their reports, and waits for that.
func (h *Handler) keep(ctx context.Context, incidents map[types.NamespacedName]*incident) bool {
	if h.settle(incidents) {
		return true
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		h.Hurry()
		select {
		case <-ctx.Done():
			return h.settle(incidents)
		case <-ticker.C:
		}
		if h.settle(incidents) {
			return true
		}
	}
}

// settle looks which reports are as they are to be, and offers what the others
// are to keep; true when all are.
func (h *Handler) settle(incidents map[types.NamespacedName]*incident) bool {
	all := true
	for key, in := range incidents {
		if in.done {
			continue
		}
		r, there := h.Desk.Report(key)
		if there {
			next := decide(r, in.alerts)
			if in.done = next == nil; in.done {
				for _, o := range in.outcomes {
					o.Result = ResultJoined
					o.joined(r)
				}
				continue
			}
			h.Desk.Offer(key, *next)
		}
		all = false
		for _, o := range in.outcomes {
			o.Result, o.Report, o.Text = ResultNotStored, key.Name, "Its pod has zombies; the report was not written in time. The next try is answered."
		}
	}
	return all
}
