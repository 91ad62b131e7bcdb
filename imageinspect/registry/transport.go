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
	r := rules{registries: o.Registries, guard: o.GuardAddresses}
	base := &http.Transport{
		Proxy:                  o.Proxy,
		DialContext:            r.dial,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           maxIdleConns,
		MaxConnsPerHost:        maxConnsPerHost,
		IdleConnTimeout:        idleConnTimeout,
		TLSHandshakeTimeout:    tlsHandshakeTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	bounded := &boundedTransport{rules: r, inner: base}
	return transport.NewUserAgent(bounded, "initguard"), base.CloseIdleConnections
}

// boundedTransport refuses plain http where it isn't allowed and redirects
// past their bound, and limits every body.
type boundedTransport struct {
	rules rules
	inner http.RoundTripper
}

// RoundTrip sends one request.
func (t *boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !t.rules.plainHTTP(req.URL.Host) {
		return nil, &refusedError{
			what: req.URL.Scheme + " to " + req.URL.Host,
			why:  "not encrypted",
			fix:  "set plainHTTP for that registry if it is meant",
		}
	}
	if redirects(req) > maxRedirects {
		return nil, &redirectsError{host: req.URL.Host}
	}
	resp, err := t.inner.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL.Host, err)
	}
	asked := askedIn(req.Context())
	asked.noteRetryAfter(resp)
	if req.Method != http.MethodHead && resp.ContentLength > asked.limit {
		_ = resp.Body.Close()
		return nil, &tooLargeError{limit: asked.limit}
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, left: asked.limit, limit: asked.limit}
	return resp, nil
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
