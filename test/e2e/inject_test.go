//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/initguard/initguard/test/images"
	"github.com/initguard/initguard/webhook/config"
)

// A variant is a pod as it was written, or as injection left it.
type variant string

const (
	original variant = "as written"
	sharing  variant = "share-pid"
	wrapped  variant = "wrap"
	// left is a pod that asked for injection and stayed as it was written.
	left variant = "left alone"
)

// What makes a case's pods.
const (
	kindPod = iota
	kindJob
	kindCronJob
)

// injectCase is one image and a pod of it, which is to be the same with an init
// as without.
type injectCase struct {
	name string
	// about says what the case is there for, in the matrix.
	about string
	image images.Spec
	// byTag names the image by its tag and not by its digest.
	byTag     bool
	namespace string // empty means injectNamespace
	kind      int
	// edit says what the pod sets beside its one container main.
	edit func(*corev1.PodSpec)
	// during does something to a pod that runs.
	during func(t *testing.T, in *injection, namespace, pod string)
	// status is the exit status of the probe's orphans, harm what the program
	// says in its log when that harms it.
	status int
	harm   string
	// reaps is true where no zombie stays without an init, ends where the
	// program ends by itself.
	reaps, ends bool
	// raises is the exit status, as PID 1, of a program that ends itself by the
	// signal that it got: the kernel keeps that from PID 1.
	raises int32
	// restarts is how often its containers are started again by themselves.
	restarts int32
	// exact compares numbers in logs, too.
	exact bool
	want  outcomes
	// sample puts the case among those that make e2e runs.
	sample bool
}

// outcomes are what becomes of a pod by what it asks for: sharing, wrapped, or
// part of the reason why it is left alone; empty where nothing is to be done.
type outcomes struct{ auto, share, wrap string }

func (o outcomes) by(strategy string) string {
	return map[string]string{auto: o.auto, string(sharing): o.share, string(wrapped): o.wrap}[strategy]
}

// auto is the strategy that chooses.
const auto = "auto"

// strategies are what a pod may ask for.
func strategies() []string { return []string{auto, string(sharing), string(wrapped)} }

func (c injectCase) place() string {
	if c.namespace != "" {
		return c.namespace
	}
	return injectNamespace
}

// TestInjection runs real programs without and with each way of injection: what
// a program sees of how it was started, how it ends and what it logs must be the
// same, and its zombies gone.
func TestInjection(t *testing.T) {
	t.Parallel()
	in := startInjection(t)
	cases := injectCases()
	rows := make([]row, len(cases))
	t.Cleanup(func() { checkMatrix(t, rows) }) // after all of them
	for i, c := range cases {
		if !c.sample && !*full {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rows[i] = in.check(t, c)
		})
	}
}

// check runs all that there is of one case.
func (in *injection) check(t *testing.T, c injectCase) row {
	t.Helper()
	reference := in.push(t, c)
	plan := in.plan(t, c, reference)
	r := row{name: c.name, about: c.about, before: c.before(), cells: make(map[string]cell), ends: make(map[variant]string)}
	runs := map[variant]string{original: ""}
	for _, s := range slices.Backward(strategies()) {
		r.cells[s] = plan[s]
		if plan[s].variant != left {
			runs[plan[s].variant] = s
		}
	}
	seen := make(map[variant]map[string]containerSeen)
	results := make(map[variant]chan map[string]containerSeen)
	t.Run("pods", func(t *testing.T) {
		for v, s := range runs {
			result := make(chan map[string]containerSeen, 1)
			results[v] = result
			t.Run(string(v), func(t *testing.T) {
				t.Parallel()
				result <- in.run(t, c, c.template(reference, s), v)
			})
		}
	})
	for v, result := range results {
		select {
		case seen[v] = <-result:
		default:
			return r // it failed
		}
	}
	for _, v := range []variant{sharing, wrapped} {
		if is, ok := seen[v]; ok {
			t.Run("same by "+string(v), func(t *testing.T) {
				r.ends[v] = compareSeen(t, c, seen[original], is)
			})
		}
	}
	r.passed = !t.Failed()
	return r
}

