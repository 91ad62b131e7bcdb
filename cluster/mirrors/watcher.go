package mirrors

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const (
	// DefaultInterval is how often it is asked whether the cluster has the
	// kinds, and what the ConfigMap of CAs holds.
	DefaultInterval = 30 * time.Second
	// requestTimeout bounds a single request that is no watch.
	requestTimeout = 10 * time.Second
)

// Options are what a Watcher may be given; the zero value is fine.
type Options struct {
	// Log gets a line for each change, and for what can't be read. Default:
	// discarded.
	Log logr.Logger
	// Interval is DefaultInterval when it is zero.
	Interval time.Duration
}

// Watcher follows what the cluster says of its registries.
type Watcher struct {
	options   Options
	discovery *discovery.DiscoveryClient
	objects   dynamic.Interface

	current atomic.Pointer[State]
	read    atomic.Bool // all was read once
	changed chan struct{}

	// Run's alone.
	informers    map[kind]*informer
	cas          map[string]string
	imageStreams bool
	missed       int             // as an informer's, of ImageStreams
	told         map[string]bool // notes that were logged and still hold
}

// informer is one kind that is followed.
type informer struct {
	cache.SharedIndexInformer
	stop context.CancelFunc
	done chan struct{}
	// missed is how often in turn the cluster didn't tell of the kind.
	missed int
}

// New makes a Watcher; Run has it follow the cluster.
func New(config *rest.Config, o Options) (*Watcher, error) {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	d, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("registries of the cluster: %w", err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("registries of the cluster: %w", err)
	}
	w := &Watcher{
		options: o, discovery: d, objects: objects,
		changed: make(chan struct{}, 1), informers: map[kind]*informer{}, told: map[string]bool{},
	}
	first, _ := read{}.state()
	w.current.Store(first)
	return w, nil
}

// Current is what the cluster says, the same pointer as long as it says the
// same. It may be called at any time from anywhere.
func (w *Watcher) Current() *State { return w.current.Load() }

// Ready is nil once all that the cluster has was read. Before that images would
// be asked for at places that nodes don't ask.
func (w *Watcher) Ready(*http.Request) error {
	if !w.read.Load() {
		return errors.New("what the cluster says of its registries is not read yet")
	}
	return nil
}

// Run follows the cluster until ctx is done, and then returns nil. It must not
// run twice.
func (w *Watcher) Run(ctx context.Context) error {
	defer w.stopAll()
	ticker := time.NewTicker(w.options.Interval)
	defer ticker.Stop()
	w.look(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			w.look(ctx)
		case <-w.changed:
			w.collect(ctx)
		}
	}
}

// look finds out which kinds the cluster has, and follows those.
func (w *Watcher) look(ctx context.Context) {
	if err := w.follow(ctx); err != nil {
		w.note("discovery", err)
		return // what was there before stays
	}
	w.clear("discovery")
	w.collect(ctx)
}

func (w *Watcher) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	groups, err := w.discovery.ServerGroupsWithContext(ctx)
	if err != nil {
		return fmt.Errorf("which API groups there are: %w", err)
	}
	has := map[string]bool{} // group and group/version
	for _, g := range groups.Groups {
		has[g.Name] = true
		for _, v := range g.Versions {
			has[v.GroupVersion] = true
		}
	}
	w.streams(has[imageGroup])
	served := map[schema.GroupVersionResource]bool{}
	for _, gv := range versions() {
		if !has[gv.String()] {
			continue
		}
		list, err := w.discovery.ServerResourcesForGroupVersionWithContext(ctx, gv.String())
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("which resources %s has: %w", gv, err)
		}
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			served[gv.WithResource(r.Name)] = true
		}
	}
	for _, k := range kinds() {
		w.keep(ctx, k, served[k.resource])
	}
	return nil
}

