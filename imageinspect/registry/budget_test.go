package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

func TestParseRateLimit(t *testing.T) {
	for _, tc := range []struct {
		limit, remaining, reset string
		want                    rateLimit
		ok                      bool
	}{
		{"", "", "", rateLimit{}, false},
		{"100;w=21600", "76;w=21600", "", rateLimit{100, 76, 216 * time.Second}, true},
		{"100", "76", "30", rateLimit{100, 76, 30 * time.Second}, true},
		{"100, 100;w=60", "0", "", rateLimit{100, 0, 0}, true},
		{"", " 5 ", "", rateLimit{5, 5, 0}, true},
		{"10", "50", "", rateLimit{50, 50, 0}, true},
		{"100;w=x;q=1;W=3600", "1;comment=\"a\"", "", rateLimit{100, 1, 36 * time.Second}, true},
		{"100", "-1", "", rateLimit{}, false},
		{"100", "99999999999999999999", "", rateLimit{}, false},
		{"100", "many", "", rateLimit{}, false},
		{"0;w=10", "0;w=10", "", rateLimit{0, 0, 10 * time.Second}, true},
	} {
		h := http.Header{}
		h.Set("RateLimit-Limit", tc.limit)
		h.Set("RateLimit-Remaining", tc.remaining)
		h.Set("RateLimit-Reset", tc.reset)
		if got, ok := parseRateLimit(h); got != tc.want || ok != tc.ok {
			t.Errorf("%+v: %+v %v", tc, got, ok)
		}
	}
}

func FuzzParseRateLimit(f *testing.F) {
	f.Add("100;w=21600", "76;w=21600", "")
	f.Add("100, 200;w=1", "0", "60")
	f.Fuzz(func(t *testing.T, limit, remaining, reset string) {
		l, ok := parseRateLimit(http.Header{"Ratelimit-Limit": {limit}, "Ratelimit-Remaining": {remaining}, "Ratelimit-Reset": {reset}})
		if !ok && l != (rateLimit{}) || l.remaining < 0 || l.limit < l.remaining || l.again < 0 || l.limit > maxLimit {
			t.Errorf("%q %q %q: %+v", limit, remaining, reset, l)
		}
	})
}

// limited answers as Docker Hub does: every manifest that is read counts, HEAD
// does not.
func limited(limit int, left *int) imagetest.Fault {
	return func(w http.ResponseWriter, req *http.Request) bool {
		kind := imagetest.KindOf(req)
		if kind == imagetest.GetManifest {
			if *left == 0 {
				return imagetest.Status(http.StatusTooManyRequests)(w, req)
			}
			*left--
		}
		if kind == imagetest.GetManifest || kind == imagetest.HeadManifest {
			w.Header().Set("Ratelimit-Limit", fmt.Sprintf("%d;w=21600", limit))
			w.Header().Set("Ratelimit-Remaining", fmt.Sprintf("%d;w=21600", *left))
		}
		return false
	}
}

// TestReserveIsLeftToTheNodes: of what a registry grants to this address, the
// nodes keep their share, and what is known needs none of it.
func TestReserveIsLeftToTheNodes(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	for i := range 8 {
		r.MustPush(t, fmt.Sprintf("web%d:1", i), imagetest.Spec{Cmd: []string{fmt.Sprint("app", i)}})
	}
	left := 10
	r.Break(limited(10, &left))
	clock, counts := newClock(), &tally{}
	c := newClient(t, r, func(o *Options) { o.Now, o.Observer, o.Budgets.Reserve = clock.Now, counts, 50 })
	for i := range 5 {
		inspect(t, c, query(r, fmt.Sprintf("web%d:1", i)))
	}
	got := fails(t, c, query(r, "web5:1"))
	if left != 5 || got.Text != textNotInspected || !strings.Contains(got.Detail, "the last 5 are left to the nodes") {
		t.Errorf("%d left of 10, want 5; reason %+v", left, got)
	}
	if results := counts.inspections(); results[len(results)-1] != resultRateLimited {
		t.Errorf("results %v", results)
	}
	// Known images are answered, and tags are resolved: HEAD costs nothing.
	clock.Advance(61 * time.Second)
	inspect(t, c, query(r, "web0:1"))
	// The registry grants more: it is noticed once what it said is old.
	left = 10
	clock.Advance(4 * time.Minute)
	inspect(t, c, query(r, "web5:1"))
	if left != 9 {
		t.Errorf("%d left, want 9", left)
	}
}

