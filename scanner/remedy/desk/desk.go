package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/remedy"
)

const (
	// workers ask the API server at the same time, for at most jobTimeout each.
	workers    = 2
	jobTimeout = time.Minute
	// maxLooks bounds the jobs that wait, and so the requests: a turn comes every
	// few seconds.
	maxLooks   = 10
	maxCarries = 100
	// lookAgain is how long the answer about a pod stands.
	lookAgain = 5 * time.Minute
	// noRight is how long a namespace without a RoleBinding is left alone.
	noRight = 30 * time.Minute
	// retryLeast and retryMost bound the time until something that was not
	// answered is asked again.
	retryLeast = 5 * time.Second
	retryMost  = 5 * time.Minute
	// refusedMost bounds the time until something that was refused is asked
	// again.
	refusedMost = time.Hour
)

// Target is a pod that is asked about, or evicted.
type Target struct {
	Namespace, Pod, UID string
	Workload            v1alpha1.Workload
	// Since is when the last eviction of the workload was decided on; zero where
	// that was long ago.
	Since time.Time
}

// Cluster is the API server. Each call has a bound of its own below ctx.
type Cluster interface {
	// Facts are about a pod and its workload, just now.
	Facts(ctx context.Context, t Target) (remedy.Facts, error)
	// Evict evicts a pod, or says without doing so whether it would be. An error
	// says that nobody knows whether it was done.
	Evict(ctx context.Context, t Target, dryRun bool) (Answer, error)
}

// Answer is the API server's to an eviction.
type Answer struct {
	// Reason is empty when it was done; else PodGone, NoRight, DisruptionBudget or
	// NotAllowed.
	Reason remedy.Reason
	// Detail is what the API server said, for the log.
	Detail string
	// After is when to ask again, where it said so.
	After time.Duration
}

// Recorder tells people of an act on its workload. A second Event for the same
// act is none.
type Recorder interface {
	Tell(ctx context.Context, e Event) error
}

// Options are what a desk works with.
type Options struct {
	Cluster  Cluster
	Recorder Recorder
	// Settings are those in force, valid ones.
	Settings func() remedy.Settings
	// KillSwitch says that nothing may be done in the whole cluster.
	KillSwitch func() bool
	// Heard says when a node last told of its zombies, as its scanner saw them; zero
	// for not since this process began. A report stays as it is while its nodes are
	// silent, and says nothing of that. Where it is nil nobody asks.
	Heard func(node string) time.Time
	// Own are initguard's namespaces.
	Own     []string
	Metrics *Metrics
	Log     *slog.Logger
	Now     func() time.Time
}

// Desk is made for one leader; the next one makes another. Turn is for one
// goroutine, Run for another.
type Desk struct {
	o      Options
	looks  chan job
	carry  chan job
	tells  chan Event
	mu     sync.Mutex
	memory memory
}

// New makes a desk.
func New(o Options) *Desk {
	return &Desk{
		o: o, looks: make(chan job, maxLooks), carry: make(chan job, maxCarries), tells: make(chan Event, maxTells),
		memory: newMemory(),
	}
}

// Key is the name of a report.
type Key = types.NamespacedName

// memory is what is known beside the reports. All of it can be lost: then
// things take longer, and some are asked, logged or told once more.
type memory struct {
	// By pod UID.
	held   map[string]time.Time // since when a pod passes a threshold
	looked map[string]looked    // what came of the last look
	busy   map[string]bool      // a job is under way or waits
	tried  map[string]bool      // an eviction was asked for, whatever was heard of it
	retry  map[string]pause     // carrying that got no answer
	ends   map[string]end       // what became of acts, until it is stored
	// By report.
	ready   map[Key]ready          // looked at, and good to go
	plans   map[Key]plan           // what is to be stored
	dry     map[Key][]v1alpha1.Act // what a dry run would have done
	refused map[Key]pause          // refused by the API server
	// By namespace.
	noRight map[string]time.Time
	told    map[string]*told
}

func newMemory() memory {
	return memory{
		held: make(map[string]time.Time), looked: make(map[string]looked), busy: make(map[string]bool), tried: make(map[string]bool),
		retry: make(map[string]pause), ends: make(map[string]end), ready: make(map[Key]ready), plans: make(map[Key]plan), dry: make(map[Key][]v1alpha1.Act),
		refused: make(map[Key]pause), noRight: make(map[string]time.Time), told: make(map[string]*told),
	}
}

// looked is what came of a look at a pod.
type looked struct {
	reason remedy.Reason
	until  time.Time
}

// pause is when something is tried again after it failed.
type pause struct {
	times int
	until time.Time
}

// next is the pause after one more failure: longer and longer, and as long as
// was asked for.
func (p pause) next(now time.Time, least, most, asked time.Duration) pause {
	wait := min(least<<min(p.times, 16), most)
	return pause{times: p.times + 1, until: now.Add(max(wait, min(asked, most)))}
}

// end is what became of an act.
type end struct {
	phase, why string
	at         time.Time
}

// ready is a candidate whose act has only to find room in the budgets.
type ready struct {
	candidate remedy.Candidate
	act       v1alpha1.Act
}

// plan is what is to be stored of a report. It stays until it is found there.
type plan struct {
	at   time.Time
	act  *v1alpha1.Act
	stop *v1alpha1.Stop
}

// after is the remedy with the plan in it.
func (p plan) after(done *v1alpha1.Remedy) *v1alpha1.Remedy {
	if p.stop != nil {
		return remedy.WithStop(done, p.stop)
	}
	return remedy.Add(done, *p.act)
}

// stored says whether it is there.
func (p plan) stored(done *v1alpha1.Remedy) bool {
	switch {
	case done == nil:
		return false
	case p.stop != nil:
		return done.Stopped != nil && done.Stopped.At.Equal(&p.stop.At)
	}
	for i := range done.Acts {
		if a := &done.Acts[i]; a.UID == p.act.UID && a.At.Equal(&p.act.At) {
			return true
		}
	}
	return false
}

// Run works until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			for {
				// What is intended goes before what may be.
				select {
				case j := <-d.carry:
					d.work(ctx, j)
					continue
				default:
				}
				select {
				case <-ctx.Done():
					return nil
				case j := <-d.carry:
					d.work(ctx, j)
				case j := <-d.looks:
					d.work(ctx, j)
				}
			}
		})
	}
	group.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case e := <-d.tells:
				d.tell(ctx, e)
			}
		}
	})
	return group.Wait()
}

// silent says whether nothing was heard of a candidate for long.
func (d *Desk) silent(c *remedy.Candidate, now time.Time) bool {
	return d.o.Heard != nil && now.Sub(d.o.Heard(c.Pod.Node)) > remedy.Heard
}

// allowed says whether anything may be done, now.
func (d *Desk) allowed(s *remedy.Settings) bool {
	return !d.o.KillSwitch() && s.Mode != remedy.Off
}
