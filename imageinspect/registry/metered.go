package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// spender travels with a request: on whose behalf it is made, and with which
// login.
type spender struct{ namespace, login string }

type spenderKey struct{}

func spenderOf(ctx context.Context) spender {
	who, _ := ctx.Value(spenderKey{}).(spender)
	return who
}

func withSpender(ctx context.Context, s spender) context.Context {
	return context.WithValue(ctx, spenderKey{}, s)
}

// meteredTransport keeps every request within the budgets.
type meteredTransport struct {
	meter *meter
	inner http.RoundTripper
}

// metadataTimeout bounds the wait for the head of any answer but a blob's,
// which a registry may have to fetch from elsewhere first. An inspection then
// asks anew, so that it takes no longer than this to notice that a registry
// that hung is back.
const metadataTimeout = 6 * time.Second

// slowError is the cause of the end of a request that took too long.
type slowError struct{}

func (slowError) Error() string { return "no answer in time" }

// Timeout makes it one among net.Error's.
func (slowError) Timeout() bool { return true }

// Temporary is net.Error's.
func (slowError) Temporary() bool { return true }

// RoundTrip sends one request.
func (t *meteredTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	who := spenderOf(req.Context())
	at := account{host: req.URL.Host, login: who.login}
	if req.Method == http.MethodGet && isContent(req) {
		if err := t.meter.ask(req.Context(), at, who.namespace, !isBlob(req)); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	if !isBlob(req) {
		timer := time.AfterFunc(metadataTimeout, func() { cancel(slowError{}) })
		defer timer.Stop()
	}
	resp, err := t.inner.RoundTrip(req.WithContext(ctx))
	if err != nil {
		slow := errors.Is(context.Cause(ctx), slowError{})
		cancel(nil)
		if slow {
			return nil, slowError{}
		}
		return nil, err
	}
	if isContent(req) {
		t.meter.heard(at, resp, isBlob(req))
	}
	resp.Body = &meteredBody{ReadCloser: resp.Body, meter: t.meter, namespace: who.namespace, done: cancel}
	return resp, nil
}

// isContent is true for a manifest or a blob of the registry's own. Where a
// registry sends on to is not counted: it is not what has the limit.
func isContent(req *http.Request) bool {
	return strings.HasPrefix(req.URL.Path, "/v2/") && (strings.Contains(req.URL.Path, "/manifests/") || strings.Contains(req.URL.Path, "/blobs/"))
}

// isBlob is true for a blob, wherever it was sent on to.
func isBlob(req *http.Request) bool {
	return req.Response != nil || strings.Contains(req.URL.Path, "/blobs/")
}

// meteredBody counts what is read.
type meteredBody struct {
	io.ReadCloser
	meter     *meter
	namespace string
	done      context.CancelCauseFunc
}

func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if over := b.meter.read(b.namespace, n); over != nil && err == nil {
		return n, over
	}
	return n, err // io.EOF must stay as it is.
}

// Close ends the request.
func (b *meteredBody) Close() error {
	err := b.ReadCloser.Close()
	b.done(nil)
	return err //nolint:wrapcheck // As it is.
}