// push pushes the case's image and returns how its pods name it.
func (in *injection) push(t *testing.T, c injectCase) string {
	t.Helper()
	spec := c.image
	spec.Programs = append(slices.Clone(spec.Programs), "orphan")
	image, err := in.builder.Build(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	name := "inject/" + c.name
	digest, err := in.open.Push(t.Context(), name+":1", image)
	if err != nil {
		t.Fatal(err)
	}
	if c.byTag {
		return in.open.Reference(name + ":1")
	}
	return in.open.Reference(name + "@" + digest)
}

// template is the case's pod template. An empty strategy asks for nothing.
func (c injectCase) template(reference string, strategy string) corev1.PodTemplateSpec {
	spec := corev1.PodSpec{
		TerminationGracePeriodSeconds: new(int64(grace)), EnableServiceLinks: new(bool), DNSPolicy: corev1.DNSDefault,
		AutomountServiceAccountToken: new(bool), RestartPolicy: corev1.RestartPolicyNever,
		Containers: []corev1.Container{{Name: "main", Image: reference}},
	}
	if c.edit != nil {
		c.edit(&spec)
	}
	for i := range spec.InitContainers {
		if spec.InitContainers[i].Image = reference; spec.InitContainers[i].RestartPolicy != nil {
			c.complete(&spec.InitContainers[i], reference)
		}
	}
	for i := range spec.Containers {
		c.complete(&spec.Containers[i], reference)
	}
	annotations := map[string]string{}
	if strategy != "" {
		annotations[config.AnnotationInject] = strategy
	}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}, Spec: spec}
}

// complete gives a container its image and, unless it ends by itself, a probe
// that leaves orphans.
func (c injectCase) complete(container *corev1.Container, reference string) {
	container.Image = reference
	if !c.ends {
		container.ReadinessProbe = orphanProbe(c.status)
	}
}

// orphanProbe leaves orphans, seldom enough for many pods on one machine.
func orphanProbe(status int) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{
			images.ProgramFolder + "/orphan", "-count", fmt.Sprint(burst), "-status", fmt.Sprint(status),
		}}},
		PeriodSeconds: 10, TimeoutSeconds: 20, FailureThreshold: 100,
	}
}

// cell is what became of a pod that asked for one strategy.
type cell struct {
	variant variant
	why     string // where it was left alone
}

// plan asks the API server, without creating anything, what becomes of the
// case's pod by each strategy, and holds it against what is wanted.
func (in *injection) plan(t *testing.T, c injectCase, reference string) map[string]cell {
	t.Helper()
	before, _ := in.dryRun(t, c, c.template(reference, ""))
	cells := make(map[string]cell)
	first := make(map[variant]*corev1.Pod)
	for _, s := range strategies() {
		after, said := in.dryRun(t, c, c.template(reference, s))
		v := classify(t, before, after)
		want := c.want.by(s)
		switch {
		case v != left && want != string(v), v == left && (want == string(sharing) || want == string(wrapped)):
			t.Errorf("%s: %s, want %q; said: %q", s, v, want, said)
		case v == left && want == "" && len(said) > 0, v != left && len(said) > 0:
			t.Errorf("%s: %s, but warned: %q", s, v, said)
		case v == left && !strings.Contains(strings.Join(said, "\n"), want):
			t.Errorf("%s: warned %q, want the reason %q", s, said, want)
		}
		if one := first[v]; one != nil && !equality.Semantic.DeepEqual(one.Spec, after.Spec) {
			t.Errorf("%s makes another pod of it than another strategy:\n%+v\n%+v", s, after.Spec, one.Spec)
		}
		first[v] = after
		cells[s] = cell{variant: v, why: want}
	}
	return cells
}

// passing are reasons why a pod is left alone that go by.
var passing = [...]string{"still inspecting", "too many images"}

