package observed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/cluster/kubeapi"
	"github.com/initguard/initguard/webhook"
)

const (
	// DefaultInterval is how often it is asked whether the cluster has reports
	// and whether they may be read.
	DefaultInterval = 10 * time.Second
	// requestTimeout bounds a request that is no watch, watchTimeout a watch.
	requestTimeout = 15 * time.Second
	watchTimeout   = 10 * time.Minute
	// firstPause and DefaultInterval are the least and the longest pause after
	// something else failed.
	firstPause = time.Second
	// pageSize is how many reports are in memory as a whole at a time, each up
	// to 400 KiB, most of them 5.
	pageSize = 50
	// maxDiscovery bounds the list of what the group has, in bytes.
	maxDiscovery = 1 << 20
)

// Options are what a Watcher may be given; the zero value is fine.
type Options struct {
	// Log gets a line when reports begin or end to be followed, and why they
	// can't be. Default: discarded.
	Log logr.Logger
	// Known is told how many containers are known in which zombies were seen,
	// each time that may have changed; nil tells nobody.
	Known func(containers int)
	// Interval is DefaultInterval when it is zero.
	Interval time.Duration
	// Now is time.Now when it is nil.
	Now func() time.Time
}

// Watcher follows the ZombieReports of all namespaces. Until all of them are
// read, and where they can't be, nothing was observed: nobody waits for it.
type Watcher struct {
	options Options
	client  rest.Interface
	index   *Index
	synced  atomic.Bool

	said string // Run's alone: what was logged last and still holds
}

// New makes a Watcher; Run has it follow the cluster.
func New(cluster *rest.Config, o Options) (*Watcher, error) {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.Known == nil {
		o.Known = func(int) {}
	}
	client, err := kubeapi.New(cluster, v1alpha1.GroupVersion(), v1alpha1.AddToScheme)
	if err != nil {
		return nil, fmt.Errorf("ZombieReports: %w", err)
	}
	return &Watcher{options: o, client: client, index: NewIndex(o.Now)}, nil
}

// Of gives what was seen in a workload's pods: see webhook.Observations.
func (w *Watcher) Of(namespace string, of v1alpha1.Workload) []webhook.Sighting {
	if !w.synced.Load() {
		return nil
	}
	return w.index.Of(namespace, of)
}

// Synced is true once all reports were read.
func (w *Watcher) Synced() bool { return w.synced.Load() }

// errAbsent is the error of a cluster that has no ZombieReports.
var errAbsent = errors.New("this cluster has no ZombieReports")

// Run follows the cluster until ctx is done, and then returns nil. It must not
// run twice.
func (w *Watcher) Run(ctx context.Context) error {
	pause := firstPause
	for {
		err := w.follow(ctx)
		ended := ctx.Err() != nil // whatever was under way failed for that
		switch {
		case ended:
		case errors.Is(err, errAbsent):
			w.forget()
			w.say("", "there are no ZombieReports in this cluster: risk observed is not known; "+
				"the components scanner and responder write them (manifests/components)")
			pause = w.options.Interval
		case apierrors.IsForbidden(err):
			w.forget()
			w.say(err.Error(), "initguard may not read ZombieReports, so that risk observed is not known: add the component manifests/components/observed")
			pause = w.options.Interval
		case err != nil && !expired(err):
			// What was known stays; it ages by itself.
			w.say(err.Error(), "ZombieReports can't be read: risk observed rests on what was read before")
			pause = min(2*pause, w.options.Interval)
		default:
			pause = firstPause
		}
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// forget empties the index: what can't be read any more isn't known.
func (w *Watcher) forget() {
	w.synced.Store(false)
	w.index.take(NewIndex(w.options.Now))
	w.options.Known(0)
}

// say logs a state once.
func (w *Watcher) say(cause, text string) {
	if w.said == text {
		return
	}
	w.said = text
	if cause == "" {
		w.options.Log.Info(text)
		return
	}
	w.options.Log.Info(text, "error", cause)
}

// follow reads all reports and watches them until that ends.
func (w *Watcher) follow(ctx context.Context) error {
	if err := w.present(ctx); err != nil {
		return err
	}
	fresh := NewIndex(w.options.Now)
	version, err := w.list(ctx, fresh)
	if err != nil {
		return err
	}
	w.index.take(fresh)
	w.synced.Store(true)
	w.options.Known(w.index.Size())
	w.say("", following)
	for ctx.Err() == nil {
		if version, err = w.watch(ctx, version); err != nil {
			return err
		}
	}
	return nil
}

const following = "following ZombieReports: risk observed is known"

// present asks whether the cluster has reports at all. Everybody may ask that,
// and who may not read reports is told so whether there are any or not.
func (w *Watcher) present(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	raw, err := w.client.Get().AbsPath("/apis/" + v1alpha1.GroupVersion().String()).DoRaw(ctx)
	switch {
	case apierrors.IsNotFound(err):
		return errAbsent
	case err != nil:
		return fmt.Errorf("what %s has: %w", v1alpha1.Group, err)
	case len(raw) > maxDiscovery:
		return fmt.Errorf("what %s has: more than %d bytes", v1alpha1.Group, maxDiscovery)
	}
	var list metav1.APIResourceList
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("what %s has: %w", v1alpha1.Group, err)
	}
	if !slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == v1alpha1.Resource().Resource }) {
		return errAbsent
	}
	return nil
}

