package webhook_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/cluster/observed"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook"
)

// The digests of the image node; other ones are of no image.
var (
	indexDigest  = "sha256:" + strings.Repeat("1", 64)
	ownDigest    = "sha256:" + strings.Repeat("2", 64)
	configDigest = "sha256:" + strings.Repeat("3", 64)
	otherDigest  = "sha256:" + strings.Repeat("9", 64)
)

// digested are the images of the tests with their digests.
type digested struct{ webhook.Inspector }

func (d digested) Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	name, _, _ := strings.Cut(q.Reference, "@")
	q.Reference = name
	found, err := d.Inspector.Inspect(ctx, q)
	for i := range found {
		found[i].Index, found[i].Digest, found[i].ConfigDigest = indexDigest, ownDigest, configDigest
	}
	return found, err
}

// sighting says which zombies were seen where.
type sighting struct {
	namespace, kind, name    string
	container, image, parent string
	command, args            []string
	probe                    []string // of readiness; nil where what is run beside is not known
	cause                    string
	zombies                  int32
	age                      time.Duration
}

// usual is what was seen of the tests' usual workload: Deployment web in
// namespace plain.
func usual() sighting {
	return sighting{
		namespace: "plain", kind: "Deployment", name: "web", container: "app", image: "registry.example/node@" + indexDigest,
		parent: "node", cause: "PID1NotReaping", zombies: 341, age: time.Hour,
	}
}

func (s sighting) report() *v1alpha1.ZombieReport {
	w := v1alpha1.Workload{Group: kindsOf[s.kind][0], Kind: s.kind, Name: s.name}
	r := &v1alpha1.ZombieReport{Status: v1alpha1.ZombieReportStatus{Workload: w, Observations: []v1alpha1.Observation{{
		Container: s.container, ImageID: s.image, ArgvHash: v1alpha1.ArgvHash(s.command, s.args), Cause: s.cause, Parent: s.parent, MostZombies: s.zombies,
		FirstSeen: metav1.NewTime(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)), LastSeen: metav1.NewTime(time.Now().Add(-s.age)),
	}}}}
	if s.probe != nil {
		r.Status.Observations[0].ExecHash = v1alpha1.ExecHash(&corev1.Container{ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: s.probe}}}})
	}
	r.Namespace, r.Name = s.namespace, w.ReportName()
	return r
}

// newObservedFixture is a fixture in which something was seen.
func newObservedFixture(t testing.TB, settings string, seen ...sighting) fixture {
	t.Helper()
	f := newFixture(t, settings)
	s := f.handler.Settings()
	s.Assessor.Inspector = digested{s.Assessor.Inspector}
	index := observed.NewIndex(nil)
	for _, one := range seen {
		index.Put(one.report())
	}
	s.Observations = index
	f.handler.Settings = func() webhook.Settings { return s }
	return f
}

func container(fields string) string { return `{"containers":[{"name":"app",` + fields + `}]}` }

const seenText = "observed: 341 zombies since 2026-11-20"

