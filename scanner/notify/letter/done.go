package letter

import (
	"fmt"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
)

// acts says what initguard did about the zombies, the newest first.
func acts(r *v1alpha1.Remedy) []string {
	if r == nil {
		return nil
	}
	var out []string
	if r.Stopped != nil {
		out = append(out, "initguard evicts its pods no more, since "+at(r.Stopped.At.Time)+": "+clean(r.Stopped.Reason, maxSentence))
	}
	for n, a := range r.Acts {
		if n == maxActs {
			out = append(out, fmt.Sprintf("and %d times before", len(r.Acts)-maxActs))
			break
		}
		out = append(out, act(a))
	}
	return out
}

func act(a v1alpha1.Act) string {
	pod := fmt.Sprintf("pod %s, which had %s", clean(a.Pod, maxName), count(int(a.Zombies), "zombie"))
	when := a.At.Time
	if a.EndedAt != nil {
		when = a.EndedAt.Time
	}
	switch a.Phase {
	case "Evicted":
		return at(when) + ": initguard evicted " + pod
	case "Refused":
		text := at(when) + ": initguard was not allowed to evict " + pod
		if a.Reason != "" {
			text += ": " + clean(a.Reason, maxSentence)
		}
		return text
	case "Gone":
		return at(when) + ": initguard found gone " + pod
	default:
		return at(when) + ": initguard is about to evict " + pod
	}
}

// ended tells of a workload whose zombies are gone, in a sentence.
func ended(i notice.Item, s Settings) string {
	status := &i.Report.Status
	text := clean(status.Workload.String(), maxName) + ": no zombies"
	if n := int(status.Summary.Zombies); n > 0 {
		text = clean(status.Workload.String(), maxName) + ": " + count(n, "zombie") + ", fewer than anybody is told of,"
	}
	if !i.Since.IsZero() {
		text += " since " + since(i.Since, s.Now)
	}
	if len(status.History) > 0 {
		text += fmt.Sprintf("; there were %s at most", thousands(int(status.History[0].MostZombies)))
	}
	if r := status.Remedy; r != nil && len(r.Acts) > 0 {
		text += "; " + act(r.Acts[0])
	}
	return text
}