// list reads all reports into an index, some at a time, and gives the version of
// the whole.
func (w *Watcher) list(ctx context.Context, into *Index) (version string, err error) {
	options := metav1.ListOptions{Limit: pageSize}
	for {
		page := &v1alpha1.ZombieReportList{}
		if err := w.page(ctx, options, page); err != nil {
			return "", err
		}
		for i := range page.Items {
			into.Put(&page.Items[i])
		}
		if options.Continue = page.Continue; options.Continue == "" {
			if into.Full() {
				w.options.Log.Info("there are more ZombieReports than are kept in memory: risk observed is not known of all", "kept", maxKept)
			}
			return page.ResourceVersion, nil
		}
	}
}

func (w *Watcher) page(ctx context.Context, options metav1.ListOptions, into *v1alpha1.ZombieReportList) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	err := w.client.Get().Resource(v1alpha1.Resource().Resource).VersionedParams(&options, metav1.ParameterCodec).Do(ctx).Into(into)
	if err != nil {
		return gone(fmt.Errorf("list ZombieReports: %w", err))
	}
	return nil
}

// watch takes changes over from a version on. It ends without an error when its
// time is over, with the version that it came to.
func (w *Watcher) watch(ctx context.Context, version string) (string, error) {
	seconds := int64(watchTimeout / time.Second)
	options := metav1.ListOptions{Watch: true, ResourceVersion: version, AllowWatchBookmarks: true, TimeoutSeconds: &seconds}
	ctx, cancel := context.WithTimeout(ctx, watchTimeout+requestTimeout)
	defer cancel()
	begun := time.Now()
	events, err := w.client.Get().Resource(v1alpha1.Resource().Resource).VersionedParams(&options, metav1.ParameterCodec).Watch(ctx)
	if err != nil {
		return version, gone(fmt.Errorf("watch ZombieReports: %w", err))
	}
	defer events.Stop()
	changed := false
	for event := range events.ResultChan() {
		if event.Type == watch.Error {
			return version, gone(fmt.Errorf("watch ZombieReports: %w", apierrors.FromObject(event.Object)))
		}
		r, ok := event.Object.(*v1alpha1.ZombieReport)
		if !ok {
			continue
		}
		version, changed = r.ResourceVersion, true
		switch event.Type {
		case watch.Added, watch.Modified:
			w.index.Put(r)
		case watch.Deleted:
			w.index.Drop(r)
		default: // a bookmark
		}
		w.options.Known(w.index.Size())
	}
	if !changed && time.Since(begun) < firstPause {
		return version, errors.New("watch ZombieReports: it ended at once")
	}
	return version, nil
}

// gone tells a type that was removed by what the API server says of its objects.
func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return errAbsent
	}
	return err
}

// expired is true where the version that was come to is too old by now: all has
// to be read anew.
func expired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// sleep is false where ctx ends first.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
