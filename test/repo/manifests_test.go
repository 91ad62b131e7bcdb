package repo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// TestRightsHaveReasons: above the first rule of every Role, or of its file,
// stands what it is for; further rules without a line of their own go with it.
func TestRightsHaveReasons(t *testing.T) {
	rules := 0
	for name, data := range texts(t) {
		text := string(data)
		role := strings.Contains(text, "\nkind: ClusterRole\n") || strings.Contains(text, "\nkind: Role\n")
		if !strings.HasPrefix(name, "manifests/") || name == installFile || !role {
			continue
		}
		first := false
		for line := range strings.Lines(text) {
			switch {
			case line == "rules:\n":
				rules++
				first = true
			case first && !strings.HasPrefix(line, "  #") && !strings.HasPrefix(text, "#"):
				t.Errorf("%s: no line above says what this is for: %s", name, strings.TrimSpace(line))
				fallthrough
			default:
				first = false
			}
		}
	}
	if rules < 5 {
		t.Errorf("found %d roles: are they written in another way now?", rules)
	}
}

// installFile is made of the others.
const installFile = "manifests/install.yaml"

// TestWebhooksLockNobodyOut: whatever happens to initguard, the cluster works.
func TestWebhooksLockNobodyOut(t *testing.T) {
	type webhook struct {
		name      string
		policy    *admissionregistrationv1.FailurePolicyType
		timeout   *int32
		effects   *admissionregistrationv1.SideEffectClass
		namespace *metav1.LabelSelector
	}
	var all []webhook
	for _, file := range []string{"validating-webhook.yaml", "mutating-webhook.yaml"} {
		text, err := os.ReadFile(filepath.Join(root, "manifests", "base", file))
		if err != nil {
			t.Fatal(err)
		}
		var v admissionregistrationv1.ValidatingWebhookConfiguration
		if err := yaml.Unmarshal(text, &v); err != nil { // of a mutating one the fields read here are the same
			t.Fatalf("%s: %v", file, err)
		}
		for _, w := range v.Webhooks {
			all = append(all, webhook{w.Name, w.FailurePolicy, w.TimeoutSeconds, w.SideEffects, w.NamespaceSelector})
		}
	}
	if len(all) < 3 {
		t.Fatalf("found %d webhooks", len(all))
	}
	for _, w := range all {
		if w.policy == nil || *w.policy != admissionregistrationv1.Ignore {
			t.Errorf("%s: failurePolicy is not Ignore", w.name)
		}
		if w.timeout == nil || *w.timeout > 5 {
			t.Errorf("%s: timeoutSeconds is above 5", w.name)
		}
		if w.effects == nil || *w.effects != admissionregistrationv1.SideEffectClassNone && *w.effects != admissionregistrationv1.SideEffectClassNoneOnDryRun {
			t.Errorf("%s: a dry run would not be judged", w.name)
		}
		for _, exempt := range []string{"kube-system", "initguard-system", "initguard-node"} {
			if w.namespace == nil || !slices.ContainsFunc(w.namespace.MatchExpressions, func(e metav1.LabelSelectorRequirement) bool {
				return e.Key == "kubernetes.io/metadata.name" && e.Operator == metav1.LabelSelectorOpNotIn && slices.Contains(e.Values, exempt)
			}) {
				t.Errorf("%s: the namespace %s is not excluded", w.name, exempt)
			}
		}
	}
}
