package notice

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// history is a run of a desk over days in which everything may happen: zombies
// come and go, writes fail, mail servers are away or refuse, processes end,
// alerts fire.
type history struct {
	t       *testing.T
	random  *rand.Rand
	now     time.Time
	rules   *Rules
	desk    *Desk
	store   map[types.NamespacedName]*v1alpha1.ZombieReport
	version int
	// mail is what waits, down until when nothing gets out, refused that nobody is
	// told; calm that nothing goes wrong any more.
	mail    []Digest
	results []Result
	down    time.Time
	refused bool
	calm    bool
	inbox   []mailed
	writes  int
}

// mailed is a digest that reached people.
type mailed struct {
	id, namespace string
	first, last   time.Time

	items    map[string]Item
	episodes map[string]time.Time // of the reports in it

}

func newHistory(t *testing.T, seed uint64) *history {
	t.Helper()
	s := Default()
	s.Platform, s.Domains = "platform@example.com", []string{"example.com"}
	rules, faults := New(s)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	h := &history{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), rules: rules, store: make(map[types.NamespacedName]*v1alpha1.ZombieReport),
		now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	for _, namespace := range []string{"shop-prod", "shop-dev"} {
		for i := range 4 {
			k := types.NamespacedName{Namespace: namespace, Name: fmt.Sprint("deployment-w", i)}
			h.store[k] = &v1alpha1.ZombieReport{ObjectMeta: metav1.ObjectMeta{Namespace: k.Namespace, Name: k.Name, UID: types.UID(k.String())}}
		}
	}
	h.restart()
	return h
}

// restart has another process lead: nothing is left but what is stored.
func (h *history) restart() {
	h.mail, h.results = nil, nil
	h.desk = NewDesk(Options{
		Rules:      func() *Rules { return h.rules },
		Namespaces: func(string) (Namespace, bool) { return Namespace{}, h.calm || h.random.IntN(3) > 0 },
		Channels:   []Named{{Name: "mail", Channel: h}},
	})
}

func (h *history) Tell(d Digest) bool {
	if !h.calm && h.random.IntN(5) == 0 {
		return false
	}
	if !slices.ContainsFunc(h.mail, func(have Digest) bool { return have.ID == d.ID }) {
		h.mail = append(h.mail, d)
	}
	return true
}

func (h *history) Told() []Result {
	results := h.results
	h.results = nil
	return results
}

func (h *history) chance(n int) bool { return !h.calm && h.random.IntN(n) == 0 }

// turns lets a few turns go by, each with some of the writes that it wants, and
// says whether there was something to do.
func (h *history) turns(n int) {
	for range n {
		stored := make([]*v1alpha1.ZombieReport, 0, len(h.store))
		for _, r := range h.store {
			stored = append(stored, r.DeepCopy())
		}
		slices.SortFunc(stored, func(a, b *v1alpha1.ZombieReport) int {
			return slices.Compare([]string{a.Namespace, a.Name}, []string{b.Namespace, b.Name})
		})
		keep := h.desk.Turn(h.now, stored)
		for _, r := range stored { // in order, so that a seed has one history
			k, n := key(r), keep[key(r)]
			if n == nil || h.chance(4) {
				continue
			}
			if h.chance(200) {
				h.restart()
				break
			}
			h.write(k, n)
		}
		h.now = h.now.Add(5 * time.Second)
		h.deliver()
	}
}

func (h *history) write(k types.NamespacedName, n *v1alpha1.Notice) {
	h.t.Helper()
	h.writes++
	r := h.store[k].DeepCopy()
	before := r.Status.Notice
	r.Status.Notice = n.DeepCopy()
	h.version++
	r.ResourceVersion = fmt.Sprint(h.version)
	h.store[k] = r
	if last := n.Last; last != nil && (before == nil || before.Last == nil || before.Last.ID != last.ID) {
		i := slices.IndexFunc(h.inbox, func(l mailed) bool { return l.id == last.ID })
		if i < 0 || h.inbox[i].items[k.Name].Kind != last.Kind {
			h.t.Fatalf("%s: %s says that %s was told in %s, and it was not", h.now, k, last.Kind, last.ID)
		}
	}
}

func (h *history) deliver() {
	if h.now.Before(h.down) {
		return
	}
	for _, d := range h.mail {
		r := Result{ID: d.ID, At: h.now}
		if h.refused {
			r.Failed = "550 no such user"
			h.forget(d.ID)
		} else {
			h.receive(d)
		}
		if h.chance(20) {
			h.restart()
			return
		}
		h.results = append(h.results, r)
	}
	h.mail = nil
}

// forget drops a digest that people got from a process which ended then, and
// that they were refused when the next one told it again: nobody knows that they
// have it.
func (h *history) forget(id string) {
	h.inbox = slices.DeleteFunc(h.inbox, func(m mailed) bool { return m.id == id })
}

// receive notes a digest, and compares it with what came before.
func (h *history) receive(d Digest) {
	h.t.Helper()
	l := mailed{id: d.ID, namespace: d.Namespace, first: h.now, last: h.now, items: make(map[string]Item), episodes: make(map[string]time.Time)}
	for _, i := range d.Items {
		l.items[i.Report.Name] = i
		if e := i.Report.Status.History; len(e) > 0 {
			l.episodes[i.Report.Name] = e[0].From.Time
		}
	}
	for i := range h.inbox {
		if h.inbox[i].id != d.ID {
			continue
		}
		if len(h.inbox[i].items) != len(l.items) {
			h.t.Fatalf("%s: digest %s has %d items, and had %d", h.now, d.ID, len(l.items), len(h.inbox[i].items))
		}
		h.inbox[i].last = h.now
		return
	}
	if env := h.rules.environment(d.Namespace, Namespace{}); !env.hours.open(d.At) {
		h.t.Fatalf("%s was decided on at %s", d.ID, d.At)
	}
	h.compare(l)
	h.inbox = append(h.inbox, l)
}

