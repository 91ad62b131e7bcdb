package app

import (
	"context"
	"time"

	"github.com/initguard/initguard/webhook"
)

// readyPoll is how often it is looked whether registries can be asked.
const readyPoll = time.Second

// warmUp looks at the images of the pods that run, where the configuration says
// so at the start, and once it is known which mirrors to ask.
func warmUp(h *webhook.Handler, s *settings, n *network) everywhere {
	return func(ctx context.Context) error {
		if !s.config().Inspection.WarmUp {
			return nil
		}
		tick := time.NewTicker(readyPoll)
		defer tick.Stop()
		for n.ready(nil) != nil {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
		h.WarmUp(ctx)
		return nil
	}
}
