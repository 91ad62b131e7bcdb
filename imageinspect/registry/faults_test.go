package registry

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

const gib = 1 << 30

// wrongHead claims a digest that no manifest has.
func wrongHead(digest string) imagetest.Fault {
	return imagetest.On(imagetest.Status(http.StatusOK, "Docker-Content-Digest", digest), imagetest.HeadManifest)
}

func TestFaults(t *testing.T) {
	content := []imagetest.Kind{imagetest.HeadManifest, imagetest.GetManifest, imagetest.GetBlob}
	const (
		unreachable = imageinspect.CodeUnreachable
		invalid     = imageinspect.CodeImageInvalid
	)
	for _, tc := range []struct {
		name   string
		fault  imagetest.Fault
		code   imageinspect.Code
		result string
		detail string
	}{
		{"no such image", nil, unreachable, "not-found", "404"},
		{"401", imagetest.On(imagetest.Status(401), content...), unreachable, "unauthorized", "login"},
		{"403", imagetest.On(imagetest.Status(403), content...), unreachable, "forbidden", "403"},
		{"404", imagetest.On(imagetest.Status(404), content...), unreachable, "not-found", "404"},
		{"429", imagetest.On(imagetest.Status(429, "Retry-After", "7"), content...), unreachable, "rate-limited", "429"},
		{"500", imagetest.On(imagetest.Status(500), content...), unreachable, "server-error", "500"},
		{"500 at login", imagetest.Status(500), unreachable, "server-error", "500"},
		{"302 without a place", imagetest.On(imagetest.Status(302), content...), unreachable, "unreachable", ""},
		{"hang", imagetest.Hang(), unreachable, "timeout", "in time"},
		{"hang at the config", imagetest.On(imagetest.Hang(), imagetest.GetBlob), unreachable, "timeout", "in time"},
		{"garbage", imagetest.On(imagetest.Body("text/html", "<html>canary"), imagetest.GetManifest), invalid, "wrong-digest", "digest"},
		{"garbage everywhere", imagetest.Body("text/html", "<html>canary"), invalid, "image-invalid", "not JSON"},
		{"garbage config", imagetest.On(imagetest.Body("", "{"), imagetest.GetBlob), invalid, "wrong-digest", "digest"},
		{"reset", imagetest.On(imagetest.Reset(), content...), unreachable, "reset", "closed in the middle"},
		{"reset at login", imagetest.Reset(), unreachable, "reset", "closed in the middle"},
		{"truncated", imagetest.On(imagetest.Truncate(), imagetest.GetManifest), invalid, "truncated", "cut short"},
		{"wrong digest", wrongHead("sha256:" + strings.Repeat("a", 64)), unreachable, "not-found", "404"},
		{"1 GiB manifest", imagetest.On(imagetest.Stream(gib, true), imagetest.GetManifest), invalid, "image-invalid", "larger than 4096 KiB"},
		{"endless manifest", imagetest.On(imagetest.Stream(gib, false), imagetest.GetManifest), invalid, "image-invalid", "larger than 4096 KiB"},
		{"endless config", imagetest.On(imagetest.Stream(gib, false), imagetest.GetBlob), invalid, "image-invalid", "larger than 8192 KiB"},
		{"redirect loop", imagetest.On(imagetest.RedirectLoop(), content...), unreachable, "redirects", "5 redirects"},
		{"redirect loop at login", imagetest.RedirectLoop(), unreachable, "redirects", "5 redirects"},
		{"redirect to metadata", imagetest.On(imagetest.Redirect("https://169.254.169.254/latest"), imagetest.GetManifest), unreachable, "refused", "metadata"},
		{"redirect to metadata at login", imagetest.Redirect("https://169.254.169.254/latest"), unreachable, "refused", "metadata"},
		{"redirect to plain http", imagetest.On(imagetest.Redirect("http://example.com/"), imagetest.GetBlob), unreachable, "refused", "not encrypted"},
		{"redirect to a file", imagetest.On(imagetest.Redirect("file:///etc/passwd"), imagetest.GetBlob), unreachable, "refused", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := imagetest.New(t, imagetest.Options{})
			image := "web:none"
			if tc.fault != nil {
				r.MustPush(t, "web:1", node(""))
				r.Break(tc.fault)
				image = "web:1"
			}
			counts := &tally{}
			c := newClient(t, r, func(o *Options) {
				o.Observer = counts
				if strings.HasPrefix(tc.name, "hang") {
					o.Timeout = 100 * time.Millisecond
				}
			})
			got := fails(t, c, query(r, image))
			if got.Code != tc.code || !strings.Contains(got.Detail, tc.detail) {
				t.Errorf("reason = %+v, want code %s and detail with %q", got, tc.code, tc.detail)
			}
			if got.Text != textNotInspected {
				t.Errorf("tenants are told %q, want the text for all registries", got.Text)
			}
			if !strings.Contains(got.Detail, r.Host()) || strings.Contains(got.Detail, "canary") {
				t.Errorf("detail = %q, want the registry's host and nothing of its answer", got.Detail)
			}
			if results := counts.inspections(); len(results) != 1 || results[0] != tc.result {
				t.Errorf("results = %v, want %s", results, tc.result)
			}
			// Nothing is wrong with the client afterwards.
			r.Break(nil)
			r.MustPush(t, "good:1", node(""))
			inspect(t, c, query(r, "good:1"))
		})
	}
}

