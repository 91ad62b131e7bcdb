// Package poll asks until an answer is the one that is waited for: tests and
// measurements don't sleep.
package poll

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// Wait asks until there is no error. It gives the last one when ctx ends.
func Wait(ctx context.Context, every time.Duration, ask func() error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// Until is Wait for tests: it fails the test after most.
func Until(t testing.TB, every, most time.Duration, what string, ask func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	if err := Wait(ctx, every, ask); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
