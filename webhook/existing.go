package webhook

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// What runs already in a namespace whose enforce mode becomes stricter.

// Workload is an object that runs in the cluster.
type Workload struct {
	Kind            schema.GroupVersionKind
	Namespace, Name string
	// Raw is the object in JSON; its status may be left out.
	Raw []byte
}

// Existing lists what runs in a namespace.
type Existing interface {
	// List hands over the objects of kinds that have not ended, until each says
	// that it is enough. It returns the resources that it may not list, and has
	// to return when ctx ends.
	List(ctx context.Context, namespace string, kinds []schema.GroupKind, each func(Workload) bool) (forbidden []string, err error)
}

// As Pod Security admission: 3,000 objects and a second. Of the time for the
// request, reading may take half and judging most of the rest.
const (
	maxExisting     = 3000
	maxReading      = time.Second
	maxJudgements   = 16
	partForExisting = 80 // percent
	noTimeToRead    = "there was no time to read all of them"
)

// Judge judges a workload as if it were applied anew in a namespace with
// these labels.
func (s Settings) Judge(ctx context.Context, o Object, labels map[string]string) Judgement {
	modes, _ := s.Config.ModesFor(labels)
	modes, options, _ := s.Config.ForTemplate(modes, o.Annotations)
	j := Judgement{
		Config: s.Config, Modes: modes, Object: o, Exempt: options.ExemptContainers, Assessments: s.Assess(ctx, o, &o.Spec),
	}
	j.Plan = s.PlanFor(o, modes, options.ExemptContainers, j.Assessments)
	return j
}

// stricter is true for labels under which more is denied than before. What is
// created is empty: nothing runs in it.
func stricter(c *config.Config, before, after map[string]string) bool {
	old, _ := c.ModesFor(before)
	now, _ := c.ModesFor(after)
	return now.Enforce > old.Enforce
}

// judgeExisting warns about what runs in a namespace and would be denied by its
// new labels. It is a service and no check: whatever goes wrong is said in a
// warning.
func (h *Handler) judgeExisting(ctx context.Context, namespace string, labels map[string]string, s Settings) []string {
	modes, _ := s.Config.ModesFor(labels)
	r := existingReport{namespace: sanitize(namespace, maxName), level: modes.Enforce.String()}
	if h.Existing == nil {
		return nil
	}
	if !h.looking.CompareAndSwap(false, true) { // one at a time: objects take memory
		r.unread = "initguard is busy with another namespace"
		return r.warnings()
	}
	defer h.looking.Store(false)
	if until, ok := ctx.Deadline(); ok {
		within, cancel := context.WithTimeout(ctx, time.Until(until)*partForExisting/100)
		defer cancel()
		ctx = within
	}
	found := h.readExisting(ctx, namespace, s.Config, &r)
	judgements := make([]*Judgement, len(found))
	var group errgroup.Group
	group.SetLimit(maxJudgements)
	for i, w := range found {
		group.Go(func() error {
			judgements[i] = h.judgeOne(ctx, w.object, labels, s)
			return nil
		})
	}
	_ = group.Wait() // no function of it returns an error
	for i, j := range judgements {
		r.add(found[i].kind, j)
	}
	return r.warnings()
}

// judgeOne judges one workload; nil where that panics.
func (h *Handler) judgeOne(ctx context.Context, o Object, labels map[string]string, s Settings) (j *Judgement) {
	defer func() {
		if cause := recover(); cause != nil {
			h.Log.Error(fmt.Errorf("panic: %T", cause), "an existing workload was not judged: please report this")
			j = nil
		}
	}()
	judged := s.Judge(ctx, o, labels)
	return &judged
}

// existingObject is what runs, with the name of its kind.
type existingObject struct {
	kind   string
	object Object
}

// readExisting reads what is judged of a namespace.
func (h *Handler) readExisting(ctx context.Context, namespace string, c *config.Config, r *existingReport) []existingObject {
	most := maxReading
	if until, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(until)/2)
	}
	reading, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var found []existingObject
	seen := 0
	kinds := existingKinds(c)
	forbidden, err := h.Existing.List(reading, namespace, kinds, func(w Workload) bool {
		if seen++; seen > maxExisting {
			r.partly = fmt.Sprintf("there are more than %d objects", maxExisting)
			return false
		}
		if reading.Err() != nil { // to decode takes time too, and judging needs what is left
			r.partly = noTimeToRead
			return false
		}
		if o, judged := h.existingObject(w, c); judged {
			found = append(found, existingObject{kind: w.Kind.Kind, object: o})
		}
		return true
	})
	switch {
	case err != nil && reading.Err() != nil:
		r.partly = noTimeToRead
	case err != nil:
		h.Log.Error(err, "existing workloads can't be read", "namespace", namespace)
		r.unread = "they can't be read"
	case len(forbidden) > 0 && seen == 0:
		r.unread = "initguard has no right to list them"
	case len(forbidden) > 0:
		r.forbidden = forbidden
	}
	return found
}