func TestRegistryThatIsGone(t *testing.T) {
	r, err := imagetest.Start(imagetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, r, nil)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got := fails(t, c, query(r, "web:1"))
	if got.Code != imageinspect.CodeUnreachable || !strings.Contains(got.Detail, "refused") {
		t.Errorf("reason = %+v", got)
	}
}

// TestHugeAnswersAreNotHeld: client and server together allocate a small part
// of what is sent.
func TestHugeAnswersAreNotHeld(t *testing.T) {
	for name, announced := range map[string]bool{"announced": true, "not announced": false} {
		t.Run(name, func(t *testing.T) {
			r := imagetest.New(t, imagetest.Options{})
			r.MustPush(t, "web:1", node(""))
			r.Break(imagetest.On(imagetest.Stream(gib, announced), imagetest.GetManifest))
			c := newClient(t, r, nil)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			fails(t, c, query(r, "web:1"))
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
				t.Errorf("allocated %d MiB for a manifest of 1 GiB, want at most 64", got>>20)
			}
		})
	}
}

// TestEndlessPing: what a registry says to a ping is thrown away, in bounds.
func TestEndlessPing(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	r.Break(imagetest.On(imagetest.Stream(gib, false), imagetest.Ping))
	inspect(t, newClient(t, r, nil), query(r, "web:1"))
}

func TestFailuresAreRemembered(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	r.MustPush(t, "web:2", node(""))
	r.MustPush(t, "other:1", node(""))
	content := []imagetest.Kind{imagetest.HeadManifest, imagetest.GetManifest}
	for _, tc := range []struct {
		name       string
		fault      imagetest.Fault
		held, over time.Duration
		// repository is true when other tags are left alone too.
		repository bool
	}{
		{"500", imagetest.On(imagetest.Status(500), content...), 14 * time.Second, 2 * time.Second, false},
		{"429 without a wish", imagetest.On(imagetest.Status(429), content...), 14 * time.Second, 2 * time.Second, false},
		{"429 for 2 minutes", imagetest.On(imagetest.Status(429, "Retry-After", "120"), content...), 119 * time.Second, 2 * time.Second, true},
		{"503 for a day", imagetest.On(imagetest.Status(503, "Retry-After", "86400"), content...), 299 * time.Second, 2 * time.Second, true},
		{"429 at login", imagetest.Status(429, "Retry-After", "120"), 119 * time.Second, 2 * time.Second, true},
		{"429 for 1 second", imagetest.On(imagetest.Status(429, "Retry-After", "1"), content...), 14 * time.Second, 2 * time.Second, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clock := newClock()
			c := newClient(t, r, func(o *Options) { o.Now, o.FailureTTL = clock.Now, 15*time.Second })
			r.Break(tc.fault)
			first := fails(t, c, query(r, "web:1"))
			r.Break(nil)
			r.ResetCounts()
			clock.Advance(tc.held)
			if again := fails(t, c, query(r, "web:1")); again != first {
				t.Errorf("remembered %+v, want %+v", again, first)
			}
			if tc.repository {
				fails(t, c, query(r, "web:2"))
			}
			if len(r.Counts()) != 0 {
				t.Errorf("asked again: %v", r.Counts())
			}
			inspect(t, c, query(r, "other:1"))
			clock.Advance(tc.over)
			inspect(t, c, query(r, "web:1"))
		})
	}
}

// TestKnownImageOutlivesRateLimit: what is in memory and proved is answered
// while the registry wants to be left alone.
func TestKnownImageOutlivesRateLimit(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	c := newClient(t, r, nil)
	inspect(t, c, query(r, "web:1"))
	r.Break(imagetest.Status(429, "Retry-After", "120"))
	fails(t, c, query(r, "web:2"))
	inspect(t, c, query(r, "web:1"))
}

// TestNewCredentials: a login that is refused is not used again.
func TestNewCredentials(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	clock := newClock()
	c := newClient(t, r, func(o *Options) { o.Now = clock.Now })
	r.Break(imagetest.On(imagetest.Status(401), imagetest.HeadManifest))
	fails(t, c, query(r, "web:1"))
	r.Break(nil)
	r.ResetCounts()
	clock.Advance(time.Minute)
	inspect(t, c, query(r, "web:1"))
	if r.Counts()[imagetest.Ping] == 0 {
		t.Errorf("no new login: %v", r.Counts())
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Mon, 02 Jan 2006 15:04:05 GMT"
	for _, tc := range []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"7", "", 7 * time.Second},
		{" 7 ", "", 7 * time.Second},
		{"-7", "", 0},
		{"0", "", 0},
		{"99999999999999999", "", 5 * time.Minute},
		{"99999999999999999999999", "", 0},
		{"Mon, 02 Jan 2006 15:05:05 GMT", date, time.Minute},
		{"Mon, 02 Jan 2006 15:03:05 GMT", date, 0},
		{"Mon, 02 Jan 2026 15:03:05 GMT", date, 5 * time.Minute},
		{"Mon, 02 Jan 2006 15:05:05 GMT", "", 0},
		{"soon", date, 0},
	} {
		if got := parseRetryAfter(tc.value, tc.date); got != tc.want {
			t.Errorf("parseRetryAfter(%q, %q) = %v, want %v", tc.value, tc.date, got, tc.want)
		}
	}
}