func versions() []schema.GroupVersion {
	var out []schema.GroupVersion
	for _, k := range kinds() {
		if gv := k.resource.GroupVersion(); !slices.Contains(out, gv) {
			out = append(out, gv)
		}
	}
	return out
}

// missedMost is how often in turn the cluster has to be without something that
// it had: an API server that starts doesn't know all kinds at once, and without
// them images would be asked for where no node asks, blocked registries included.
const missedMost = 3

// streams notes whether the cluster has ImageStreams.
func (w *Watcher) streams(has bool) {
	if has {
		w.imageStreams, w.missed = true, 0
	} else if w.missed++; w.missed >= missedMost {
		w.imageStreams = false
	}
}

// keep begins or ends to follow a kind.
func (w *Watcher) keep(ctx context.Context, k kind, served bool) {
	name := k.resource.GroupResource().String()
	running := w.informers[k]
	switch {
	case served && running != nil:
		running.missed = 0
	case !served && running != nil:
		if running.missed++; running.missed < missedMost {
			return
		}
		running.stop()
		<-running.done
		delete(w.informers, k)
		w.options.Log.Info("the cluster no longer has a kind that says something of registries", "resource", name)
	case served && running == nil:
		// An informer would try for ever and only say so in its own log.
		_, err := w.objects.Resource(k.resource).List(ctx, metav1.ListOptions{Limit: 1, FieldSelector: k.selector()})
		if err != nil {
			w.note(name, fmt.Errorf("%s can't be read, so the cluster's mirrors and lists are not followed: %w; add the component openshift-registries", name, err))
			return
		}
		w.clear(name)
		w.informers[k] = w.start(k) //nolint:contextcheck // It is followed longer than this request lasts.
		w.options.Log.Info("following what the cluster says of registries", "resource", name)
	}
}

// selector restricts a kind to the one object that counts.
func (k kind) selector() string {
	if k.name == "" {
		return ""
	}
	return fields.OneTermEqualSelector("metadata.name", k.name).String()
}

// start follows a kind until stop is called: longer than the request that found
// it.
func (w *Watcher) start(k kind) *informer {
	ctx, cancel := context.WithCancel(context.Background())
	shared := dynamicinformer.NewFilteredDynamicInformer(w.objects, k.resource, metav1.NamespaceAll, 0, cache.Indexers{},
		func(o *metav1.ListOptions) { o.FieldSelector = k.selector() }).Informer()
	poke := func() {
		select {
		case w.changed <- struct{}{}:
		default: // it is about to look
		}
	}
	_, _ = shared.AddEventHandler(cache.ResourceEventHandlerFuncs{ // it has not been stopped
		AddFunc: func(any) { poke() }, UpdateFunc: func(any, any) { poke() }, DeleteFunc: func(any) { poke() },
	})
	i := &informer{SharedIndexInformer: shared, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(i.done)
		shared.RunWithContext(ctx)
	}()
	return i
}

// collect makes the State anew.
func (w *Watcher) collect(ctx context.Context) {
	r := read{imageStreams: w.imageStreams}
	for _, k := range kinds() {
		running := w.informers[k]
		if running == nil {
			continue
		}
		if !cache.WaitForCacheSync(doneIn(ctx, requestTimeout), running.HasSynced) {
			return // the next look tries again
		}
		for _, object := range running.GetStore().List() {
			if u, ok := object.(*unstructured.Unstructured); ok {
				r.add(k, u)
			}
		}
	}
	w.readCAs(ctx, r.image)
	r.cas = w.cas
	slices.SortFunc(r.sets, compareSets)
	s, notes := r.state()
	w.tell(notes)
	if !reflect.DeepEqual(s, w.current.Load()) {
		w.current.Store(s)
		w.options.Log.Info("what the cluster says of registries changed", "sources", len(s.Rules.Sources), "CAs", len(s.CAs),
			"blocked", len(s.Rules.Blocked), "insecure", len(s.Rules.Insecure), "imageStreams", s.ImageStreams)
	}
	w.read.Store(true)
}