// TestLimitThatEnds: a registry that says nothing of a limit any more has none,
// and what it said before is not counted down.
func TestLimitThatEnds(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	for i := range 10 {
		r.MustPush(t, fmt.Sprintf("web%d:1", i), imagetest.Spec{Cmd: []string{fmt.Sprint("app", i)}})
	}
	c := newClient(t, r, func(o *Options) { o.Budgets.Reserve = 50 })
	left := 7
	r.Break(limited(10, &left))
	inspect(t, c, query(r, "web0:1"))
	r.Break(nil)
	for i := range 10 {
		inspect(t, c, query(r, fmt.Sprintf("web%d:1", i)))
	}
}

// TestRequestsAreBounded: more requests than the budget wait, and those that
// would wait longer than an inspection may take are refused.
func TestRequestsAreBounded(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	r.MustPush(t, "web:2", node("linux/arm64"))
	r.ResetCounts()
	clock, counts := newClock(), &tally{}
	c := newClient(t, r, func(o *Options) {
		o.Now, o.Observer, o.Budgets.Requests, o.Timeout = clock.Now, counts, 2, 5*time.Second
	})
	inspect(t, c, query(r, "web:1"))
	got := fails(t, c, query(r, "web:2", "linux/arm64"))
	if !strings.Contains(got.Detail, "2 requests a minute (budgets.registryRequestsPerMinute) are used up; there is more in 30s") {
		t.Errorf("reason %+v", got)
	}
	if n := r.Counts()[imagetest.GetManifest] + r.Counts()[imagetest.GetBlob]; n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	if results := counts.inspections(); results[len(results)-1] != resultOverBudget {
		t.Errorf("results %v", results)
	}
	clock.Advance(time.Minute) // and nothing is remembered of it
	inspect(t, c, query(r, "web:2", "linux/arm64"))
}

// TestRequestsWait: a budget that comes back soon is waited for.
func TestRequestsWait(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	c := newClient(t, r, func(o *Options) { o.Budgets.Requests = 6000 })
	for range 6000 { // some more come back meanwhile
		if _, err := c.out.(*meteredTransport).meter.reserve(t.Context(), r.Host(), ""); err != nil {
			t.Fatal(err)
		}
	}
	inspect(t, c, query(r, "web:1"))
}

// TestBytesOfANamespace: one namespace has had its bytes, another has not; a
// failure for want of them is told to nobody else.
func TestBytesOfANamespace(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	for i := range 4 {
		r.MustPush(t, fmt.Sprintf("web%d:1", i), imagetest.Spec{Cmd: []string{fmt.Sprint("app", i)}, Env: []string{"A=" + strings.Repeat("x", 4096)}})
	}
	clock := newClock()
	c := newClient(t, r, func(o *Options) { o.Now, o.Budgets.Bytes = clock.Now, 8192 })
	inspect(t, c, in("a", r, "web0:1"))
	got := fails(t, c, in("a", r, "web1:1"))
	if !strings.Contains(got.Detail, `namespace "a": 0 MiB an hour (budgets.namespaceMiBPerHour) are used up`) || got.Text != textNotInspected {
		t.Errorf("reason %+v", got)
	}
	inspect(t, c, in("b", r, "web1:1"))
	inspect(t, c, in("a", r, "web1:1")) // known by now
	fails(t, c, in("a", r, "web2:1"))
	clock.Advance(time.Hour)
	inspect(t, c, in("a", r, "web2:1"))
}

func TestBudgetsAreChecked(t *testing.T) {
	for name, b := range map[string]Budgets{
		"Budgets.Inspections": {Inspections: -1}, "Budgets.Queue": {Queue: -1}, "Budgets.Bytes": {Bytes: -1},
		"Budgets.Requests": {Requests: -1}, "Budgets.Reserve": {Reserve: 101},
	} {
		if _, err := New(Options{Bounds: Bounds{Budgets: b}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v", b, err)
		}
	}
}
