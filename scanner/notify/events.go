package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify/letter"
)

const (
	eventChannel = "events"
	controller   = "initguard.dev/responder"
	// What to look for: kubectl get events -A --field-selector reason=ZombieProcesses.
	reasonZombies = "ZombieProcesses"
	reasonGone    = "ZombiesGone"

	// maxNote is the API's bound of a note, in bytes, maxInstance that of a
	// reporting instance, and maxName what is taken over of a report's name.
	maxNote     = 1024
	maxInstance = 128
	maxName     = 180
	// maxEventBytes bounds the queue, as mails are bounded by default.
	maxEventBytes = 16 << 20
	// uidsKept is for how many workloads the UID is remembered: without zombies
	// there is no pod to ask for it.
	uidsKept = 4096

	eventTimeout = 10 * time.Second
)

// EventWriter writes Events. What it answers is an error of the API server, or
// that there was no answer.
type EventWriter interface {
	Create(ctx context.Context, e *eventsv1.Event) error
}

// EventOptions are what Events are made of and written with.
type EventOptions struct {
	Settings EventSettings
	Writer   EventWriter
	// Pods and Owners find the UID of a workload, by which kubectl describe finds
	// its Events. Either may be nil: then the Event is in kubectl get events alone.
	Pods   Pods
	Owners Owners
	// Instance is the name of this process, such as its pod's.
	Instance string
	Metrics  *Metrics
	Log      *slog.Logger
	Now      func() time.Time
}

// Events writes an Event on each workload of a digest. It is a notice.Channel.
type Events struct {
	o     EventOptions
	queue *queue
	known *lru.Cache[string, metav1.OwnerReference]

	again, againMost time.Duration
	ready            time.Time // Run alone touches it
}

