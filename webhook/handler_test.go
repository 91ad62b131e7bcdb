package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
)

// images answers for the images of the tests.
type images map[string]imageinspect.Config

func (i images) Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	switch q.Reference {
	case "hangs":
		<-ctx.Done()
		return nil, &imageinspect.Failure{Reason: imageinspect.Reason{Code: imageinspect.CodeStillInspecting, Text: "still inspecting the image"}}
	case "panics":
		panic("a bug")
	case "plain-error":
		return nil, errors.New("10.0.0.7: connection refused")
	}
	c, ok := i[q.Reference]
	if !ok {
		return nil, &imageinspect.Failure{Reason: imageinspect.Reason{
			Code: imageinspect.CodeUnreachable, Text: "the image could not be inspected", Detail: "registry.internal: 404",
		}}
	}
	return []imageinspect.Image{{Platform: "linux/amd64", Config: c}}, nil
}

// namespaces gives the labels of the tests' namespaces.
type namespaces map[string]map[string]string

func (n namespaces) Labels(_ context.Context, name string) (map[string]string, error) {
	labels, ok := n[name]
	if !ok {
		return nil, fmt.Errorf("namespace %s not found", name)
	}
	return labels, nil
}

type fixture struct {
	handler *webhook.Handler
	log     *strings.Builder
	metrics *prometheus.Registry
}

func newFixture(t testing.TB, settings string) fixture {
	t.Helper()
	c, err := config.Parse("test", []byte("apiVersion: "+config.APIVersion+"\nkind: "+config.Kind+"\ninspection: {deadline: 200ms}\n"+settings))
	if err != nil {
		t.Fatal(err)
	}
	db, err := initdb.New(c.Programs()...)
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	metrics, err := webhook.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	countsWhatItBeganWith(t, registry)
	var log strings.Builder
	logger := funcr.New(func(prefix, args string) { log.WriteString(prefix + args + "\n") }, funcr.Options{Verbosity: 5})
	s := webhook.Settings{Config: c, Assessor: webhook.Assessor{
		Inspector: images{
			"node": {Cmd: []string{"node", "server.js"}}, "tini": {Entrypoint: []string{"tini", "--", "node"}},
			"script": {Entrypoint: []string{"/run.sh"}}, "evil": {Cmd: []string{"no\x1b[31mde\n\x00"}},
		},
		Evaluator: imageinspect.NewEvaluator(db), Platforms: c.Inspection.Platforms,
	}}
	labels := namespaces{
		"plain": nil, "enforced": {"initguard.dev/enforce": "exposed"}, "strict": {"initguard.dev/enforce": "possible"},
		"silent": {"initguard.dev/warn": "never", "initguard.dev/audit": "never"}, "typo": {"initguard.dev/warn": "yes", "initguard.dev/wran": "possible"},
		"inject": {"initguard.dev/inject": "exposed"}, "exposed-only": {"initguard.dev/warn": "exposed"},
	}
	return fixture{handler: webhook.NewHandler(func() webhook.Settings { return s }, labels, metrics, logger), log: &log, metrics: registry}
}

// kindsOf maps the kinds of the tests to their groups and resources.
var kindsOf = map[string][2]string{
	"Pod": {"", "pods"}, "PodTemplate": {"", "podtemplates"}, "ReplicationController": {"", "replicationcontrollers"},
	"Deployment": {"apps", "deployments"}, "ReplicaSet": {"apps", "replicasets"}, "StatefulSet": {"apps", "statefulsets"},
	"DaemonSet": {"apps", "daemonsets"}, "Job": {"batch", "jobs"}, "CronJob": {"batch", "cronjobs"},
	"DeploymentConfig": {"apps.openshift.io", "deploymentconfigs"}, "Rollout": {"argoproj.io", "rollouts"}, "Namespace": {"", "namespaces"},
}

func request(kind, namespace string, object any) admission.Request {
	group, resource := kindsOf[kind][0], kindsOf[kind][1]
	raw, ok := object.(string)
	if !ok {
		encoded, err := json.Marshal(object)
		if err != nil {
			panic(err)
		}
		raw = string(encoded)
	}
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		UID: "1", Operation: admissionv1.Create, Namespace: namespace,
		Kind:     metav1.GroupVersionKind{Group: group, Version: "v1", Kind: kind},
		Resource: metav1.GroupVersionResource{Group: group, Version: "v1", Resource: resource},
		UserInfo: authenticationv1.UserInfo{Username: "dev"},
		Object:   runtime.RawExtension{Raw: []byte(raw)},
	}}
}