// existingObject is false for what is told elsewhere, or never.
func (h *Handler) existingObject(w Workload, c *config.Config) (Object, bool) {
	kind, ok := h.kinds.find(w.Kind, c)
	if !ok {
		return Object{}, false
	}
	o, err := decode(w.Raw, kind)
	if err != nil {
		return Object{}, false
	}
	o.Namespace = w.Namespace
	if _, owned := h.kinds.owner(o, c); owned || exemptPod(o) != "" {
		return Object{}, false
	}
	return o, true
}

// existingKinds are the kinds to look at, those last of which there are many
// that belong to others.
func existingKinds(c *config.Config) []schema.GroupKind {
	late := func(k schema.GroupKind) int {
		switch k {
		case schema.GroupKind{Kind: "Pod"}:
			return 2
		case schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}, schema.GroupKind{Group: "batch", Kind: "Job"}:
			return 1
		default:
			return 0
		}
	}
	kinds := JudgedKinds(c)
	slices.SortStableFunc(kinds, func(a, b schema.GroupKind) int { return late(a) - late(b) })
	return kinds
}

// existingReport is what is said of existing workloads.
type existingReport struct {
	namespace, level string
	// unread says why nothing was looked at.
	unread string
	// forbidden are the resources that were not looked at.
	forbidden []string
	// partly says why not all was looked at.
	partly string
	open   int // workloads whose images were not inspected in time
	groups []violation
}

// violation is one reason to deny, and the workloads that it concerns.
type violation struct {
	why   string
	first string
	count int
}

func (r *existingReport) add(kind string, j *Judgement) {
	if j == nil {
		r.open++
		return
	}
	denied := j.those(j.Denies)
	if len(denied) == 0 {
		if slices.ContainsFunc(j.Assessments, stillInspecting) {
			r.open++
		}
		return
	}
	why := violates(denied)
	name := sanitize(kind, maxName) + "/" + sanitize(j.Object.Name, maxName)
	if i := slices.IndexFunc(r.groups, func(v violation) bool { return v.why == why }); i >= 0 {
		r.groups[i].count++
		return
	}
	r.groups = append(r.groups, violation{why: why, first: name, count: 1})
}

// violates says why a workload would be denied.
func violates(denied []policy.Assessment) string {
	worst, ok := policy.Worst(denied)
	if !ok {
		worst = denied[0]
		return fmt.Sprintf("container %q: who will be PID 1 is not known: %s", sanitize(worst.Container, 63), sanitize(worst.Result.Verdict.Reason.Text, maxWarning))
	}
	return describe(worst)
}

// maxViolations bounds the lines about existing workloads: the API server drops
// warnings past 4,096 runes.
const maxViolations = 8

// warnings are the lines, as Pod Security admission writes them.
func (r *existingReport) warnings() []string {
	command := "; kubectl initguard audit -n " + r.namespace + " shows them"
	if r.unread != "" {
		return []string{cut(fmt.Sprintf("%sexisting workloads in namespace %q were not looked at: %s%s", prefix, r.namespace, r.unread, command), maxWarning)}
	}
	var out []string
	line := func(format string, args ...any) {
		out = append(out, cut(prefix+fmt.Sprintf(format, args...), maxWarning))
	}
	if len(r.groups) > 0 {
		line("existing workloads in namespace %q violate the new initguard enforce level %q", r.namespace, r.level)
	}
	slices.SortStableFunc(r.groups, func(a, b violation) int { return b.count - a.count })
	rest := 0
	for i, v := range r.groups {
		if i >= maxViolations {
			rest += v.count
			continue
		}
		line("%s%s: %s", v.first, others(v.count-1), v.why)
	}
	if rest > 0 {
		line("and %d more workloads%s", rest, command)
	}
	var missing []string
	if len(r.forbidden) > 0 {
		missing = append(missing, "initguard may not list "+strings.Join(r.forbidden, ", "))
	}
	if r.partly != "" {
		missing = append(missing, r.partly)
	}
	if r.open > 0 {
		missing = append(missing, fmt.Sprintf("images of %d are still inspected", r.open))
	}
	if len(missing) > 0 {
		line("not all existing workloads in namespace %q were judged: %s%s", r.namespace, strings.Join(missing, "; "), command)
	}
	return out
}

func others(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " (and 1 other workload)"
	default:
		return fmt.Sprintf(" (and %d other workloads)", n)
	}
}
