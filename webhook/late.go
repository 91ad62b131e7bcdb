package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/policy"
)

// LateVerdict is a finding that was not known yet when its request was
// answered.
type LateVerdict struct {
	// Object is what was applied.
	Object schema.GroupVersionKind
	// Namespace, Name and UID are the object's.
	Namespace, Name, UID string
	// Template stands for its pod template: the same one is told once.
	Template string
	// HarmedByOrphans is true where PID 1 reaps, but is harmed by it.
	HarmedByOrphans bool
	// Text is what the warning would have said.
	Text string
}

// ErrTold is the error of a verdict that was told before.
var ErrTold = errors.New("told before")

// Teller tells whoever applied an object of a late verdict.
type Teller interface {
	// Tell returns ErrTold for an object and template that it has told of,
	// in this process or another.
	Tell(ctx context.Context, v LateVerdict) error
}

const (
	// maxLate bounds the objects whose verdict is waited for, and the next one
	// those of one namespace: each holds its pod spec in memory.
	maxLate      = 256
	maxLateOwn   = 64
	maxLateBytes = 64 << 10 // an object larger than that is not waited for
	// lateRetry is how long to wait where even the line of those who wait is
	// full.
	lateRetry = time.Second
)

// What becomes of a verdict that is late.
const (
	lateTold    = "told"
	lateBefore  = "told-before"
	lateClean   = "clean"
	lateUnknown = "unknown"
	lateDropped = "dropped"
	lateFailed  = "failed"
)

// Follower waits for the inspections that a request could not wait for, and
// tells what they found. It is safe for concurrent use.
type Follower struct {
	teller  Teller
	metrics *Metrics
	log     logr.Logger
	retry   time.Duration
	queue   chan late

	mu    sync.Mutex
	held  map[string]int
	total int
}

// NewFollower makes a follower, which works while Run does.
func NewFollower(teller Teller, metrics *Metrics, log logr.Logger) *Follower {
	return &Follower{
		teller: teller, metrics: metrics, log: log, retry: lateRetry,
		queue: make(chan late, maxLate), held: map[string]int{},
	}
}

// late is a judgement with something still open.
type late struct {
	judgement Judgement
	settings  Settings
	verdict   LateVerdict
}

// follow waits for what a judgement lacks, if anybody would be told of it. A
// dry run and a denied request leave no object to tell of; who made an owned
// object was told at the template.
func (f *Follower) follow(req admission.Request, j Judgement, s Settings, d decision) {
	if f == nil || j.Owned || j.Object.UID == "" || d == decisionDenied || req.DryRun != nil && *req.DryRun || !j.warnsLater() {
		return
	}
	l := late{judgement: j, settings: s, verdict: LateVerdict{
		Object: schema.GroupVersionKind(req.Kind), Namespace: j.Object.Namespace, Name: j.Object.Name, UID: j.Object.UID,
	}}
	if len(req.Object.Raw) > maxLateBytes || !f.take(l) {
		f.metrics.late.WithLabelValues(lateDropped).Inc()
		f.log.Info("a late verdict will not be told: too many are waited for, or the object is too large",
			"namespace", j.Object.Namespace, "name", sanitize(j.Object.Name, maxWarning), "waiting", maxLate, "ofOneNamespace", maxLateOwn)
	}
}

// warnsLater is true where the warn mode might act once an inspection has
// ended.
func (j Judgement) warnsLater() bool {
	return slices.ContainsFunc(j.Assessments, func(a policy.Assessment) bool {
		return stillInspecting(a) && !j.exempts(a) && j.Modes.Warn.ActsOn(int(policy.Observed))
	})
}

func stillInspecting(a policy.Assessment) bool {
	return a.Problem == policy.Undecided && a.Result.Verdict.Reason.Code == imageinspect.CodeStillInspecting
}

// take finds a place for l.
func (f *Follower) take(l late) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.total >= maxLate || f.held[l.verdict.Namespace] >= maxLateOwn {
		return false
	}
	f.total++
	f.held[l.verdict.Namespace]++
	f.queue <- l // has room for all that are held
	return true
}

func (f *Follower) leave(l late) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total--
	if f.held[l.verdict.Namespace]--; f.held[l.verdict.Namespace] == 0 {
		delete(f.held, l.verdict.Namespace)
	}
}

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-f.queue:
			wait.Go(func() {
				defer f.leave(l)
				f.metrics.late.WithLabelValues(f.finish(ctx, l)).Inc()
			})
		}
	}
}

// finish waits for the verdict and tells it; it returns what became of it.
func (f *Follower) finish(ctx context.Context, l late) (result string) {
	defer func() {
		if cause := recover(); cause != nil {
			f.log.Error(fmt.Errorf("panic: %T", cause), "a late verdict was lost: please report this")
			result = lateFailed
		}
	}()
	// An inspection may wait for its turn as long as it may take.
	ctx, cancel := context.WithTimeout(ctx, 2*l.settings.Config.Inspection.Timeout)
	defer cancel()
	assessments := f.assess(ctx, l)
	verdict, result := l.conclude(assessments)
	if result == lateUnknown {
		logUnknown(f.log, l.judgement.Object, assessments)
	}
	if result != lateTold {
		return result
	}
	err := f.teller.Tell(ctx, verdict)
	switch {
	case errors.Is(err, ErrTold):
		return lateBefore
	case err != nil:
		f.log.Error(err, "a late verdict could not be told", "namespace", verdict.Namespace, "name", sanitize(verdict.Name, maxWarning))
		return lateFailed
	}
	return lateTold
}

// assess assesses again until all inspections have ended or ctx has.
func (f *Follower) assess(ctx context.Context, l late) []policy.Assessment {
	retry := time.NewTicker(f.retry)
	defer retry.Stop()
	for {
		assessments := l.settings.Assess(ctx, l.judgement.Object, &l.judgement.Object.Spec)
		if ctx.Err() != nil || !slices.ContainsFunc(assessments, stillInspecting) {
			return assessments
		}
		select {
		case <-ctx.Done():
			return assessments
		case <-retry.C:
		}
	}
}

// conclude says what is to be told now that a second assessment is there.
func (l late) conclude(assessments []policy.Assessment) (LateVerdict, string) {
	j := l.judgement
	j.Assessments = assessments
	j.Plan = l.settings.PlanFor(j.Object, j.Modes, j.Exempt, assessments)
	result := lateClean
	for i, a := range assessments {
		if i >= len(l.judgement.Assessments) || !stillInspecting(l.judgement.Assessments[i]) {
			continue // was known in time
		}
		if j.Warns(a) {
			result = lateTold
			break
		}
		if a.Problem == policy.Undecided {
			result = lateUnknown
		}
	}
	if result != lateTold {
		return LateVerdict{}, result
	}
	warned := j.those(j.Warns)
	worst, _ := policy.Worst(warned)
	v := l.verdict
	v.Text, v.HarmedByOrphans = warning(j.Object, warned, j.notInjected(), j.Config.FixURL), worst.Problem == policy.HarmedByOrphans
	v.Template = fingerprint(j.Object)
	return v, lateTold
}

// fingerprint tells pod templates apart by all that is judged of them.
func fingerprint(o Object) string {
	text, err := json.Marshal(judged(&o.Spec))
	if err != nil {
		text = nil // plain data always marshals; told once an object then
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
