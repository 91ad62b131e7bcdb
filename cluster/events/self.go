package events

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TellSelf writes one Event on initguard's own Pod: of what is wrong with its
// installation. The same reason is told once a Pod.
func (r *Recorder) TellSelf(ctx context.Context, namespace, pod, reason, note string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	event := &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: cut(pod, maxName) + "." + strings.ToLower(reason)},
		EventTime:  metav1.NewMicroTime(r.now()), ReportingController: controller, ReportingInstance: r.instance,
		Action: "Install", Reason: reason, Type: corev1.EventTypeWarning, Note: cut(note, maxNote),
		Regarding: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: pod},
	}
	err := r.client.Post().Namespace(namespace).Resource("events").Body(event).Do(ctx).Error()
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("event: %w", err)
	}
	return nil
}
