package registry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rateLimit is what an answer's headers say of a limit.
type rateLimit struct {
	limit, remaining int
	// again is about how long it takes until one more request is granted; zero
	// where nothing is said of it.
	again time.Duration
}

// maxLimit bounds the numbers that are believed.
const maxLimit = 1 << 30

// parseRateLimit reads RateLimit-Limit and RateLimit-Remaining, which may say
// their window in seconds as Docker Hub's do ("76;w=21600"), and
// RateLimit-Reset. It is false where nothing is said that can be understood.
// Sources: https://docs.docker.com/docker-hub/usage/pulls/ and
// https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-07
func parseRateLimit(h http.Header) (rateLimit, bool) {
	remaining, window, ok := quota(h.Get("RateLimit-Remaining"))
	if !ok {
		return rateLimit{}, false
	}
	limit, other, ok := quota(h.Get("RateLimit-Limit"))
	if !ok {
		limit = remaining
	}
	l := rateLimit{limit: max(limit, remaining), remaining: remaining}
	if window = max(window, other); window > 0 {
		l.again = window / time.Duration(max(l.limit, 1))
	} else if reset, _, ok := quota(h.Get("RateLimit-Reset")); ok {
		l.again = time.Duration(reset) * time.Second
	}
	return l, true
}

// quota reads "N" or "N;w=SECONDS", with other parameters around.
func quota(text string) (n int, window time.Duration, ok bool) {
	first, _, _ := strings.Cut(text, ",") // of several limits the first is the one that is closest
	value, parameters, _ := strings.Cut(first, ";")
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 || n > maxLimit {
		return 0, 0, false
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, seconds, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if w, err := strconv.Atoi(seconds); err == nil && strings.EqualFold(name, "w") && w > 0 && w <= maxLimit {
			window = time.Duration(w) * time.Second
		}
	}
	return n, window, true
}
