package notify

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/initguard/initguard/scanner/notice"
)

// maxDone is how many results are remembered by their digest's ID, for one that
// is handed over again.
const maxDone = 4096

// queue are the digests that wait, for one worker. It is safe for concurrent use.
type queue struct {
	max, maxBytes int
	// renews says that a digest which is handed over again takes the place of the
	// one that waits, as long as nothing was made of that.
	renews bool
	wake   chan struct{}

	mu      sync.Mutex
	jobs    []*job
	bytes   int
	done    map[string]notice.Result
	order   []string // of done, the oldest first
	results []notice.Result
	// full is when it was last said that there is no room, unsaid how often there
	// was none since.
	full   time.Time
	unsaid int
}

// job is a digest that is told until there is a result. Its worker alone touches
// what is below bytes.
type job struct {
	digest notice.Digest
	bytes  int
	taken  bool // the digest is its worker's alone

	begun time.Time
	due   time.Time
	tries int
	// message and to are those of a mail, once it was written: what is sent, and
	// who has not got it yet.
	message []byte
	to      []string
	got     int
	refused string // the last answer to somebody who won't get it
	// next is the next item of a digest that is told as Events.
	next, told int
}

func newQueue(most, mostBytes int) *queue {
	return &queue{max: most, maxBytes: mostBytes, wake: make(chan struct{}, 1), done: make(map[string]notice.Result)}
}

// put takes a digest; false where there is no room. An empty queue has room for
// any.
func (q *queue) put(d notice.Digest, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if r, ok := q.done[d.ID]; ok {
		q.results = append(q.results, r)
		return true
	}
	if len(d.Items) == 0 {
		q.results = append(q.results, notice.Result{ID: d.ID, At: now, Failed: "the digest tells of nothing"})
		return true
	}
	for _, j := range q.jobs {
		if j.digest.ID == d.ID {
			if q.renews && !j.taken {
				q.bytes += weight(d) - j.bytes
				j.digest, j.bytes = d, weight(d)
			}
			return true
		}
	}
	j := &job{digest: d, bytes: weight(d), begun: now, due: now}
	if len(q.jobs) > 0 && (len(q.jobs) >= q.max || q.bytes+j.bytes > q.maxBytes) {
		return false
	}
	q.jobs = append(q.jobs, j)
	q.bytes += j.bytes
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// next is the job that is due first; nil for none.
func (q *queue) next() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	var first *job
	for _, j := range q.jobs {
		if first == nil || j.due.Before(first.due) {
			first = j
		}
	}
	return first
}

// take is the digest of a job, which stays as it is from then on.
func (q *queue) take(j *job) notice.Digest {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.taken = true
	return j.digest
}

// old takes the jobs that began before a time.
func (q *queue) old(before time.Time) []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	var old []*job
	for _, j := range q.jobs {
		if j.begun.Before(before) {
			j.taken = true
			old = append(old, j)
		}
	}
	return old
}

// fullAgain is how long after it was said that there is no room it is said again.
const fullAgain = time.Minute

// refused counts that there was no room, and says whether that is to be said now,
// for how many: what finds none comes again every few seconds.
func (q *queue) refused(now time.Time) (n int, say bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.unsaid++
	if !q.full.IsZero() && now.Sub(q.full) < fullAgain {
		return 0, false
	}
	n, q.full, q.unsaid = q.unsaid, now, 0
	return n, true
}

// delay has a job wait.
func (q *queue) delay(j *job, until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.due = until
}

// resize takes what a job needs once its digest is written and let go.
func (q *queue) resize(j *job, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes += bytes - j.bytes
	j.bytes = bytes
	j.digest = notice.Digest{ID: j.digest.ID, Namespace: j.digest.Namespace}
}

// finish has the result of a job.
func (q *queue) finish(j *job, r notice.Result) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for at, other := range q.jobs {
		if other == j {
			q.jobs = append(q.jobs[:at], q.jobs[at+1:]...)
			q.bytes -= j.bytes
			break
		}
	}
	if len(q.order) >= maxDone {
		delete(q.done, q.order[0])
		q.order = q.order[1:]
	}
	q.done[r.ID] = r
	q.order = append(q.order, r.ID)
	q.results = append(q.results, r)
}

// told are the results since the last call.
func (q *queue) told() []notice.Result {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.results
	q.results = nil
	return out
}

// size is how many digests wait, and about how many bytes they are.
func (q *queue) size() (digests, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs), q.bytes
}

// work has each job tried when it is due, one after the other, until ctx ends.
func (q *queue) work(ctx context.Context, due func(*job) time.Time, try func(*job)) error {
	for ctx.Err() == nil {
		wait := time.Hour
		if j := q.next(); j != nil {
			if wait = time.Until(due(j)); wait <= 0 {
				try(j)
				continue
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// weight is about what a digest keeps in memory, in bytes: its reports would be
// let go otherwise.
func weight(d notice.Digest) int {
	n := 1024 + 128*len(d.To)
	for _, i := range d.Items {
		n += 2048 + 256*len(i.Reasons)
		if i.Report == nil {
			continue
		}
		s := &i.Report.Status
		n += 512 * (len(s.Observations) + len(s.History))
		for _, p := range s.Pods {
			n += 512
			for _, c := range p.Containers {
				n += 512 + 1024*len(c.Causes)
			}
		}
	}
	return n
}

// backoff is how long to wait after a number of failures: twice as long each
// time, up to most, and a fifth more or less, so that what failed together does
// not come back together.
func backoff(base, most time.Duration, tries int) time.Duration {
	d := base
	for range tries - 1 {
		if d *= 2; d >= most {
			d = most
			break
		}
	}
	return d - d/5 + rand.N(2*d/5+1) //nolint:gosec // It guards nothing.
}
