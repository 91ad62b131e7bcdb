package responder

import (
	"context"
	"math"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/scanner/node"
)

// forecast says how many PIDs a pod has, and when it will have all that it may
// have. id is what the node calls the pod.
func (r *Resolver) forecast(ctx context.Context, s *Sighting, a node.Answer, id string) {
	limit := r.limits.Of(ctx, s.Pod.Node)
	if limit > 0 {
		s.Pod.PIDLimit = &limit
	}
	said, ok := a.Pods[id]
	if !ok {
		return
	}
	said.PIDsUsed = int(count(said.PIDsUsed))
	used := int64(said.PIDsUsed)
	s.Pod.PIDsUsed = &used
	if until, ok := said.PIDs().UntilLimit(int(min(limit, math.MaxInt32))); ok {
		at := metav1.NewTime(r.now().Add(-seconds(a.AgeSeconds) + until))
		s.Pod.LimitAt, s.Pod.LimitEarly = &at, said.PIDsEarly && until > 0
	}
}
