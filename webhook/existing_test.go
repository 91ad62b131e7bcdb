package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook"
)

// existing are the workloads of one namespace.
type existing struct {
	workloads []webhook.Workload
	forbidden []string
	err       error
	hangs     bool
	asked     int
}

func (e *existing) List(ctx context.Context, _ string, _ []schema.GroupKind, each func(webhook.Workload) bool) ([]string, error) {
	e.asked++
	for _, w := range e.workloads {
		if !each(w) {
			return nil, nil
		}
	}
	if e.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return e.forbidden, e.err
}

func running(name, image, more string) webhook.Workload {
	raw := fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"shop"%s},"spec":{"template":{"spec":{"containers":[{"name":"app","image":%q}]}}}}`, name, more, image)
	return webhook.Workload{Kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, Namespace: "shop", Name: name, Raw: []byte(raw)}
}

// relabel is the answer to an update of a namespace's labels.
func relabel(t *testing.T, f fixture, operation admissionv1.Operation, before, after string) admission.Response {
	t.Helper()
	object := func(level string) runtime.RawExtension {
		raw, err := json.Marshal(map[string]any{"metadata": map[string]any{"name": "shop", "labels": map[string]string{"initguard.dev/enforce": level}}})
		if err != nil {
			t.Fatal(err)
		}
		return runtime.RawExtension{Raw: raw}
	}
	req := admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Kind: metav1.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: "shop", Operation: operation, Object: object(after),
	}}
	if operation == admissionv1.Update {
		req.OldObject = object(before)
	}
	response := f.handler.Handle(t.Context(), req)
	if !response.Allowed {
		t.Errorf("%s to %s: denied: %v", before, after, response.Result)
	}
	return response
}

// TestExistingWorkloads: only a stricter level is looked at, what is told has
// bounds, and what could not be looked at is said.
func TestExistingWorkloads(t *testing.T) {
	// Most of them cost no time: how many are looked at is what is tested.
	many := make([]webhook.Workload, 3100)
	for i := range many {
		many[i].Kind.Kind = "NotJudged"
		if i < 10 {
			many[i] = running(fmt.Sprintf("w%d", i), "node", "")
		}
	}
	many[3050] = running("too-late", "node", "")
	var reasons []webhook.Workload
	for i := range 20 {
		w := running(fmt.Sprintf("w%d", i), "node", "")
		w.Raw = []byte(strings.ReplaceAll(string(w.Raw), `"app"`, fmt.Sprintf(`"app%d"`, i)))
		reasons = append(reasons, w)
	}
	owned := `,"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"x","controller":true}]`
	tests := []struct {
		name          string
		settings      string
		existing      existing
		create        bool
		before, after string
		want          []string // parts of the lines, in order
		unasked       bool
	}{
		{name: "violators", existing: existing{workloads: []webhook.Workload{running("a", "node", ""), running("b", "tini", ""), running("c", "node", "")}},
			before: "never", after: "possible", want: []string{`violate the new initguard enforce level "possible"`, "Deployment/a (and 1 other workload): container \"app\": PID 1 will be node"}},
		{name: "none", existing: existing{workloads: []webhook.Workload{running("b", "tini", "")}}, before: "never", after: "possible"},
		{name: "lower risk", existing: existing{workloads: []webhook.Workload{running("a", "node", "")}}, before: "never", after: "exposed"},
		{name: "owned", existing: existing{workloads: []webhook.Workload{running("a", "node", owned)}}, before: "never", after: "possible"},
		{name: "unreadable", existing: existing{workloads: []webhook.Workload{{Kind: running("a", "", "").Kind, Raw: []byte("{")}}}, before: "never", after: "possible"},
		{name: "less strict", before: "possible", after: "exposed", unasked: true},
		{name: "new namespace", create: true, after: "possible", unasked: true},
		{name: "kill switch", settings: "killSwitch: true\n", before: "never", after: "possible", unasked: true},
		{name: "exempt", settings: "exemptions: {namespaces: [shop]}\n", before: "never", after: "possible", unasked: true},
		{name: "no right", existing: existing{forbidden: []string{"pods"}}, before: "never", after: "possible", want: []string{"were not looked at: initguard has no right to list them; kubectl initguard audit -n shop"}},
		{name: "some rights", existing: existing{workloads: []webhook.Workload{running("b", "tini", "")}, forbidden: []string{"rollouts.argoproj.io"}},
			before: "never", after: "possible", want: []string{"not all existing workloads in namespace \"shop\" were judged: initguard may not list rollouts.argoproj.io"}},
		{name: "error", existing: existing{err: errors.New("10.0.0.7: refused")}, before: "never", after: "possible", want: []string{"were not looked at: they can't be read"}},
		{name: "slow API server", existing: existing{workloads: []webhook.Workload{running("a", "node", "")}, hangs: true},
			before: "never", after: "possible", want: []string{"violate", "Deployment/a: ", "there was no time to read all of them"}},
		{name: "slow registry", existing: existing{workloads: []webhook.Workload{running("a", "hangs", ""), running("b", "node", "")}},
			before: "never", after: "possible", want: []string{"violate", "Deployment/b: ", "images of 1 are still inspected"}},
		{name: "a bug", existing: existing{workloads: []webhook.Workload{running("a", "panics", ""), running("b", "node", "")}},
			before: "never", after: "possible", want: []string{"violate", "Deployment/b: "}},
		{name: "too many", existing: existing{workloads: many}, before: "never", after: "possible", want: []string{"violate", "Deployment/w0 (and 9 other workloads): container", "there are more than 3000 objects"}},
		{name: "too many reasons", existing: existing{workloads: reasons}, before: "never", after: "possible",
			want: []string{"violate", "w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7", "and 12 more workloads"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, test.settings)
			f.handler.Existing = &test.existing
			settings := f.handler.Settings()
			patient := *settings.Config
			patient.Inspection.Deadline = 2 * time.Second // as by default: a busy machine is not what is tested
			settings.Config = &patient
			f.handler.Settings = func() webhook.Settings { return settings }
			operation := admissionv1.Update
			if test.create {
				operation = admissionv1.Create
			}
			got := relabel(t, f, operation, test.before, test.after).Warnings
			if len(got) != len(test.want) {
				t.Fatalf("got %d lines %q, want %q", len(got), got, test.want)
			}
			runes := 0
			for i, line := range got {
				if runes += utf8.RuneCountInString(line); !strings.Contains(line, test.want[i]) || utf8.RuneCountInString(line) > 256 {
					t.Errorf("line %d: %q, want %q", i, line, test.want[i])
				}
				if strings.Contains(line, "10.0.0.7") {
					t.Errorf("a detail that is the platform's: %q", line)
				}
			}
			if runes > 4096 {
				t.Errorf("%d runes: the API server would drop some", runes)
			}
			if test.unasked != (test.existing.asked == 0) {
				t.Errorf("asked %d times", test.existing.asked)
			}
		})
	}
}
