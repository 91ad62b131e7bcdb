package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// ending is how a replica goes without a call being lost: it says that it is not
// ready, so that no new connections come, then asks the API server to leave those
// that it has, and only then stops.
type ending struct {
	unready, leaving atomic.Bool
}

// late ends the returned context a while after ctx. From ctx's end on this
// replica is not ready, and from half of the while on it asks callers to leave:
// by then the cluster leads new connections elsewhere, so that they don't come
// back here.
func (e *ending) late(ctx context.Context, mgr manager.Manager, delay time.Duration, log logr.Logger) (context.Context, error) {
	err := mgr.AddReadyzCheck("draining", func(*http.Request) error {
		if e.unready.Load() {
			return errors.New("shutting down")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("readiness: %w", err)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		e.unready.Store(true)
		log.Info("shutting down", "after", delay.String())
		time.AfterFunc(delay/2, func() { e.leaving.Store(true) })
		time.AfterFunc(delay, stop)
	})
	return serving, nil
}

// answers lets a handler's answers ask for the end of the connection when it is
// time. In HTTP/2 that is a GOAWAY, after which what is under way is answered and
// the connection stays for another second. The server's own stop is not so kind:
// it closes at once what has no request at that moment, though one may be on its
// way.
func (e *ending) answers(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
}
