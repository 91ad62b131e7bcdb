package letter

import (
	"strings"
	"time"

	"github.com/initguard/initguard/scanner/explain"
	"github.com/initguard/initguard/scanner/notice"
)

// Note is an item in one line, for an Event.
func Note(i notice.Item, now time.Time) string {
	if i.Kind != notice.KindFiring {
		return ended(i, Settings{Now: now})
	}
	status := &i.Report.Status
	parts := []string{count(int(status.Summary.Zombies), "zombie") + " in " + count(int(status.Summary.Pods), "pod") + " since " + begin(i, now)}
	if n := perHour(status); n > 0 {
		parts = append(parts, thousands(n)+" more an hour")
	}
	if text := limit(status, now); text != "" {
		parts = append(parts, "PIDs: "+clean(text, maxSentence))
	}
	if all := causes(status); len(all) > 0 {
		worst := all[0]
		text := clean(worst.Cause.Cause, maxName)
		if why := explain.Why(worst.Cause); why != "" {
			text += ": " + clean(why, maxSentence)
		}
		if worst.StartedBy != nil {
			text += "; from " + clean(explain.Starter(worst.container, *worst.StartedBy), maxSentence)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}