// workload puts a pod spec where a kind holds it.
func workload(kind, spec string) string {
	template := `{"metadata":{},"spec":` + spec + `}`
	switch kind {
	case "Pod":
		return `{"metadata":{"name":"web"},"spec":` + spec + `}`
	case "PodTemplate":
		return `{"metadata":{"name":"web"},"template":` + template + `}`
	case "CronJob":
		return `{"metadata":{"name":"web"},"spec":{"jobTemplate":{"spec":{"template":` + template + `}}}}`
	default:
		return `{"metadata":{"name":"web"},"spec":{"template":` + template + `}}`
	}
}

const exposed = `{"containers":[{"name":"app","image":"node","readinessProbe":{"exec":{"command":["sh","-c","x"]}}}]}`

func TestEveryKindIsJudged(t *testing.T) {
	f := newFixture(t, "workloads: [{group: argoproj.io, kind: Rollout}]")
	for kind := range kindsOf {
		if kind == "Namespace" {
			continue
		}
		got := f.handler.Handle(t.Context(), request(kind, "plain", workload(kind, exposed)))
		path := map[string]string{"Pod": "spec", "PodTemplate": "template.spec", "CronJob": "spec.jobTemplate.spec.template.spec"}[kind]
		if path == "" {
			path = "spec.template.spec"
		}
		want := `initguard: container "app": PID 1 will be node, which does not reap zombies, and its exec readinessProbe can leave orphans; fix: ` + path + `.shareProcessNamespace: true`
		if !got.Allowed || len(got.Warnings) != 1 || !strings.HasPrefix(got.Warnings[0], want) {
			t.Errorf("%s: allowed %v, warnings %q; want %q...", kind, got.Allowed, got.Warnings, want)
		}
		if !strings.Contains(got.AuditAnnotations["findings"], "app: DoesNotReap pid1=node risk=exposed containers[0].readinessProbe") {
			t.Errorf("%s: audit annotations %q", kind, got.AuditAnnotations)
		}
	}
}

