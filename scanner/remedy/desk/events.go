package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/scanner/remedy"
)

const (
	controller = "initguard.dev/responder"
	action     = "Evict"

	// What the API takes, in bytes, and what is taken over of a name.
	maxNote     = 1024
	maxInstance = 128
	maxName     = 200
)

// Tell implements Recorder: one Event on the workload. Its name is made of what
// is told, so that whoever tells it again writes no second one.
func (a *API) Tell(ctx context.Context, e Event) error {
	workload := metadata(version(e.Workload.Group), e.Workload.Kind)
	err := a.get(ctx, client.ObjectKey{Namespace: e.Namespace, Name: e.Workload.Name}, workload)
	switch {
	case apierrors.IsNotFound(err):
		return nil // Nobody is there to be told.
	case err != nil:
		return fmt.Errorf("%s %s/%s: %w", e.Workload.Kind, e.Namespace, e.Workload.Name, err)
	}
	err = a.events.Post().Namespace(e.Namespace).Resource("events").MaxRetries(0).Body(a.event(&e, workload.UID)).Do(ctx).Error()
	switch {
	case err == nil, apierrors.IsAlreadyExists(err):
		return nil
	case apierrors.IsForbidden(err):
		return fmt.Errorf("may this ServiceAccount create events in the group events.k8s.io? %w", err)
	}
	return err
}

// version is that of the kinds that are evicted from.
func version(group string) string {
	if group == "" {
		return "v1"
	}
	return group + "/v1"
}

func (a *API) event(e *Event, uid types.UID) *eventsv1.Event {
	sum := sha256.Sum256([]byte(e.id()))
	kind, reason := kindOf(e.What)
	event := &eventsv1.Event{
		TypeMeta: metav1.TypeMeta{APIVersion: eventsv1.SchemeGroupVersion.String(), Kind: "Event"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: e.Namespace,
			Name:      strings.TrimRight(e.Workload.Name[:min(len(e.Workload.Name), maxName)], ".-") + "." + hex.EncodeToString(sum[:8]),
		},
		EventTime: metav1.NewMicroTime(a.now()), ReportingController: controller, ReportingInstance: a.instance[:min(len(a.instance), maxInstance)],
		Action: action, Type: kind, Reason: reason, Note: e.Text[:min(len(e.Text), maxNote)],
		Regarding: corev1.ObjectReference{
			APIVersion: version(e.Workload.Group), Kind: e.Workload.Kind, Namespace: e.Namespace, Name: e.Workload.Name, UID: uid,
		},
	}
	if e.Pod != "" {
		event.Related = &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: e.Namespace, Name: e.Pod, UID: types.UID(e.UID)}
	}
	return event
}

// kindOf is an Event's type and its reason: what to look for with
// kubectl get events --field-selector reason=ZombiesEvicted.
func kindOf(what string) (kind, reason string) {
	switch what {
	case remedy.PhaseEvicted:
		return corev1.EventTypeNormal, "ZombiesEvicted"
	case dryRun:
		return corev1.EventTypeNormal, "ZombiesEvictionDryRun"
	case remedy.PhaseGone:
		return corev1.EventTypeNormal, "ZombiesPodGone"
	case stopped:
		return corev1.EventTypeWarning, "ZombiesEvictionsStopped"
	default:
		return corev1.EventTypeWarning, "ZombiesNotEvicted"
	}
}
