package responder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/scanner/node"
)

// unknownAgain is how long a UID that no pod has is not asked for again.
const unknownAgain = 5 * time.Minute

// Resolver joins what nodes say with pods and owners. It watches no pods: it
// lists those of a node when one with zombies is not known, and remembers the
// ones with zombies alone.
type Resolver struct {
	lister Lister
	owners *Owners
	limits Limits
	match  Matcher
	now    func() time.Time

	mu    sync.Mutex
	nodes map[string]*nodePods
}

// nodePods are the pods with zombies of a node, by what its scanner calls them.
type nodePods struct {
	pods    map[string]*Pod
	unknown map[string]time.Time // not to be asked for before
}

// Limits tells how many processes a pod may have on a node.
type Limits interface {
	// Of is the limit; 0 when there is none or it isn't known.
	Of(ctx context.Context, node string) int64
}

// NewResolver makes a resolver. match may be nil.
func NewResolver(lister Lister, owners *Owners, limits Limits, match Matcher, now func() time.Time) *Resolver {
	return &Resolver{lister: lister, owners: owners, limits: limits, match: match, now: now, nodes: make(map[string]*nodePods)}
}

// Resolve joins a node's answer with pods. Answers of one node must come one
// after the other. With an error the outcome still holds, and is incomplete.
func (r *Resolver) Resolve(ctx context.Context, name string, a node.Answer) (Outcome, error) {
	now := r.now()
	o := Outcome{Scanned: now.Add(-seconds(a.AgeSeconds))}
	said := make(map[string][]node.Container)
	for _, c := range a.Containers {
		if c.Pod == "" {
			o.Elsewhere.Host += max(c.Zombies, 0)
			continue
		}
		said[c.Pod] = append(said[c.Pod], c)
	}
	before := r.of(name)
	after := &nodePods{pods: make(map[string]*Pod, len(said)), unknown: make(map[string]time.Time)}
	known, unsure, err := r.find(ctx, name, before, said, now)
	o.Incomplete, o.Unsure = err != nil && unsure == nil, uids(unsure)
	for id, containers := range said {
		pod := known[id]
		if pod == nil {
			if _, later := unsure[id]; !later && !o.Incomplete {
				after.remember(before, id, now)
				for _, c := range containers {
					o.Elsewhere.Unknown += max(c.Zombies, 0)
				}
			}
			continue
		}
		after.pods[id] = pod
		for _, c := range containers {
			if _, ok := pod.Containers[c.ID]; !ok && !o.Incomplete {
				after.remember(before, c.ID, now)
			}
		}
		if s := sight(pod, containers, o.Scanned, r.match); s.Pod.Zombies > 0 {
			r.forecast(ctx, &s, a, id)
			o.Sightings = append(o.Sightings, s)
		}
	}
	r.keep(name, after)
	return o, err
}

// remember says when an id that nobody has is to be asked for again.
func (n *nodePods) remember(before *nodePods, id string, now time.Time) {
	n.unknown[id] = now.Add(unknownAgain)
	if again, ok := before.unknown[id]; ok && now.Before(again) {
		n.unknown[id] = again
	}
}

// find gives the pods of an answer, by what the scanner calls them. The node's
// pods are listed when one is new, or has a new container. With an error it
// gives those that it could find, and the UIDs of those whose owner can't be told
// now, by what the scanner calls them; nil where the pods were not listed.
func (r *Resolver) find(
	ctx context.Context, name string, before *nodePods, said map[string][]node.Container, now time.Time,
) (found map[string]*Pod, unsure map[string]string, err error) {
	ask := false
	for id, containers := range said {
		pod := before.pods[id]
		ask = ask || pod == nil && !now.Before(before.unknown[id]) || pod != nil && lacks(pod, containers, before, now)
	}
	if !ask {
		return before.pods, nil, nil
	}
	pods, err := r.lister.Pods(ctx, name)
	if err != nil {
		return before.pods, nil, err
	}
	var errs []error
	found = make(map[string]*Pod, len(said))
	for id, p := range index(pods, said) {
		workload, err := r.owners.Top(ctx, p)
		if err != nil {
			errs = append(errs, err)
			if unsure == nil {
				unsure = make(map[string]string)
			}
			unsure[id] = string(p.UID)
			if old := before.pods[id]; old != nil {
				found[id] = old
			}
			continue
		}
		found[id] = newPod(p, workload)
	}
	return found, unsure, errors.Join(errs...)
}

// uids are the values of unsure.
func uids(unsure map[string]string) map[string]bool {
	out := make(map[string]bool, len(unsure))
	for _, uid := range unsure {
		out[uid] = true
	}
	return out
}

// lacks says whether a container is not among those of the pod's status: it is
// newer than what is known.
func lacks(pod *Pod, said []node.Container, before *nodePods, now time.Time) bool {
	for _, c := range said {
		if _, ok := pod.Containers[c.ID]; !ok && c.ID != "" && !now.Before(before.unknown[c.ID]) {
			return true
		}
	}
	return false
}

// index finds the pods that a scanner speaks of: by UID, by the hash of a static
// pod's manifest, or by a container's id. The hash is an annotation, which anybody
// may put on a pod of their own: it counts on mirror pods, and not against the
// ids of containers, which the kubelet wrote.
func index(pods []corev1.Pod, said map[string][]node.Container) map[string]*corev1.Pod {
	names := make(map[string]*corev1.Pod, 2*len(pods))
	hashes := make(map[string]*corev1.Pod)
	for i := range pods {
		p := &pods[i]
		for id := range containerIDs(p) {
			names[id] = p
		}
		if hash := p.Annotations[configHash]; hash != "" && isMirror(p) {
			hashes[hash] = p
		}
	}
	for i := range pods {
		names[string(pods[i].UID)] = &pods[i]
	}
	found := make(map[string]*corev1.Pod, len(said))
	for id, containers := range said {
		if p := names[id]; p != nil {
			found[id] = p
			continue
		}
		for _, c := range containers {
			if p := names[c.ID]; p != nil && c.ID != "" {
				found[id] = p
				break
			}
		}
		if p := hashes[id]; p != nil && found[id] == nil {
			found[id] = p
		}
	}
	return found
}

// Exist are the UIDs of the pods that a node has, for one that doesn't answer.
func (r *Resolver) Exist(ctx context.Context, name string) (map[string]bool, error) {
	pods, err := r.lister.Pods(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("is what was seen still there? %w", err)
	}
	exist := make(map[string]bool, len(pods))
	for i := range pods {
		exist[string(pods[i].UID)] = true
	}
	return exist, nil
}

// Forget drops what is remembered of nodes that are gone.
func (r *Resolver) Forget(names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		delete(r.nodes, name)
	}
}

func (r *Resolver) of(name string) *nodePods {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := r.nodes[name]; n != nil {
		return n
	}
	return &nodePods{}
}

func (r *Resolver) keep(name string, n *nodePods) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(n.pods) == 0 && len(n.unknown) == 0 {
		delete(r.nodes, name)
		return
	}
	r.nodes[name] = n
}

// seconds is a time that a node tells, within reason.
func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, 0), time.Hour.Seconds()) * float64(time.Second))
}