func TestAnswers(t *testing.T) {
	container := func(fields string) string { return `{"containers":[{"name":"app",` + fields + `}]}` }
	owner := func(kind, api, spec string) string {
		return `{"metadata":{"name":"web","ownerReferences":[{"apiVersion":"` + api + `","kind":"` + kind + `","name":"x","controller":true}]},"spec":` + spec + `}`
	}
	rsController := "system:serviceaccount:kube-system:replicaset-controller"
	tests := []struct {
		name, namespace, user, object string
		warning                       string // "" for none
		denied                        bool
	}{
		{"does not reap", "plain", "", container(`"image":"node"`), "PID 1 will be node, which does not reap zombies; fix", false},
		{"reaps", "plain", "", container(`"image":"tini"`), "", false},
		{"command decides", "plain", "", container(`"image":"missing","command":["tini","--","x"]`), "", false},
		{"script", "plain", "", container(`"image":"script"`), "", false},
		{"missing image", "plain", "", container(`"image":"missing"`), "", false},
		{"host pid", "plain", "", `{"hostPID":true,"containers":[{"name":"app","image":"node"}]}`, "", false},
		{"shared pid", "plain", "", `{"shareProcessNamespace":true,"containers":[{"name":"app","image":"node"}]}`, "", false},
		{"windows", "plain", "", `{"os":{"name":"windows"},"containers":[{"name":"app","image":"node"}]}`, "", false},
		{"plain probe", "exposed-only", "", container(`"image":"node","livenessProbe":{"exec":{"command":["cat","/ok"]}}`), "", false},
		{"hook", "exposed-only", "", container(`"image":"node","lifecycle":{"preStop":{"exec":{"command":["/stop.sh"]}}}`), "its preStop hook can leave orphans", false},
		{"init container", "plain", "", `{"initContainers":[{"name":"i","image":"node"}],"containers":[{"name":"app","image":"tini"}]}`, "", false},
		{"native sidecar", "plain", "", `{"initContainers":[{"name":"side","image":"node","restartPolicy":"Always"}],"containers":[{"name":"app","image":"tini"}]}`, `container "side"`, false},
		{"two containers", "plain", "", `{"containers":[{"name":"a","image":"node"},{"name":"b","image":"node"}]}`, `also in b; fix: spec.containers[0].image: tini as its ENTRYPOINT`, false},
		{"worst first", "plain", "", `{"containers":[{"name":"a","image":"node"},{"name":"b","image":"node","livenessProbe":{"exec":{"command":["sh"]}}}]}`, `container "b"`, false},
		{"enforced", "enforced", "", exposed, `pods "web" is forbidden: violates initguard "enforce: exposed": container "app": PID 1 will be node`, true},
		{"enforced, lower risk", "enforced", "", container(`"image":"node"`), "does not reap zombies; fix", false},
		{"enforced, unknown", "enforced", "", container(`"image":"script"`), "", false},
		{"enforced, exempt container", "enforced", "", `{"containers":[{"name":"app","image":"node","readinessProbe":{"exec":{"command":["sh"]}}}]}`, "violates", true},
		{"silent", "silent", "", exposed, "", false},
		{"exempt namespace", "kube-system", "", exposed, "", false},
		{"own namespace", "initguard-system", "", exposed, "", false},
		{"namespace that can't be read", "gone", "", container(`"image":"node"`), "does not reap", false},
		{"interactive", "plain", "", container(`"image":"node","stdin":true,"tty":true`), "", false},
		{"inject asked, unknown", "inject", "", container(`"image":"script"`), "injection was asked for, but who will be PID 1 is not known: run.sh is a script that was not read", false},
		{"slow registry", "inject", "", container(`"image":"hangs"`), "still inspecting the image", false},
		{"panic in the inspector", "inject", "", container(`"image":"panics"`), "the image could not be inspected", false},
		{"error without a reason", "inject", "", container(`"image":"plain-error"`), "is not known: the image could not be inspected", false},
		{"owned by a controller", "strict", rsController, owner("ReplicaSet", "apps/v1", exposed), "", false},
		{"owner only claimed", "strict", "", owner("ReplicaSet", "apps/v1", exposed), "violates", true},
		{"owner of another kind", "strict", rsController, owner("Widget", "example.com/v1", exposed), "violates", true},
		{"mirror pod", "strict", "", `{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}},"spec":` + exposed + `}`, "", false},
		{"debug pod", "strict", "", `{"metadata":{"annotations":{"debug.openshift.io/source-container":"x"}},"spec":` + exposed + `}`, "", false},
		{"build pod", "strict", "", `{"metadata":{"labels":{"openshift.io/build.name":"b"},"ownerReferences":[{"apiVersion":"build.openshift.io/v1","kind":"Build","name":"b","controller":true}]},"spec":` + exposed + `}`, "", false},
		{"hostile names", "plain", "", container(`"image":"evil","livenessProbe":{"exec":{"command":["sh"]}}`), "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, "")
			object := test.object
			if !strings.Contains(object, `"metadata"`) {
				object = workload("Pod", object)
			}
			req := request("Pod", test.namespace, object)
			if test.user != "" {
				req.UserInfo.Username = test.user
			}
			got := f.handler.Handle(t.Context(), req)
			if got.Allowed == test.denied {
				t.Fatalf("allowed %v: %+v", got.Allowed, got.Result)
			}
			texts := append([]string(nil), got.Warnings...)
			if test.denied {
				texts = []string{got.Result.Message}
			}
			switch {
			case test.warning == "" && len(texts) > 0:
				t.Errorf("got %q, want none", texts)
			case test.warning != "" && (len(texts) != 1 || !strings.Contains(texts[0], test.warning)):
				t.Errorf("got %q, want one with %q", texts, test.warning)
			}
			for _, w := range got.Warnings {
				if n := utf8.RuneCountInString(w); n > 256 || !utf8.ValidString(w) || strings.ContainsFunc(w, unicode.IsControl) {
					t.Errorf("a warning of %d runes, or not clean: %q", n, w)
				}
			}
		})
	}
}

