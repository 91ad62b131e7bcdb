package webhook

import (
	"context"
	"time"
)

// partForLookups is how much of the time for a request looking images up may
// take, in percent. The rest is for judging by what was found: an image that
// is slow must not hide what is known of the other containers.
const partForLookups = 90

// forLookups is ctx with a deadline that leaves time to judge.
func forLookups(ctx context.Context) (context.Context, context.CancelFunc) {
	until, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(until)*partForLookups/100)
}
