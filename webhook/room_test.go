package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/test/poll"
	"github.com/initguard/initguard/webhook"
)

// TestBodiesAreBounded: whoever reaches the port may send as many bodies at once
// as he likes. They must not fill the memory, nor keep the API server out.
func TestBodiesAreBounded(t *testing.T) {
	h := webhook.Serve(allows(), logr.Discard())
	const requests, each, most, full = 40, 6 << 20, 25 << 20, 16 << 20
	taken := &counter{}
	var wg sync.WaitGroup
	for range requests {
		wg.Go(func() {
			body := &heldBody{Reader: strings.NewReader(strings.Repeat("x", each)), all: taken}
			post(h, "application/json", body)
			body.done()
		})
	}
	defer wg.Wait()
	poll.Until(t, time.Millisecond, time.Minute, "bodies take the room that there is", func() error {
		if n := taken.most(); n < full {
			return fmt.Errorf("%d MiB of %d", n>>20, requests*each>>20)
		}
		return nil
	})
	if w := post(h, "application/json", strings.NewReader(smallReview)); w.Code != http.StatusOK {
		t.Errorf("the API server got %d in the flood", w.Code)
	}
	wg.Wait()
	if n := taken.most(); n > most {
		t.Errorf("%d MiB were held at once", n>>20)
	}
	if w := post(h, "application/json", strings.NewReader(smallReview)); w.Code != http.StatusOK {
		t.Errorf("the API server got %d behind the flood", w.Code)
	}
	large := `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"` + strings.Repeat("u", each) + `"}}`
	if w := post(h, "application/json", strings.NewReader(large)); w.Code != http.StatusOK {
		t.Errorf("a large request got %d: room was not given back", w.Code)
	}
}

const smallReview = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u"}}`

func allows() admission.Handler {
	return admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return admission.Allowed("") })
}

// TestSlowBodiesEnd: a body that never ends holds a stream and its room for a
// while, not for ever.
func TestSlowBodiesEnd(t *testing.T) {
	server := httptest.NewUnstartedServer(webhook.Serve(allows(), logr.Discard()))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	resp, err := send(ctx, server, io.MultiReader(strings.NewReader("{"), waits{ctx}))
	if err != nil {
		t.Fatalf("no answer to a body that doesn't end: %v", err)
	}
	if ended := ctx.Err(); resp.StatusCode != http.StatusBadRequest || ended != nil {
		t.Errorf("%s (%v), want 400 while the body goes on", resp.Status, ended)
	}
	cancel() // or the body would be waited for
	_ = resp.Body.Close()
}

func send(ctx context.Context, server *httptest.Server, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return server.Client().Do(req)
}

// waits has nothing to read until its context ends.
type waits struct{ ctx context.Context }

func (w waits) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

// counter counts what unfinished requests were read of.
type counter struct {
	mu        sync.Mutex
	now, peak int
}

func (c *counter) most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peak
}

func (c *counter) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.peak = max(c.peak, c.now)
}

// heldBody is a body.
type heldBody struct {
	io.Reader
	all *counter
	n   int
}

func (r *heldBody) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += n
	r.all.add(n)
	return n, err //nolint:wrapcheck // io.EOF is to stay what it is.
}

func (r *heldBody) done() { r.all.add(-r.n) }