func TestUnknownDeniesOnlyWhereConfigured(t *testing.T) {
	f := newFixture(t, "unknown: {deny: true}")
	script := workload("Pod", `{"containers":[{"name":"app","image":"script"}]}`)
	if got := f.handler.Handle(t.Context(), request("Pod", "enforced", script)); got.Allowed {
		t.Errorf("allowed: %+v", got)
	}
	if got := f.handler.Handle(t.Context(), request("Pod", "plain", script)); !got.Allowed {
		t.Errorf("denied where nothing is enforced: %+v", got.Result)
	}
}

func TestExemptContainers(t *testing.T) {
	object := `{"metadata":{"name":"web","annotations":{"initguard.dev/exempt-containers":"app"}},"spec":` + exposed + `}`
	f := newFixture(t, "")
	if got := f.handler.Handle(t.Context(), request("Pod", "plain", object)); len(got.Warnings) != 0 {
		t.Errorf("warned: %q", got.Warnings)
	}
	if got := f.handler.Handle(t.Context(), request("Pod", "enforced", object)); got.Allowed {
		t.Error("a team lifted its own denial")
	}
	f = newFixture(t, "exemptions: {containersUnderEnforce: true}")
	if got := f.handler.Handle(t.Context(), request("Pod", "enforced", object)); !got.Allowed {
		t.Errorf("denied: %+v", got.Result)
	}
}

func TestUpdates(t *testing.T) {
	deployment := func(annotations, containerFields, rest string) string {
		return `{"metadata":{"name":"web"},"spec":{"replicas":1,"template":{"metadata":{"annotations":{` + annotations + `}},"spec":{` + rest +
			`"containers":[{"name":"app","image":"node",` + containerFields + `"readinessProbe":{"exec":{"command":["sh","-c","x"]}}}]}}}}`
	}
	before := deployment("", "", "")
	tests := []struct {
		name, after string
		judged      bool
	}{
		{"restart", deployment(`"kubectl.kubernetes.io/restartedAt":"now"`, "", ""), false},
		{"other env value", deployment("", `"env":[],`, ""), false},
		{"resources", deployment("", `"resources":{"limits":{"cpu":"1"}},`, ""), false},
		{"image", strings.Replace(before, `"image":"node"`, `"image":"tini"`, 1), true},
		{"command", deployment("", `"command":["sleep"],`, ""), true},
		{"args", deployment("", `"args":["x"],`, ""), true},
		{"env name", deployment("", `"env":[{"name":"A","value":"b"}],`, ""), true},
		{"mount", deployment("", `"volumeMounts":[{"name":"v","mountPath":"/x"}],`, ""), true},
		{"hook", deployment("", `"lifecycle":{"preStop":{"exec":{"command":["sh"]}}},`, ""), true},
		{"user", deployment("", `"securityContext":{"runAsUser":5},`, ""), true},
		{"pod user", deployment("", "", `"securityContext":{"runAsUser":5},`), true},
		{"pid namespace", deployment("", "", `"hostPID":true,`), true},
		{"inject annotation", deployment(`"initguard.dev/inject":"auto"`, "", ""), true},
	}
	f := newFixture(t, "")
	for _, test := range tests {
		req := request("Deployment", "strict", test.after)
		req.Operation, req.OldObject = admissionv1.Update, runtime.RawExtension{Raw: []byte(before)}
		got := f.handler.Handle(t.Context(), req)
		judged := !got.Allowed || len(got.AuditAnnotations) > 0 || strings.Contains(test.name, "image") || strings.Contains(test.name, "pid")
		if !test.judged && (!got.Allowed || len(got.Warnings) > 0) || judged != test.judged {
			t.Errorf("%s: allowed %v, warnings %q; want judged %v", test.name, got.Allowed, got.Warnings, test.judged)
		}
	}
}

