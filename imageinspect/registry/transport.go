package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const (
	maxRedirects        = 5
	maxHeaderBytes      = 64 << 10
	maxConnsPerHost     = 32
	maxIdleConns        = 64
	headerTimeout       = 10 * time.Second
	tlsHandshakeTimeout = 5 * time.Second
	idleConnTimeout     = 30 * time.Second
	// maxOtherBytes bounds answers that are neither manifest nor config:
	// pings, tokens, errors.
	maxOtherBytes = 256 << 10
	// maxRetryAfter is the longest that a registry may put us off.
	maxRetryAfter = 5 * time.Minute
)

// tooLargeError is an answer over its bound.
type tooLargeError struct{ limit int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the answer is larger than %d KiB", e.limit>>10)
}

// newTransport is the way out for every request, logins and redirects
// included.
func newTransport(o Options) (out http.RoundTripper, closeIdle func()) {
	l := newLines(newRules(o), o.Proxy)
	bounded := &boundedTransport{rules: l.rules, inner: l}
	return transport.NewUserAgent(bounded, "initguard"), l.closeIdle
}

// boundedTransport refuses hosts that are blocked, plain http where it isn't
// allowed, redirects past their bound and redirected logins, and limits every
// body.
type boundedTransport struct {
	rules rules
	inner http.RoundTripper
}

// RoundTrip sends one request.
func (t *boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	asked := askedIn(req.Context())
	if err := t.refuse(req, asked); err != nil {
		return nil, err
	}
	resp, err := t.inner.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL.Host, err)
	}
	asked.noteRetryAfter(resp)
	if req.Method != http.MethodHead && resp.ContentLength > asked.limit {
		_ = resp.Body.Close()
		return nil, &tooLargeError{limit: asked.limit}
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, left: asked.limit, limit: asked.limit}
	return resp, nil
}

// refuse says why a request is not sent.
func (t *boundedTransport) refuse(req *http.Request, asked *asked) error {
	host := req.URL.Host
	if t.rules.mirrors().BlocksHost(host) {
		return &refusedError{what: host, why: "one of the blocked registries"}
	}
	if req.URL.Scheme != "https" && !t.rules.plainHTTP(host) && !asked.insecureAt(host) {
		return &refusedError{
			what: req.URL.Scheme + " to " + host,
			why:  "not encrypted",
			fix:  "set plainHTTP for that registry if it is meant", scheme: true,
		}
	}
	n := redirects(req)
	if n > maxRedirects {
		return &redirectsError{host: host}
	}
	// Only a login has a body, which holds credentials: a redirect would have
	// it sent to whoever the token server names.
	if n > 0 && req.Method != http.MethodGet && req.Method != http.MethodHead {
		return &refusedError{what: host, why: "where a login was redirected to"}
	}
	return nil
}

// redirects counts the redirects that led to a request, whichever client
// followed them.
func redirects(req *http.Request) int {
	n := 0
	for req.Response != nil && req.Response.Request != nil && n <= maxRedirects {
		req, n = req.Response.Request, n+1
	}
	return n
}

// limitedBody fails once more than its limit was read.
type limitedBody struct {
	io.ReadCloser
	left, limit int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &tooLargeError{limit: b.limit}
	}
	// One byte more than what is left tells an exact fit from an overrun.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return max(n-1, 0), &tooLargeError{limit: b.limit}
	}
	return n, err // io.EOF must stay as it is.
}

// asked travels with a request through every layer: what its body may weigh
// and, on the way back, how long the registry wants to be left alone.
type asked struct {
	limit int64
	// insecure is the host that this request may reach without a certificate
	// that is known; empty for none. Other hosts on its way have their own
	// rules.
	insecure string

	mu         sync.Mutex
	retryAfter time.Duration
}

type askedKey struct{}

func withAsked(ctx context.Context, a *asked) context.Context {
	return context.WithValue(ctx, askedKey{}, a)
}

func askedIn(ctx context.Context) *asked {
	if a, ok := ctx.Value(askedKey{}).(*asked); ok {
		return a
	}
	return &asked{limit: maxOtherBytes}
}

// insecureAt is true for the host that may be reached insecurely.
func (a *asked) insecureAt(host string) bool {
	return a.insecure != "" && sameHost(a.insecure, host)
}

func (a *asked) noteRetryAfter(resp *http.Response) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return
	}
	d := parseRetryAfter(resp.Header.Get("Retry-After"), resp.Header.Get("Date"))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.retryAfter = max(a.retryAfter, d)
}

func (a *asked) wish() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.retryAfter
}

// parseRetryAfter reads seconds or a date, which counts from the answer's own
// Date: the clocks may differ. It returns 0 for anything else.
// Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func parseRetryAfter(value, date string) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	until, errUntil := http.ParseTime(value)
	now, errNow := http.ParseTime(date)
	if errUntil != nil || errNow != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}