// dryRun returns a pod as it would be stored, and the warnings, once the webhook
// knows the image.
func (in *injection) dryRun(t *testing.T, c injectCase, template corev1.PodTemplateSpec) (*corev1.Pod, []string) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: c.name + "-dry", Annotations: template.Annotations}, Spec: template.Spec}
	var made *corev1.Pod
	var said []string
	awaitEvery(t, pollPods, inspectMost, "the webhook knows the image of "+c.name, func() (bool, string) {
		ctx, w := withWarnings(t.Context())
		var err error
		made, err = in.client.CoreV1().Pods(c.place()).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			t.Fatalf("dry run: %v", err)
		}
		said = slices.Clone(w.texts)
		text := strings.Join(said, "\n")
		return !slices.ContainsFunc(passing[:], func(p string) bool { return strings.Contains(text, p) }), fmt.Sprintf("%q", said)
	})
	return made, said
}

// classify tells what was done to a pod, and fails where it was anything else
// than one of the strategies.
func classify(t *testing.T, before, after *corev1.Pod) variant {
	t.Helper()
	injected := after.Annotations[config.AnnotationInjected]
	if equality.Semantic.DeepEqual(before.Spec, after.Spec) {
		if injected != "" {
			t.Errorf("nothing was changed, but annotation %s says %s", config.AnnotationInjected, injected)
		}
		return left
	}
	v, was, is := wrapped, before.Spec.DeepCopy(), after.Spec.DeepCopy()
	if is.ShareProcessNamespace != nil && *is.ShareProcessNamespace {
		v, is.ShareProcessNamespace = sharing, was.ShareProcessNamespace
	} else {
		unwrap(t, was, is)
	}
	if !equality.Semantic.DeepEqual(was, is) {
		t.Errorf("%s changed more than it may:\n is %+v\nwas %+v", v, is, was)
	}
	if !strings.Contains(injected, string(v)) {
		t.Errorf("annotation %s says %q, want %s in it", config.AnnotationInjected, injected, v)
	}
	return v
}

// unwrap takes out of both pods what wrapping may change.
func unwrap(t *testing.T, was, is *corev1.PodSpec) {
	t.Helper()
	added := len(is.InitContainers) - len(was.InitContainers)
	if added < 1 || len(is.Volumes) <= len(was.Volumes) {
		t.Fatalf("neither shared nor wrapped: %s", field.NewPath("spec"))
	}
	is.InitContainers, is.Volumes = is.InitContainers[added:], is.Volumes[:len(was.Volumes)]
	for _, containers := range [][2][]corev1.Container{{was.InitContainers, is.InitContainers}, {was.Containers, is.Containers}} {
		for i := range containers[0] {
			a, b := &containers[0][i], &containers[1][i]
			if extra := len(b.VolumeMounts) - len(a.VolumeMounts); extra > 0 {
				b.VolumeMounts = b.VolumeMounts[:len(a.VolumeMounts)]
				a.Command, a.Args, b.Command, b.Args = nil, nil, nil, nil
			}
		}
	}
}

// run runs one pod to its end and says what was seen.
func (in *injection) run(t *testing.T, c injectCase, template corev1.PodTemplateSpec, v variant) map[string]containerSeen {
	t.Helper()
	name := c.name + "-" + map[variant]string{original: "as-is", sharing: "share", wrapped: "wrap"}[v]
	namespace := c.place()
	name = in.createPod(t, c, name, template)
	seen := make(map[string]containerSeen)
	if !c.ends {
		pod := in.awaitRunning(t, namespace, name, c.restarts)
		if c.during != nil {
			c.during(t, in, namespace, name)
		}
		seen = in.watch(t, c, pod, v)
		in.stop(t, namespace, name)
	}
	pod := in.awaitEnd(t, namespace, name)
	for _, container := range running(&pod.Spec) {
		status, _ := statusOf(pod, container)
		s := seen[container]
		s.exit, s.log = status.State.Terminated.ExitCode, in.logs(t, namespace, name, container)
		seen[container] = s
		if c.harm != "" && strings.Contains(s.log, c.harm) != (v == original) {
			t.Errorf("%s: %q in its log: %v", container, c.harm, v != original)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%s: %d orphans, %d zombies, exit status %d, argv %s", name, seen[name].orphans, seen[name].zombies, seen[name].exit, seen[name].facts["argv"])
	}
	return seen
}
