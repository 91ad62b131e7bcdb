package monitoring

import (
	"os"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestPrometheusGetsIn: the policy lets those into the webhook's metrics that the
// page says, by the port that they are asked at, and nobody else.
func TestPrometheusGetsIn(t *testing.T) {
	t.Parallel()
	var policy networkingv1.NetworkPolicy
	read(t, "../../manifests/components/network-policy/networkpolicy.yaml", &policy)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var port string
	for _, m := range podMonitors(t) {
		if m.Metadata.Name == policy.Name {
			port = m.Spec.Endpoints[0].Port
		}
	}
	metrics := 0
	for _, rule := range policy.Spec.Ingress {
		if len(rule.Ports) != 1 || rule.Ports[0].Port.String() != port {
			continue
		}
		metrics++
		if len(rule.From) != 1 {
			t.Fatalf("metrics are open to %v", rule.From)
		}
		selector, err := metav1.LabelSelectorAsSelector(rule.From[0].NamespaceSelector)
		if err != nil {
			t.Fatal(err)
		}
		for namespace, want := range map[string]bool{
			"monitoring": true, "openshift-monitoring": true, "openshift-user-workload-monitoring": true, "shop": false, "openshift-ingress": false,
		} {
			if got := selector.Matches(labels.Set{"kubernetes.io/metadata.name": namespace}); got != want {
				t.Errorf("pods of %s may ask for metrics: %t", namespace, got)
			}
			if want && !strings.Contains(string(text), "`"+namespace+"`") {
				t.Errorf("%s does not name %s", page, namespace)
			}
		}
	}
	if metrics != 1 {
		t.Errorf("%d rules for the port %q, want one", metrics, port)
	}
}
