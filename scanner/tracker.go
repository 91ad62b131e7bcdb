package scanner

import "time"

// A Tracker tells zombies that stay from those that are just being reaped: it
// counts what was there in two scans. It also remembers since when. It is not
// safe for concurrent use.
type Tracker struct {
	seen map[identity]sighting
	last time.Duration
	used bool
}

// identity is what makes a process itself: PIDs are used again.
type identity struct {
	pid   int
	start time.Duration
}

// sighting is what is remembered of a zombie.
type sighting struct{ since time.Duration }

// Add takes a scan and reports what was in it and in the one before. The first
// scan reports nothing but young zombies.
func (t *Tracker) Add(s Scan) Report {
	b := newBuilder(s)
	next := make(map[identity]sighting, len(s.Zombies))
	for _, z := range s.Zombies {
		id := identity{z.PID, z.Start}
		sight, again := t.seen[id]
		if !again {
			sight = t.first(z)
		}
		next[id] = sight
		b.add(z, sight.since, again)
	}
	t.seen, t.last, t.used = next, s.At, true
	return b.report()
}

// first says since when a zombie is one that was not there before. /proc doesn't
// say when a process exited: not before it was started, and not before the
// scan that did not see it as a zombie.
func (t *Tracker) first(z Process) sighting {
	if t.used {
		return sighting{since: max(z.Start, t.last)}
	}
	return sighting{since: z.Start}
}
