package scanner

import "time"

const (
	// rateWindow is how far a rate looks back.
	rateWindow = time.Hour
	// A rate takes this much of time and of zombies: less is chance. Few of them
	// take longer, because a program may leave some when it starts and no more.
	rateLeast, rateZombies       = time.Minute, 10
	rateLeastOfFew, fewestOfRate = 10 * time.Minute, 3
)

// Rate is how many zombies come in an hour, by when those that are there came:
// they don't go by themselves, so that one look tells how fast they grow in
// number. It is not known, and false, for few zombies or a short time. Times
// are since boot.
func Rate(since []time.Duration, now time.Duration) (perHour float64, known bool) {
	recent := 0
	first := now
	for _, at := range since {
		if at >= now-rateWindow {
			recent++
			first = min(first, at)
		}
	}
	if recent < len(since) {
		// The whole window was seen: what came before it is still there.
		return float64(recent) / rateWindow.Hours(), true
	}
	enough := recent >= rateZombies && now-first >= rateLeast || recent >= fewestOfRate && now-first >= rateLeastOfFew
	if !enough {
		return 0, false
	}
	// The first one opens the span and is not counted in it.
	return float64(recent-1) / (now - first).Hours(), true
}
