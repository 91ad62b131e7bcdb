package app

import (
	"context"
	"log/slog"
)

// probeFailed is what controller-runtime logs each time that a probe finds the
// process not ready, every two seconds and without saying why. Why is logged by
// whoever found it, once, and must not get lost below.
const probeFailed = "healthz check failed"

// withoutProbes hands on all records but those.
type withoutProbes struct{ slog.Handler }

func (h withoutProbes) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == probeFailed {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h withoutProbes) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutProbes{h.Handler.WithAttrs(attrs)}
}

func (h withoutProbes) WithGroup(name string) slog.Handler {
	return withoutProbes{h.Handler.WithGroup(name)}
}