// NewEvents makes the channel, or says what is wrong with its settings.
func NewEvents(o EventOptions) (*Events, error) {
	var errs []error
	for _, f := range o.Settings.Validate() {
		errs = append(errs, fmt.Errorf("events.%s: %s", f.Path, f.Text))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	known, err := lru.New[string, metav1.OwnerReference](uidsKept)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	return &Events{o: o, queue: newQueue(o.Settings.Queue, maxEventBytes), known: known, again: time.Second, againMost: time.Minute}, nil
}

// Tell takes a digest to be told; false where the queue is full.
func (e *Events) Tell(d notice.Digest) bool {
	ok := e.queue.put(d, time.Now())
	if !ok {
		e.o.Metrics.refused(eventChannel)
		if n, say := e.queue.refused(time.Now()); say {
			e.o.Log.Warn("the queue of Events is full, what finds no room comes again; this is said once a minute", "times", n, "namespace", d.Namespace, "digest", d.ID)
		}
	}
	e.o.Metrics.queued(eventChannel, e.queue)
	return ok
}

// Told are the results since the last call.
func (e *Events) Told() []notice.Result { return e.queue.told() }

// Run writes until ctx ends.
func (e *Events) Run(ctx context.Context) error {
	return e.queue.work(ctx, func(j *job) time.Time { return latest(j.due, e.ready) }, func(j *job) {
		e.attempt(ctx, j)
		e.o.Metrics.queued(eventChannel, e.queue)
	})
}

// attempt writes the next Event of a digest.
func (e *Events) attempt(ctx context.Context, j *job) {
	e.ready = time.Now().Add(time.Second / time.Duration(e.o.Settings.PerSecond))
	event := e.event(ctx, j.digest, j.digest.Items[j.next])
	write, cancel := context.WithTimeout(ctx, eventTimeout)
	err := e.o.Writer.Create(write, event)
	cancel()
	log := e.o.Log.With("namespace", j.digest.Namespace, "digest", j.digest.ID, "event", event.Name)
	switch {
	case ctx.Err() != nil:
		return // whoever leads next writes it
	case err == nil:
		e.o.Metrics.event("written")
		j.told++
	case apierrors.IsAlreadyExists(err):
		e.o.Metrics.event("there")
		j.told++
	case passing(err) && time.Since(j.begun) < eventRetryFor:
		j.tries++
		wait := backoff(e.again, e.againMost, j.tries)
		e.queue.delay(j, time.Now().Add(wait))
		e.o.Metrics.event("put off")
		log.Warn("an Event has to wait", "error", err, "again", wait.Round(time.Millisecond).String())
		return
	default:
		e.o.Metrics.event("failed")
		j.refused = err.Error()
		if apierrors.IsForbidden(err) {
			j.refused = "may this ServiceAccount create events in the group events.k8s.io? " + j.refused
		}
		log.Warn("an Event was not written", "error", j.refused)
	}
	j.tries = 0
	if j.next++; j.next < len(j.digest.Items) {
		return
	}
	r := notice.Result{ID: j.digest.ID, At: e.o.Now()}
	if j.told == 0 {
		r.Failed = "events: " + j.refused
	}
	e.queue.finish(j, r)
}

// eventRetryFor is how long an Event is tried again: the API server is what the
// responder can't work without anyway.
const eventRetryFor = time.Hour

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

// event is the Event for an item.
func (e *Events) event(ctx context.Context, d notice.Digest, i notice.Item) *eventsv1.Event {
	reason, kind := reasonGone, corev1.EventTypeNormal
	if i.Kind == notice.KindFiring {
		reason, kind = reasonZombies, corev1.EventTypeWarning
	}
	return e.build(ctx, i.Report, d.ID, reason, kind, letter.Note(i, e.o.Now()))
}

// build is an Event about a report. Its name is made of id and report, so that a
// second one for the same is refused.
func (e *Events) build(ctx context.Context, r *v1alpha1.ZombieReport, id, reason, kind, note string) *eventsv1.Event {
	return &eventsv1.Event{
		TypeMeta:            metav1.TypeMeta{APIVersion: eventsv1.SchemeGroupVersion.String(), Kind: "Event"},
		ObjectMeta:          metav1.ObjectMeta{Namespace: r.Namespace, Name: eventName(id, r.Name)},
		EventTime:           metav1.NewMicroTime(e.o.Now()),
		ReportingController: controller, ReportingInstance: cut(e.o.Instance, maxInstance), Action: "Notify",
		Reason: reason, Type: kind, Note: line(note),
		Regarding: e.regarding(ctx, r),
		Related:   &corev1.ObjectReference{APIVersion: v1alpha1.GroupVersion().String(), Kind: "ZombieReport", Namespace: r.Namespace, Name: r.Name, UID: r.UID},
	}
}

// Record writes one Event about a report at once, for whoever has done something
// about it: id is that of what was done, and the same id is told once. kind is
// Normal or Warning.
func (e *Events) Record(ctx context.Context, r *v1alpha1.ZombieReport, id, reason, kind, note string) error {
	event := e.build(ctx, r, id, reason, kind, note)
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	err := e.o.Writer.Create(ctx, event)
	switch {
	case err == nil:
		e.o.Metrics.event("written")
	case apierrors.IsAlreadyExists(err):
		e.o.Metrics.event("there")
	default:
		e.o.Metrics.event("failed")
		return fmt.Errorf("event: %w", err)
	}
	return nil
}

// eventName is a DNS name that the digest and the report alone have.
func eventName(digest, report string) string {
	sum := sha256.Sum256([]byte(digest + "\x00" + report))
	return strings.Trim(cut(report, maxName), ".-") + "." + hex.EncodeToString(sum[:8])
}

// regarding is the workload, with its UID where that can be found. Where the
// report is of many pods that nothing owns, it is the one with the most zombies,
// and without any, the report.
func (e *Events) regarding(ctx context.Context, r *v1alpha1.ZombieReport) corev1.ObjectReference {
	w := r.Status.Workload
	ref := corev1.ObjectReference{APIVersion: apiVersion(w), Kind: w.Kind, Namespace: r.Namespace, Name: w.Name}
	if w.Kind == "Pod" && w.Group == "" {
		if len(r.Status.Pods) > 0 {
			ref.Name, ref.UID = r.Status.Pods[0].Name, types.UID(r.Status.Pods[0].UID)
		} else if strings.HasSuffix(w.Name, "*") {
			ref.APIVersion, ref.Kind, ref.Name, ref.UID = v1alpha1.GroupVersion().String(), "ZombieReport", r.Name, r.UID
		}
		return ref
	}
	if owner, ok := e.owner(ctx, r); ok && owner.Kind == w.Kind && owner.Name == w.Name {
		ref.APIVersion, ref.UID = owner.APIVersion, owner.UID
	}
	return ref
}

// owner is what owns the pod with the most zombies.
func (e *Events) owner(ctx context.Context, r *v1alpha1.ZombieReport) (metav1.OwnerReference, bool) {
	key := r.Namespace + "/" + r.Name
	known, ok := e.known.Get(key)
	if len(r.Status.Pods) == 0 || e.o.Pods == nil || e.o.Owners == nil {
		return known, ok
	}
	p := r.Status.Pods[0]
	pod, err := e.o.Pods.Pod(ctx, r.Namespace, p.Name, p.UID)
	if err != nil || pod == nil {
		return known, ok
	}
	owner, err := e.o.Owners.Owner(ctx, pod)
	if err != nil || owner == nil {
		return known, ok
	}
	e.known.Add(key, *owner)
	return *owner, true
}

// apiVersion is that of the kinds which people apply; any of a group will do
// for an Event.
func apiVersion(w v1alpha1.Workload) string {
	if w.Group == "" {
		return "v1"
	}
	return w.Group + "/" + cmp.Or(map[string]string{"apps": "v1", "batch": "v1", "apps.openshift.io": "v1"}[w.Group], "v1")
}

// line is a note on one line, within its bound.
func line(note string) string {
	return cut(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, cut(note, maxNote)), maxNote)
}

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
