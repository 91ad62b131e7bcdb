// Package events tells late verdicts as Events on the workloads.
package events

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/webhook"
)

const (
	controller = "initguard.dev/webhook"
	action     = "Inspect"
	// reasonNotReaping and reasonHarmed are what to look for:
	// kubectl get events -A --field-selector reason=PID1DoesNotReap.
	reasonNotReaping = "PID1DoesNotReap"
	reasonHarmed     = "PID1HarmedByOrphans"

	// maxNote is the API's bound of a note, in bytes, and maxInstance that of a
	// reporting instance.
	maxNote     = 1024
	maxInstance = 128
	// maxName is what is taken over of an object's name, in bytes.
	maxName = 200

	// perSecond and burst keep a flood of Events from the API server.
	perSecond, burst = 5, 20
	// timeout bounds one attempt.
	timeout = 10 * time.Second
)

// Recorder writes Events. It is safe for concurrent use.
type Recorder struct {
	client   rest.Interface
	instance string
	now      func() time.Time
	attempts wait.Backoff
}

// New makes a Recorder that speaks to a cluster; instance is the name of this
// process, such as its pod's.
func New(cluster *rest.Config, instance string) (*Recorder, error) {
	scheme := runtime.NewScheme()
	if err := eventsv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	c := rest.CopyConfig(cluster)
	c.GroupVersion = &eventsv1.SchemeGroupVersion
	c.APIPath = "/apis"
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.QPS, c.Burst, c.RateLimiter, c.Timeout = perSecond, burst, nil, timeout
	client, err := rest.RESTClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	return &Recorder{client: client, instance: cut(instance, maxInstance), now: time.Now, attempts: attempts()}, nil
}

// attempts are those to write one Event: an API server that is rolled out is
// back within seconds.
func attempts() wait.Backoff {
	return wait.Backoff{Duration: time.Second, Factor: 3, Steps: 4, Jitter: 0.1}
}

// Tell writes one Event on the object. Its name is made of what is told, so
// that no second one can be written for the same template, whichever replica
// tries; then the error is webhook.ErrTold.
func (r *Recorder) Tell(ctx context.Context, v webhook.LateVerdict) error {
	event := r.event(v)
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, r.attempts, func(ctx context.Context) (bool, error) {
		last = r.client.Post().Namespace(event.Namespace).Resource("events").Body(event).Do(ctx).Error()
		switch {
		case last == nil:
			return true, nil
		case passing(last):
			return false, nil
		default:
			return false, last
		}
	})
	switch {
	case apierrors.IsAlreadyExists(last):
		return fmt.Errorf("%s %s: %w", v.Object.Kind, v.Name, webhook.ErrTold)
	case apierrors.IsForbidden(last):
		return fmt.Errorf("write an Event: may this ServiceAccount create events in the group events.k8s.io? %w", last)
	case last != nil:
		return fmt.Errorf("write an Event: %w", last)
	case err != nil:
		return fmt.Errorf("write an Event: %w", err)
	}
	return nil
}

// passing is true for errors of the API server that end by themselves. What
// comes from no API server is a connection that failed.
func passing(err error) bool {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return true
	}
	code := status.Status().Code
	return code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
}

// event is the Event for a verdict. Everything in it but the object's name and
// UID was sanitised for a warning.
func (r *Recorder) event(v webhook.LateVerdict) *eventsv1.Event {
	reason := reasonNotReaping
	if v.HarmedByOrphans {
		reason = reasonHarmed
	}
	return &eventsv1.Event{
		TypeMeta: metav1.TypeMeta{APIVersion: eventsv1.SchemeGroupVersion.String(), Kind: "Event"},
		ObjectMeta: metav1.ObjectMeta{
			Name:      fmt.Sprintf("%s.%s-%s", strings.TrimRight(cut(v.Name, maxName), ".-"), prefixOf(v.UID), v.Template),
			Namespace: v.Namespace,
		},
		EventTime:           metav1.NewMicroTime(r.now()),
		ReportingController: controller,
		ReportingInstance:   r.instance,
		Action:              action,
		Reason:              reason,
		Type:                corev1.EventTypeWarning,
		Note:                cut(v.Text, maxNote),
		Regarding: corev1.ObjectReference{
			APIVersion: v.Object.GroupVersion().String(), Kind: v.Object.Kind,
			Namespace: v.Namespace, Name: v.Name, UID: types.UID(v.UID),
		},
	}
}

// prefixOf is the beginning of a UID, enough to tell two objects of one name
// apart.
func prefixOf(uid string) string { return cut(uid, 8) }

// cut shortens a text to a number of bytes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