func TestNamespaceLabels(t *testing.T) {
	f := newFixture(t, "")
	namespace := func(labels string) string { return `{"metadata":{"name":"n","labels":{` + labels + `}}}` }
	req := request("Namespace", "n", namespace(`"initguard.dev/warn":"yes","initguard.dev/wran":"possible"`))
	got := f.handler.Handle(t.Context(), req)
	if !got.Allowed || len(got.Warnings) != 2 {
		t.Fatalf("allowed %v, warnings %q; want two", got.Allowed, got.Warnings)
	}
	if !strings.Contains(got.Warnings[0], `initguard.dev/warn: "yes" is none of never, observed, exposed, possible`) {
		t.Errorf("got %q", got.Warnings[0])
	}
	req.Operation, req.OldObject = admissionv1.Update, req.Object
	if got := f.handler.Handle(t.Context(), req); len(got.Warnings) != 0 {
		t.Errorf("told again though nothing changed: %q", got.Warnings)
	}
	if got := f.handler.Handle(t.Context(), request("Namespace", "n", namespace(`"initguard.dev/enforce":"exposed"`))); len(got.Warnings) != 0 {
		t.Errorf("a good label: %q", got.Warnings)
	}
	// Who applies in such a namespace is told too: the default is in force.
	got = f.handler.Handle(t.Context(), request("Pod", "typo", workload("Pod", exposed)))
	if len(got.Warnings) != 3 || !strings.Contains(got.Warnings[0], "PID 1 will be node") {
		t.Errorf("got %q", got.Warnings)
	}
}