// compare fails where a digest comes too soon after those before it.
func (h *history) compare(l mailed) {
	h.t.Helper()
	env := h.rules.environment(l.namespace, Namespace{})
	for _, before := range h.inbox {
		if before.namespace != l.namespace {
			continue
		}
		gap := l.first.Sub(before.last)
		if gap < h.rules.Pause-10*time.Second {
			h.t.Fatalf("%s: %s comes %s after %s", h.now, l.id, gap, before.id)
		}
		for name, i := range l.items {
			old, ok := before.items[name]
			if !ok || i.Kind != KindFiring || old.Kind != KindFiring || i.Severity == string(Critical) && old.Severity != string(Critical) {
				continue
			}
			least := env.intervals.Warning
			if i.Severity == string(Critical) {
				least = env.intervals.Critical
			}
			if !before.episodes[name].Equal(l.episodes[name]) {
				least = min(least, h.rules.Again)
			}
			if gap < least-10*time.Second {
				h.t.Fatalf("%s: %s/%s is told as %s %s after it was told as %s; the least is %s", h.now, l.namespace, name, i.Severity, gap, old.Severity, least)
			}
		}
	}
}

// set gives a report other zombies, as the publisher would.
func (h *history) set(k types.NamespacedName, zombies int32) {
	r := h.store[k].DeepCopy()
	s := &r.Status
	at := metav1.NewTime(h.now.Truncate(time.Second))
	open := len(s.History) > 0 && s.History[0].To == nil
	switch {
	case zombies > 0 && !open:
		s.History = append([]v1alpha1.Episode{{From: at}}, s.History...)
	case zombies == 0 && open:
		s.History[0].To = &at
	}
	s.Summary.Zombies, s.Pods = zombies, nil
	if zombies > 0 {
		s.Pods = []v1alpha1.Pod{{Name: k.Name + "-1", Zombies: zombies}}
	}
	h.version++
	r.ResourceVersion = fmt.Sprint(h.version)
	h.store[k] = r
}

// pick is one of the reports.
func (h *history) pick() types.NamespacedName {
	keys := make([]types.NamespacedName, 0, len(h.store))
	for k := range h.store {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b types.NamespacedName) int {
		return slices.Compare([]string{a.Namespace, a.Name}, []string{b.Namespace, b.Name})
	})
	return keys[h.random.IntN(len(keys))]
}

// event has something happen.
func (h *history) event() {
	switch h.random.IntN(12) {
	case 0, 1, 2, 3:
		numbers := []int32{0, 0, 10, 45, 49, 50, 60, 500, 900, 1000, 1500}
		h.set(h.pick(), numbers[h.random.IntN(len(numbers))])
	case 4:
		if h.now.Sub(h.down) > time.Hour {
			h.down = h.now.Add(time.Duration(h.random.IntN(40)) * time.Minute)
		}
	case 5:
		h.restart()
	case 6:
		h.refused = h.random.IntN(4) == 0
	case 7:
		h.alert(h.pick())
	}
}

// alert has an alert of the platform fire for a report, or end.
func (h *history) alert(k types.NamespacedName) {
	r := h.store[k].DeepCopy()
	if r.Status.Notice == nil {
		r.Status.Notice = new(v1alpha1.Notice)
	}
	a := &v1alpha1.Alert{Fingerprint: "1", Name: "PodHasZombies", Pod: "w-1", StartsAt: metav1.NewTime(h.now.Add(-time.Hour).Truncate(time.Second))}
	if h.random.IntN(2) == 0 {
		a.EndsAt = new(metav1.NewTime(h.now.Truncate(time.Second)))
	}
	r.Status.Notice.Alert = a
	h.version++
	r.ResourceVersion = fmt.Sprint(h.version)
	h.store[k] = r
}

func (h *history) run() {
	h.t.Helper()
	for range 400 {
		h.event()
		h.turns(1 + h.random.IntN(6))
		for range h.random.IntN(9) {
			h.now = h.now.Add(10 * time.Minute)
			h.turns(1)
		}
	}
	// Nothing goes wrong any more; what is there has to be told.
	h.calm, h.refused, h.down = true, false, time.Time{}
	for range 12 * 24 * 2 {
		h.turns(6)
		h.now = h.now.Add(29 * time.Minute)
	}
	h.turns(12) // what was decided on last
	h.t.Logf("%d digests, %d writes", len(h.inbox), h.writes)
	for k, r := range h.store {
		n := r.Status.Notice
		switch {
		case n == nil:
			n = new(v1alpha1.Notice)
		case n.Pending != nil:
			h.t.Errorf("%s: %s is not told", k, n.Pending.ID)
		}
		want := r.Status.Summary.Zombies >= 50 || n.Severity != ""
		switch {
		case want && (n.Last == nil || n.Last.Kind != KindFiring):
			h.t.Errorf("%s has %d zombies, and people were told last: %+v", k, r.Status.Summary.Zombies, n.Last)
		case r.Status.Summary.Zombies == 0 && n.Last != nil && n.Last.Kind == KindFiring:
			h.t.Errorf("%s: nobody was told that the zombies are gone", k)
		}
	}
}

// TestHistories holds random ones against what people are promised: no two
// notices within the interval, none lost, none marked that was not told.
func TestHistories(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newHistory(t, seed).run() })
	}
}

// FuzzHistories goes on looking.
func FuzzHistories(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) { newHistory(t, seed).run() })
}
