package webhook

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/webhook/policy"
)

// warmUpPause is the least time between two images of a warm-up: applies, and
// the nodes that pull from the same registries, come first.
const warmUpPause = time.Second

// WarmUp looks at the images of the pods that run, one after the other and each
// of a namespace once, so that the first apply of each finds its answer. It ends
// with ctx, with the last pod, or when as many were looked at as are remembered.
func (h *Handler) WarmUp(ctx context.Context) {
	w := warmUp{handler: h, pause: warmUpPause, seen: make(map[string]bool)}
	h.Log.Info("looking at the images of the pods that run")
	forbidden, err := h.Existing.List(ctx, "", []schema.GroupKind{{Kind: "Pod"}}, func(found Workload) bool { return w.pod(ctx, found) })
	switch {
	case ctx.Err() != nil:
	case len(forbidden) > 0:
		h.Log.Info("the images of the pods that run can't be looked at: initguard may not list pods; manifests/components/warm-up gives it that right")
	case err != nil:
		h.Log.Error(err, "the images of the pods that run were looked at in part", "images", len(w.seen))
	default:
		h.Log.Info("the images of the pods that run were looked at", "images", len(w.seen))
	}
}

// warmUp is one way through the pods.
type warmUp struct {
	handler *Handler
	pause   time.Duration
	// seen are the images that were asked for, each with whose rights.
	seen map[string]bool
}

// pod looks at the images of one pod; false ends the way.
func (w *warmUp) pod(ctx context.Context, found Workload) bool {
	s := w.handler.Settings()
	o, err := decode(found.Raw, workload{})
	if err != nil || s.Config.ExemptsNamespace(found.Namespace) || exemptPod(o) != "" {
		return ctx.Err() == nil
	}
	query := queryFor(found.Namespace, &o.Spec, nil)
	for _, c := range policy.Containers(&o.Spec) {
		key := strings.Join(append([]string{found.Namespace, c.Image, query.ServiceAccount}, query.PullSecrets...), "\x00")
		if w.seen[key] {
			continue
		}
		if len(w.seen) >= s.Config.Cache.Images || !w.wait(ctx) {
			return false
		}
		w.seen[key] = true
		w.image(ctx, s, found.Namespace, &o.Spec, c)
	}
	return true
}

// image looks at one container as if it were the pod's only one.
func (w *warmUp) image(ctx context.Context, s Settings, namespace string, spec *corev1.PodSpec, c policy.Container) {
	defer func() {
		if cause := recover(); cause != nil {
			w.handler.Log.Error(fmt.Errorf("panic: %T", cause), "an image of a running pod was not looked at: please report this")
		}
	}()
	// The inspection has this bound of its own, and may wait for its turn as long.
	ctx, cancel := context.WithTimeout(ctx, 2*s.Config.Inspection.Timeout)
	defer cancel()
	one := *spec
	one.InitContainers, one.Containers = nil, []corev1.Container{*c.Container}
	s.assessor().Assess(ctx, namespace, &one)
}

// wait is the pause before an image; false where ctx ends.
func (w *warmUp) wait(ctx context.Context) bool {
	pause := time.NewTimer(w.pause)
	defer pause.Stop()
	select {
	case <-pause.C:
		return true
	case <-ctx.Done():
		return false
	}
}
