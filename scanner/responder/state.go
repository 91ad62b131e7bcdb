package responder

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// State holds the sightings of all nodes. It is safe for concurrent use.
type State struct {
	mu    sync.Mutex
	nodes map[string]*nodeState
	// keys are the pods of each report.
	keys map[Key]map[podKey]*Sighting
}

// nodeState is what a node last told.
type nodeState struct {
	pods      map[string]*Sighting // by UID
	elsewhere Elsewhere
	scanned   time.Time // zero when it did not answer yet
}

type podKey struct{ node, uid string }

// NewState makes an empty one.
func NewState() *State {
	return &State{nodes: make(map[string]*nodeState), keys: make(map[Key]map[podKey]*Sighting)}
}

// Restore takes over what reports say, for the nodes that have not answered
// since. Counts by cause and pod are in them; rates come with the next answer.
func (s *State) Restore(reports []v1alpha1.ZombieReport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range reports {
		r := &reports[i]
		for _, pod := range r.Status.Pods {
			n := s.node(pod.Node)
			if !n.scanned.IsZero() || n.pods[pod.UID] != nil {
				continue
			}
			sighting := &Sighting{Namespace: r.Namespace, Workload: r.Status.Workload, Pod: pod}
			if pod.PerHour != nil {
				rate := float64(*pod.PerHour)
				sighting.PerHour = &rate
			}
			s.put(pod.Node, sighting)
		}
	}
}

// Set replaces what is known of a node.
func (s *State) Set(node string, o Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(node)
	before := n.pods
	n.pods, n.elsewhere, n.scanned = make(map[string]*Sighting, len(o.Sightings)), o.Elsewhere, o.Scanned
	for uid, old := range before {
		s.remove(node, uid, old)
		if o.Incomplete || o.Unsure[uid] {
			s.put(node, old)
		}
	}
	for i := range o.Sightings {
		if old := n.pods[o.Sightings[i].Pod.UID]; old != nil {
			s.remove(node, old.Pod.UID, old) // it may have had another owner
		}
		s.put(node, &o.Sightings[i])
	}
}

// Retain drops the pods of a node that are not among those that exist, of which
// the caller is sure. What the node itself says comes with its next answer.
func (s *State) Retain(node string, exist map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[node]
	if n == nil {
		return
	}
	for uid, old := range n.pods {
		if !exist[uid] {
			s.remove(node, uid, old)
			delete(n.pods, uid)
		}
	}
}

// Prune forgets the nodes without sightings that did not answer since a time,
// and returns them.
func (s *State) Prune(since time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var gone []string
	for name, n := range s.nodes {
		if len(n.pods) == 0 && n.scanned.Before(since) {
			delete(s.nodes, name)
			gone = append(gone, name)
		}
	}
	return gone
}

// Silent are the nodes with sightings that did not answer since a time.
func (s *State) Silent(since time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var silent []string
	for name, n := range s.nodes {
		if len(n.pods) > 0 && n.scanned.Before(since) {
			silent = append(silent, name)
		}
	}
	slices.Sort(silent)
	return silent
}

// Heard is when a node made the scan that it last told of; zero when it did not
// answer yet.
func (s *State) Heard(node string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.nodes[node]; n != nil {
		return n.scanned
	}
	return time.Time{}
}

// Keys are the reports that have pods.
func (s *State) Keys() []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.keys))
}

// Of are the pods of a report, the most zombies first.
func (s *State) Of(k Key) []Sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Sighting, 0, len(s.keys[k]))
	for _, sighting := range s.keys[k] {
		out = append(out, *sighting)
	}
	slices.SortFunc(out, mostZombies)
	return out
}

// Elsewhere sums up the zombies of no known pod.
func (s *State) Elsewhere() Elsewhere {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum Elsewhere
	for _, n := range s.nodes {
		sum.Host += n.elsewhere.Host
		sum.Unknown += n.elsewhere.Unknown
	}
	return sum
}

func (s *State) node(name string) *nodeState {
	n := s.nodes[name]
	if n == nil {
		n = &nodeState{pods: make(map[string]*Sighting)}
		s.nodes[name] = n
	}
	return n
}

func (s *State) put(node string, sighting *Sighting) {
	uid := sighting.Pod.UID
	s.nodes[node].pods[uid] = sighting
	k := sighting.Key()
	if s.keys[k] == nil {
		s.keys[k] = make(map[podKey]*Sighting)
	}
	s.keys[k][podKey{node, uid}] = sighting
}

func (s *State) remove(node, uid string, sighting *Sighting) {
	k := sighting.Key()
	delete(s.keys[k], podKey{node, uid})
	if len(s.keys[k]) == 0 {
		delete(s.keys, k)
	}
}
