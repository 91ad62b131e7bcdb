package webhook

import (
	"sync"
	"time"

	"github.com/initguard/initguard/webhook/policy"
)

const (
	// contradictionPause is the least time between two lines about contradicted
	// verdicts, contradictionAgain the one about one container.
	contradictionPause = time.Minute
	contradictionAgain = 24 * time.Hour
	maxContradictions  = 1000
)

// contradictions remember which containers were told of.
type contradictions struct {
	mu   sync.Mutex
	last time.Time
	told map[string]time.Time
}

// tell is true where a line about a container is due.
func (c *contradictions) tell(key string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.last) < contradictionPause {
		return false
	}
	if at, ok := c.told[key]; ok && now.Sub(at) < contradictionAgain {
		return false
	}
	if c.told == nil || len(c.told) >= maxContradictions {
		c.told = map[string]time.Time{}
	}
	c.last, c.told[key] = now, now
	return true
}

// contradicted counts verdicts that zombies contradict, and tells the platform
// of them now and then. That a container reaps when it does not is the worst
// mistake there is; so no such verdict goes unnoticed.
func (h *Handler) contradicted(o Object, assessments []policy.Assessment) {
	for _, a := range assessments {
		if !a.Contradicted() {
			continue
		}
		h.Metrics.contradictions.Inc()
		w := o.topLevel(time.Now())
		if !h.wrong.tell(sanitize(o.Namespace+"/"+w.String()+"/"+a.Container+"/"+a.Image, 2*maxWarning), time.Now()) {
			continue
		}
		h.Log.Info("zombies were seen in a container whose PID 1 reaps by the verdict: either what PID 1 is depends on more than image, command and args, "+
			"or the verdict is wrong: please report that",
			"namespace", o.Namespace, "workload", sanitize(w.String(), maxWarning), "container", sanitize(a.Container, 63), "image", sanitize(a.Image, maxWarning),
			"pid1", sanitize(a.Result.PID1, maxName), "reason", a.Result.Verdict.Reason.Code, "seen", sanitize(a.Observed.Parent, maxName),
			"zombies", a.Observed.Zombies, "lastSeen", a.Observed.Last.UTC().Format(time.RFC3339))
	}
}
