package responder

import (
	"context"

	"github.com/initguard/initguard/scanner/node"
)

// forecast says when a pod will have all the PIDs that it may have.
func (r *Resolver) forecast(ctx context.Context, s *Sighting, _ node.Answer, _ string) {
	if limit := r.limits.Of(ctx, s.Pod.Node); limit > 0 {
		s.Pod.PIDLimit = &limit
	}
}
