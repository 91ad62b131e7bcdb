package registry

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// slowFirst ends the first answer of each inspection as metadataTimeout does,
// without the waiting.
type slowFirst struct {
	inner http.RoundTripper
	left  atomic.Int32
}

func (s *slowFirst) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.left.Add(-1) >= 0 {
		return nil, slowError{}
	}
	return s.inner.RoundTrip(req)
}

// TestAsksAnew: a request that is not answered costs the inspection that
// request, and not its verdict.
func TestAsksAnew(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	counts := &tally{}
	c := newClient(t, r, func(o *Options) { o.Observer = counts })
	slow := &slowFirst{inner: c.out}
	slow.left.Store(5)
	c.out = slow
	inspect(t, c, query(r, "web:1"))
	if got := counts.inspections(); len(got) != 1 || got[0] != "ok" || slow.left.Load() >= 0 {
		t.Errorf("inspections %v, %d slow answers left", got, slow.left.Load())
	}
}

// TestSlowHead: the wait for an answer's head ends, and is told as that.
func TestSlowHead(t *testing.T) {
	if result, _ := explain(errors.Join(errors.New("tls: first record does not look like a TLS handshake"), slowError{})); result != resultTimeout {
		t.Errorf("result %s", result)
	}
	unlimited, err := newMeter(newClock().Now, func() Budgets { return Budgets{} })
	must(t, err)
	body := &meteredBody{ReadCloser: io.NopCloser(strings.NewReader("x")), meter: unlimited, done: func(error) {}}
	if raw, err := io.ReadAll(body); err != nil || string(raw) != "x" {
		t.Errorf("%q, %v", raw, err)
	}
}