func TestObserved(t *testing.T) {
	plain := container(`"image":"node"`)
	tests := map[string]struct {
		change func(*sighting)
		kind   string
		spec   string
		want   string // "" where nothing was observed
	}{
		"by the index":             {nil, "Deployment", plain, `PID 1 will be node, which does not reap zombies; ` + seenText + `; fix: spec.template.spec.shareProcessNamespace: true`},
		"by the platform":          {func(s *sighting) { s.image = "registry.example/node@" + ownDigest }, "Deployment", plain, seenText},
		"by the config":            {func(s *sighting) { s.image = configDigest }, "Deployment", plain, seenText},
		"by a bare id":             {func(s *sighting) { s.image = strings.TrimPrefix(configDigest, "sha256:") }, "Deployment", plain, seenText},
		"by docker":                {func(s *sighting) { s.image = "docker-pullable://registry.example/node@" + indexDigest }, "Deployment", plain, seenText},
		"more than an exposure":    {nil, "Deployment", exposed, "does not reap zombies; " + seenText + "; fix"},
		"one":                      {func(s *sighting) { s.zombies = 1 }, "Deployment", plain, "observed: 1 zombie since 2026-11-20"},
		"not known how many":       {func(s *sighting) { s.zombies = 0 }, "Deployment", plain, "observed: zombies since 2026-11-20"},
		"the command decides":      {func(s *sighting) { s.command = []string{"sleep", "9"} }, "Deployment", container(`"image":"node","command":["sleep","9"]`), "PID 1 will be sleep, which does not reap zombies; " + seenText},
		"by digest, not to be had": {func(s *sighting) { s.image = "x@" + otherDigest }, "Deployment", container(`"image":"missing@` + otherDigest + `"`), "who will be PID 1 is not known, but with this image and command node did not reap; " + seenText + "; fix: an init in front of the command"},
		"not judged":               {nil, "Deployment", container(`"image":"script"`), "who will be PID 1 is not known, but with this image and command node did not reap; " + seenText},
		"not known by whom":        {func(s *sighting) { s.parent = "" }, "Deployment", container(`"image":"script"`), "with this image and command PID 1 did not reap; " + seenText},

		"the same probe": {func(s *sighting) { s.probe = []string{"sh", "-c", "x"} }, "Deployment", exposed, seenText},

		"the probe is mended":      {func(s *sighting) { s.probe = []string{"sh", "-c", "x"} }, "Deployment", container(`"image":"node","readinessProbe":{"tcpSocket":{"port":80}}`), ""},
		"another probe":            {func(s *sighting) { s.probe = []string{"sh", "-c", "y"} }, "Deployment", exposed, ""},
		"another image":            {func(s *sighting) { s.image = "registry.example/node@" + otherDigest }, "Deployment", plain, ""},
		"an image without digest":  {func(s *sighting) { s.image = "registry.example/node:1" }, "Deployment", plain, ""},
		"no image":                 {func(s *sighting) { s.image = "" }, "Deployment", plain, ""},
		"an image not to be had":   {nil, "Deployment", container(`"image":"missing"`), ""},
		"another command":          {nil, "Deployment", container(`"image":"node","command":["node"]`), ""},
		"other args":               {func(s *sighting) { s.args = []string{"x"} }, "Deployment", plain, ""},
		"another container":        {func(s *sighting) { s.container = "side" }, "Deployment", plain, ""},
		"another workload":         {func(s *sighting) { s.name = "web2" }, "Deployment", plain, ""},
		"another kind":             {nil, "StatefulSet", plain, ""},
		"another namespace":        {func(s *sighting) { s.namespace = "inject" }, "Deployment", plain, ""},
		"another cause":            {func(s *sighting) { s.cause = "ParentNotWaiting" }, "Deployment", plain, ""},
		"perhaps its own children": {func(s *sighting) { s.cause = "PID1Ambiguous" }, "Deployment", plain, ""},
		"long ago":                 {func(s *sighting) { s.age = 31 * 24 * time.Hour }, "Deployment", plain, ""},
		"mended by the pod":        {nil, "Deployment", `{"shareProcessNamespace":true,"containers":[{"name":"app","image":"node"}]}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := usual()
			if test.change != nil {
				test.change(&s)
			}
			f := newObservedFixture(t, "", s)
			got := f.handler.Handle(t.Context(), request(test.kind, "plain", workload(test.kind, test.spec)))
			said := strings.Join(got.Warnings, "\n")
			if !got.Allowed || test.want == "" && strings.Contains(said, "observed") || !strings.Contains(said, test.want) {
				t.Errorf("allowed %v, warnings %q, want %q", got.Allowed, got.Warnings, test.want)
			}
		})
	}
}

// TestObservedActs: each mode acts on what was observed, and on no verdict that
// nobody knows.
func TestObservedActs(t *testing.T) {
	f := newObservedFixture(t, wrapSettings+"defaults: {enforce: observed, inject: observed, warn: observed, audit: observed}\n", usual(),
		func() sighting { s := usual(); s.name = "run-*"; s.kind = "Pod"; return s }())
	deploy := func(spec string) admission.Response {
		return f.handler.Handle(t.Context(), request("Deployment", "plain", workload("Deployment", spec)))
	}
	// Its pods are injected, so that there is nothing to deny.
	if got := deploy(container(`"image":"node"`)); !got.Allowed || len(got.Warnings) > 0 || got.AuditAnnotations["findings"] == "" {
		t.Errorf("it will be injected: %+v", got)
	}
	never := strings.Replace(workload("Deployment", container(`"image":"node"`)), `"metadata":{},"spec"`, `"metadata":{"annotations":{"initguard.dev/inject":"never"}},"spec"`, 1)
	got := f.handler.Handle(t.Context(), request("Deployment", "plain", never))
	if got.Allowed || !strings.Contains(got.Result.Message, `violates initguard "enforce: observed": container "app": PID 1 will be node, which does not reap zombies; `+seenText) {
		t.Errorf("enforce: %+v", got.Result)
	}
	if text := got.AuditAnnotations["findings"]; !strings.Contains(text, "risk=observed, "+seenText) {
		t.Errorf("audit annotation %q", text)
	}
	if got := deploy(container(`"image":"script"`)); !got.Allowed || !strings.Contains(strings.Join(got.Warnings, ""), seenText) ||
		!strings.Contains(strings.Join(got.Warnings, ""), "not injected: ") || !strings.Contains(got.AuditAnnotations["unknown"], seenText) {
		t.Errorf("a verdict that is not known: %+v", got)
	}
	if got := deploy(container(`"image":"node","command":["node","other.js"]`)); !got.Allowed || len(got.Warnings) > 0 {
		t.Errorf("another command: %+v", got)
	}
	m := webhook.NewMutator(f.handler)
	for name, test := range map[string]struct {
		metadata string
		injected bool
	}{
		"a pod of the Deployment":         {`"generateName":"web-6b7-","labels":{"pod-template-hash":"6b7"},` + owner("apps/v1", "ReplicaSet", "web-6b7"), true},
		"a pod of another one":            {`"generateName":"api-6b7-","labels":{"pod-template-hash":"6b7"},` + owner("apps/v1", "ReplicaSet", "api-6b7"), false},
		"without the label":               {`"generateName":"web-6b7-",` + owner("apps/v1", "ReplicaSet", "web-6b7"), false},
		"a generated name without owner":  {`"generateName":"run-"`, true},
		"that name, but not so generated": {`"name":"run-x"`, false},
	} {
		patch := m.Handle(t.Context(), request("Pod", "plain", `{"metadata":{`+test.metadata+`},"spec":`+container(`"image":"node"`)+`}`)).Patch
		if (len(patch) > 0) != test.injected {
			t.Errorf("%s: patch %s, injected is %v", name, patch, test.injected)
		}
	}
}

func owner(api, kind, name string) string {
	return fmt.Sprintf(`"ownerReferences":[{"apiVersion":%q,"kind":%q,"name":%q,"controller":true}]`, api, kind, name)
}

// TestUnchangedIsNotDenied: a restart in the middle of an incident goes through.
func TestUnchangedIsNotDenied(t *testing.T) {
	f := newObservedFixture(t, "defaults: {enforce: observed}\n", usual())
	req := request("Deployment", "plain", strings.Replace(workload("Deployment", container(`"image":"node"`)), `"metadata":{},"spec"`, `"metadata":{"annotations":{"restarted":"now"}},"spec"`, 1))
	req.Operation, req.OldObject.Raw = "UPDATE", []byte(workload("Deployment", container(`"image":"node"`)))
	if got := f.handler.Handle(t.Context(), req); !got.Allowed || len(got.Warnings) > 0 {
		t.Errorf("got %+v", got)
	}
}

// TestContradictedVerdict: that a container reaps in which zombies were seen is
// counted each time, and told now and then.
func TestContradictedVerdict(t *testing.T) {
	f := newObservedFixture(t, "", usual())
	const metric = "initguard_contradicted_verdicts_total"
	count := func() float64 { return counted(t, f.metrics, metric) }
	for range 3 {
		for _, spec := range []string{container(`"image":"tini"`), `{"shareProcessNamespace":true,"containers":[{"name":"app","image":"tini"}]}`} {
			if got := f.handler.Handle(t.Context(), request("Deployment", "plain", workload("Deployment", spec))); !got.Allowed || len(got.Warnings) > 0 {
				t.Errorf("got %+v", got)
			}
		}
	}
	if count() != 3 {
		t.Errorf("%s is %v, want 3", metric, count())
	}
	if log := f.log.String(); strings.Count(log, "the verdict is wrong") != 1 || !strings.Contains(log, `"workload"="Deployment/web"`) {
		t.Errorf("log: %s", log)
	}
}

// TestNothingElseMatches: whatever differs in one word is not what was seen.
func TestNothingElseMatches(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 1))
	word := func() string { return []string{"a", "b", "ab", "a-b", "b-a", ""}[random.IntN(6)] }
	list := func() []string {
		words := make([]string, random.IntN(3))
		for i := range words {
			words[i] = word()
		}
		return words
	}
	digest := func() string { return fmt.Sprintf("sha256:%064d", random.IntN(3)) }
	type scope struct{ namespace, name, container, argv, image string }
	matches := 0
	settings := newFixture(t, "").handler.Settings()
	for i := range 20000 {
		s := usual()
		s.namespace, s.name, s.container, s.command, s.args = "n"+word(), "w"+word(), "c"+word(), list(), list()
		image := digest()
		s.image = "r@" + image
		seen := scope{s.namespace, s.name, s.container, fmt.Sprintf("%q %q", s.command, s.args), image}
		index := observed.NewIndex(nil)
		index.Put(s.report())

		namespace, name, container, command, args, asked := s.namespace, s.name, s.container, s.command, s.args, image
		for _, change := range []func(){
			func() { namespace = "n" + word() }, func() { name = "w" + word() }, func() { container = "c" + word() },
			func() { command, args = list(), list() }, func() { asked = digest() },
		} {
			if random.IntN(4) == 0 {
				change()
			}
		}
		want := seen == scope{namespace, name, container, fmt.Sprintf("%q %q", command, args), asked}
		settings.Observations = index
		object := webhook.Object{Kind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Namespace: namespace, Name: name}
		object.Spec.Containers = []corev1.Container{{Name: container, Image: "r@" + asked, Command: command, Args: args}}
		got := settings.Judge(t.Context(), object, nil).Assessments[0].Observed != nil
		if got != want {
			t.Fatalf("round %d: seen %+v, asked %s/%s %s %q %q %s: found %v", i, seen, namespace, name, container, command, args, asked, got)
		}
		if want {
			matches++
		}
	}
	if matches < 1000 {
		t.Errorf("only %d of the rounds match: the test shows little", matches)
	}
}

// counted is the value of a metric without labels.
func counted(t *testing.T, r *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetCounter().GetValue() + family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return 0
}

// BenchmarkObserved is a warm admission request beside reports of 10,000 other
// workloads, of a workload that has none, and of one that has.
func BenchmarkObserved(b *testing.B) {
	seen := make([]sighting, 10000)
	for i := range seen {
		seen[i] = usual()
		seen[i].name = fmt.Sprintf("other-%d", i)
	}
	for name, test := range map[string]struct {
		fixture fixture
		object  string
	}{
		"nobody looks": {newFixture(b, ""), "web"},
		"none":         {newObservedFixture(b, "", seen...), "web"},
		"one":          {newObservedFixture(b, "", seen...), "other-7"},
	} {
		req := request("Deployment", "plain", strings.Replace(workload("Deployment", exposed), `"web"`, `"`+test.object+`"`, 1))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := test.fixture.handler.Handle(b.Context(), req); !got.Allowed || strings.Contains(got.Warnings[0], "observed") != (name == "one") {
					b.Fatal(got)
				}
			}
		})
	}
}
