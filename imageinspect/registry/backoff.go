package registry

import "time"

// keep remembers a failure. What a registry answers for certain, and what it
// sees too much of, is remembered longer each time in a row; a registry that is
// down or slow is asked again soon, since nobody is told when it is back. A
// budget is nobody's failure: what one namespace has used up must not be told
// to another.
func (c *Client) keep(key failureKey, p *problem) {
	if p.result == resultOverBudget || p.result == resultBusy {
		return
	}
	b := c.bounds.Load()
	ttl := b.FailureTTL
	if !passing(p.result) {
		p.times = c.caches.failures.inARow(key, b.FailureTTLMax)
		ttl = backoff(b.FailureTTL, b.FailureTTLMax, p.times)
	}
	c.caches.failures.add(key, p, max(ttl, p.retryAfter))
}

// passing is true for failures that end by themselves, at no known time.
func passing(result string) bool {
	switch result {
	case resultTimeout, resultUnreachable, resultReset, resultServerError, resultTruncated:
		return true
	}
	return false
}

// backoff doubles a time, up to its maximum.
func backoff(first, most time.Duration, times int) time.Duration {
	ttl := first
	for range times {
		if ttl >= most/2 {
			return most
		}
		ttl *= 2
	}
	return min(ttl, most)
}

// failures remember what failed.
type failures struct {
	*ttlCache[failureKey, *problem]
}

// inARow is how many failures a new one of a lookup follows on. One that was
// forgotten long ago doesn't count.
func (f failures) inARow(key failureKey, forgotten time.Duration) int {
	e, ok := f.entries.Peek(key)
	if !ok || f.now().Sub(e.until) > forgotten || passing(e.value.result) {
		return 0
	}
	return e.value.times + 1
}
