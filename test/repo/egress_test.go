package repo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/initguard/initguard/scanner/notify"
)

// TestResponderReachesItsMailServer: the policy that is shipped lets out what a
// mail server that is named takes: its ports, and asking for its address, which on
// OpenShift goes to port 5353 of the resolver's pods.
func TestResponderReachesItsMailServer(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "manifests", "components", "responder", "networkpolicy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var p networkingv1.NetworkPolicy
	if err := yaml.UnmarshalStrict(text, &p); err != nil {
		t.Fatal(err)
	}
	open := make(map[string]bool)
	for _, rule := range p.Spec.Egress {
		for _, port := range rule.Ports {
			protocol := corev1.ProtocolTCP
			if port.Protocol != nil {
				protocol = *port.Protocol
			}
			if len(rule.To) == 0 {
				open[fmt.Sprint(protocol, " ", port.Port)] = true
			}
		}
	}
	want := []string{"UDP 53", "TCP 53", "UDP 5353", "TCP 5353"}
	for _, mode := range []notify.TLSMode{notify.StartTLS, notify.ImplicitTLS, notify.NoTLS} {
		want = append(want, fmt.Sprint("TCP ", notify.DefaultPort(mode)))
	}
	for _, one := range want {
		if !open[one] {
			t.Errorf("%s is not let out", one)
		}
	}
}