func TestBadObjectsAreLetThrough(t *testing.T) {
	f := newFixture(t, "workloads: [{group: argoproj.io, kind: Rollout, templatePath: spec.no.such}]")
	tests := []struct {
		name, kind, object string
		told               bool
	}{
		{"no template", "DeploymentConfig", `{"spec":{}}`, false},
		{"null template", "DeploymentConfig", `{"spec":{"template":null}}`, false},
		{"no spec", "Deployment", `{}`, false},
		{"empty", "Deployment", ``, true},
		{"not an object", "Deployment", `[]`, true},
		{"template of another type", "Rollout", `{"spec":{"no":{"such":"text"}}}`, true},
		{"path through a list", "Rollout", `{"spec":{"no":[]}}`, true},
		{"containers of another type", "Pod", `{"spec":{"containers":{}}}`, true},
		{"newer fields", "Pod", `{"spec":{"futureField":{"x":1},"containers":[{"name":"a","image":"tini","newField":[1]}]}}`, false},
		{"no containers", "Pod", `{"spec":{}}`, false},
		{"deep", "Pod", `{"spec":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, true},
	}
	for _, test := range tests {
		got := f.handler.Handle(t.Context(), request(test.kind, "strict", test.object))
		if !got.Allowed || (len(got.Warnings) > 0) != test.told {
			t.Errorf("%s: allowed %v, warnings %q, want told %v", test.name, got.Allowed, got.Warnings, test.told)
		}
	}
}

func TestManyContainers(t *testing.T) {
	var list []string
	for i := range 300 {
		list = append(list, fmt.Sprintf(`{"name":"c%d","image":"node"}`, i))
	}
	f := newFixture(t, "")
	object := workload("Pod", `{"containers":[`+strings.Join(list, ",")+`]}`)
	got := f.handler.Handle(t.Context(), request("Pod", "plain", object))
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "also in c1 and 298 more") {
		t.Errorf("got %q", got.Warnings)
	}
	denied := f.handler.Handle(t.Context(), request("Pod", "strict", object))
	if denied.Allowed || !strings.Contains(denied.Result.Message, "292 more containers") || len(denied.Result.Message) > 4096 {
		t.Errorf("got %d bytes: %s", len(denied.Result.Message), denied.Result.Message)
	}
	for key, value := range got.AuditAnnotations {
		if utf8.RuneCountInString(value) > 1024 {
			t.Errorf("audit annotation %s: %d runes", key, utf8.RuneCountInString(value))
		}
	}
}

// TestHugePods: whatever a pod holds, the answer is there soon after the
// deadline and the log stays short.
func TestHugePods(t *testing.T) {
	var containers []string
	for i := range 20000 {
		containers = append(containers, fmt.Sprintf(`{"name":"c%d","image":"missing%d"}`, i, i))
	}
	args := strings.TrimSuffix(strings.Repeat(`"$(A)",`, 5000), ",")
	f := newFixture(t, "")
	for name, spec := range map[string]string{
		"containers": `{"containers":[` + strings.Join(containers, ",") + `]}`,
		"args":       `{"containers":[{"name":"a","image":"node","args":[` + args + `],"env":[{"name":"A","value":"` + strings.Repeat("x", 60<<10) + `"}]}]}`,
	} {
		if got := f.handler.Handle(t.Context(), request("Pod", "inject", workload("Pod", spec))); !got.Allowed {
			t.Errorf("%s: denied: %+v", name, got.Result)
		}
	}
	if lines := strings.Count(f.log.String(), "\n"); lines > 20 {
		t.Errorf("%d lines logged", lines)
	}
}

func TestPanicLetsTheRequestThrough(t *testing.T) {
	f := newFixture(t, "")
	f.handler.Namespaces = panicking{}
	got := f.handler.Handle(t.Context(), request("Pod", "strict", workload("Pod", exposed)))
	if !got.Allowed || !strings.Contains(strings.Join(got.Warnings, " "), "internal error") || !strings.Contains(f.log.String(), "panic") {
		t.Errorf("allowed %v, warnings %q, log %s", got.Allowed, got.Warnings, f.log)
	}
}

type panicking struct{}

func (panicking) Labels(context.Context, string) (map[string]string, error) { panic("a bug") }

// TestNothingSecretIsShown puts a canary wherever a pod can hold a secret, and
// looks for it in all that the webhook lets out.
func TestNothingSecretIsShown(t *testing.T) {
	const canary = "hunter2canary"
	f := newFixture(t, "")
	for _, namespace := range []string{"plain", "strict", "inject"} {
		for _, fields := range []string{
			`"image":"node","command":["node","--token=` + canary + `"]`, `"image":"script","command":["sh","-c","run ` + canary + ` || x"]`,
			`"image":"missing","args":["` + canary + `"],"env":[{"name":"P","value":"` + canary + `"}]`,
			`"image":"node","command":["$(P)"],"env":[{"name":"P","value":"/x/` + canary + `/node"}]`,
			`"image":"node","command":["env","P=` + canary + `","$(Q)","x"],"envFrom":[{}]`, `"image":"node","command":["nice","-n","` + canary + `"]`,
			`"image":"node","livenessProbe":{"exec":{"command":["sh","-c","` + canary + `"]}}`, `"image":"script","command":["` + canary + `=x","y"],"workingDir":5`,
			`"image":"hangs","command":["sh","-c","` + canary + `"]`,
			`"image":"node","command":["bash","-c","exec $P"],"env":[{"name":"P","value":"` + canary + `"}]`,
			`"image":"node","command":["mysqld --password=` + canary + `"]`, `"image":"node","command":["$(P)"],"env":[{"name":"P","value":"` + canary + `"}]`,
		} {
			if strings.HasPrefix(fields, `"image":"script","command":["`+canary) {
				continue // argv[0] itself: its base name is shown by design
			}
			got := f.handler.Handle(t.Context(), request("Pod", namespace, workload("Pod", `{"containers":[{"name":"app",`+fields+`}]}`)))
			shown, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(shown), canary) {
				t.Errorf("%s in %s: %s", fields, namespace, shown)
			}
		}
	}
	if strings.Contains(f.log.String(), canary) {
		t.Errorf("log: %s", f.log)
	}
	families, err := f.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if strings.Contains(family.String(), canary) {
			t.Errorf("metric: %s", family)
		}
	}
	if !strings.Contains(f.log.String(), "registry.internal: 404") {
		t.Error("the platform's log does not say why an image was not inspected")
	}
}

func FuzzHandle(f *testing.F) {
	for _, seed := range []string{exposed, `{"containers":[{"name":"a","image":"tini"}]}`, `{"containers":[{"name":"a","image":"node","command":["sh","-c","exec x"]}]}`} {
		for _, kind := range []string{"Pod", "Deployment", "CronJob"} {
			f.Add(kind, workload(kind, seed))
		}
	}
	fix := newFixture(f, "")
	f.Fuzz(func(t *testing.T, kind, object string) {
		if _, ok := kindsOf[kind]; !ok || strings.Contains(object, "hangs") {
			return
		}
		got := fix.handler.Handle(t.Context(), request(kind, "plain", object))
		if !got.Allowed {
			t.Fatalf("denied where nothing is enforced: %+v", got.Result)
		}
		for _, w := range got.Warnings {
			if utf8.RuneCountInString(w) > 256 || strings.ContainsFunc(w, unicode.IsControl) || !utf8.ValidString(w) {
				t.Fatalf("not clean: %q", w)
			}
		}
		if strings.Contains(fix.log.String(), "panic") {
			t.Fatal(fix.log)
		}
	})
}
