package seen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Watcher watches the nodes and the pods of initguard's own namespaces, from the
// first question on: a cluster that does not use wrap pays nothing for it.
type Watcher struct {
	nodes cache.Cache
	pods  []cache.Cache // one a namespace, so that one may fail alone
	asked chan struct{}
	once  sync.Once

	mu     sync.Mutex
	synced func() bool // of the nodes; nil before they are watched
	known  map[types.UID]Node
	runs   map[types.UID][]Run
}

// New makes a watcher of the pods in namespaces; Run has to be called. A
// namespace that is not there, or whose pods may not be read, leaves the others
// to be counted.
func New(cluster *rest.Config, namespaces ...string) (*Watcher, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("types: %w", err)
	}
	w := &Watcher{asked: make(chan struct{}), known: map[types.UID]Node{}, runs: map[types.UID][]Run{}}
	var err error
	if w.nodes, err = cache.New(cluster, cache.Options{Scheme: scheme, DefaultTransform: strip}); err != nil {
		return nil, fmt.Errorf("watch nodes: %w", err)
	}
	for _, name := range namespaces {
		pods, err := cache.New(cluster, cache.Options{Scheme: scheme, DefaultTransform: strip, DefaultNamespaces: map[string]cache.Config{name: {}}})
		if err != nil {
			return nil, fmt.Errorf("watch pods of %s: %w", name, err)
		}
		w.pods = append(w.pods, pods)
	}
	return w, nil
}

// Ask has the watching begin.
func (w *Watcher) Ask() { w.once.Do(func() { close(w.asked) }) }

// Run watches, once somebody asked, until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-w.asked:
	}
	synced, err := follow(ctx, w.nodes, &corev1.Node{}, w.setNode, w.dropNode)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.synced = synced
	w.mu.Unlock()
	for _, c := range w.pods {
		if _, err := follow(ctx, c, &corev1.Pod{}, w.setPod, w.dropPod); err != nil {
			return err
		}
	}
	var group sync.WaitGroup
	errs := make([]error, 1+len(w.pods))
	for i, c := range append([]cache.Cache{w.nodes}, w.pods...) {
		group.Go(func() { errs[i] = c.Start(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// follow has what a cache reports told, and gives what says whether all that
// was there at first has been.
func follow(ctx context.Context, c cache.Cache, of client.Object, set, drop func(client.Object)) (func() bool, error) {
	informer, err := c.GetInformer(ctx, of, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch where initguard's image runs: %w", err)
	}
	tell := func(to func(client.Object), object any) {
		if gone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		if o, ok := object.(client.Object); ok {
			to(o)
		}
	}
	handler, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { tell(set, o) },
		UpdateFunc: func(_, o any) { tell(set, o) },
		DeleteFunc: func(o any) { tell(drop, o) },
	})
	if err != nil {
		return nil, fmt.Errorf("watch where initguard's image runs: %w", err)
	}
	return handler.HasSynced, nil
}

// Unseen says in one clause why it can't be relied upon that an image starts on
// every node on which a pod may land; empty where it can. It answers from
// memory.
func (w *Watcher) Unseen(image string, spec *corev1.PodSpec) string {
	w.Ask()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.synced == nil || !w.synced() {
		return "it is not known yet where initguard's image runs"
	}
	nodes := make([]Node, 0, len(w.known))
	for _, n := range w.known {
		nodes = append(nodes, n)
	}
	var runs []Run
	for _, r := range w.runs {
		runs = append(runs, r...)
	}
	return Decide(image, spec, nodes, runs, time.Now())
}

func (w *Watcher) setNode(o client.Object) {
	if n, ok := o.(*corev1.Node); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.known[n.UID] = nodeOf(n)
	}
}

func (w *Watcher) dropNode(o client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.known, o.GetUID())
}

func (w *Watcher) setPod(o client.Object) {
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	runs := runsOf(pod)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(runs) == 0 {
		delete(w.runs, pod.UID)
		return
	}
	w.runs[pod.UID] = runs
}

func (w *Watcher) dropPod(o client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.runs, o.GetUID())
}

func nodeOf(n *corev1.Node) Node {
	ready := slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
	return Node{Name: n.Name, Labels: n.Labels, Taints: n.Spec.Taints, Created: n.CreationTimestamp.Time, Ready: ready && !n.Spec.Unschedulable}
}
