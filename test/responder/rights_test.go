package responder

import (
	"os/exec"
	"strings"
	"testing"
)

// TestRights asks the API server what the responder may do, and what it may not.
func TestRights(t *testing.T) {
	may := map[string]bool{
		"list pods -A": true, "watch pods -n " + nodeNamespace: true, "get replicasets.apps -A": true,
		"update zombiereports.initguard.dev -A":                    true,
		"get secret/initguard-scanner-ca -n " + systemNamespace:    true,
		"update secret/initguard-scanner-tls -n " + nodeNamespace:  true,
		"update lease/initguard-responder -n " + systemNamespace:   true,
		"get nodes --subresource=proxy":                            true, // by responder-kubelet-limits
		"create events.events.k8s.io -A":                           true,
		"list events.events.k8s.io -A":                             false,
		"patch events.events.k8s.io -A":                            false,
		"watch pods -A":                                            false,
		"get pods -A":                                              false,
		"delete pods -A":                                           false,
		"create pods --subresource=eviction -A":                    false,
		"create pods --subresource=exec -A":                        false,
		"list secrets -n " + systemNamespace:                       false,
		"get secret/other -n " + systemNamespace:                   false,
		"create secrets -n " + systemNamespace:                     false,
		"get secret/initguard-scanner-tls -n " + systemNamespace:   false,
		"delete secret/initguard-scanner-ca -n " + systemNamespace: false,
		"update deployments.apps -A":                               false,
		"list replicasets.apps -A":                                 false,
		"update lease/other -n " + systemNamespace:                 false,
		"get configmaps -A":                                        false,
		"watch namespaces":                                         true,
		"get configmap/initguard-contacts -n " + systemNamespace:   true,
		"get configmap/initguard-config -n " + systemNamespace:     false,
		"get nodes": false,
		"update customresourcedefinitions.apiextensions.k8s.io":            false,
		"create serviceaccounts --subresource=token -n " + systemNamespace: false,
	}
	for right, want := range may {
		if got := can(t, "system:serviceaccount:"+systemNamespace+":initguard-responder", right); got != want {
			t.Errorf("%s: %v, want %v", right, got, want)
		}
	}
	for right, want := range map[string]bool{"get": true, "list": true, "watch": true, "create": false, "update": false, "patch": false, "delete": false} {
		verbs := kubectl(t, "get", "clusterrole", "initguard-zombiereports-view", "-o", "jsonpath={.rules[*].verbs}")
		if got := strings.Contains(verbs, `"`+right+`"`); got != want {
			t.Errorf("who may view a namespace and %s reports: %v", right, got)
		}
	}
	if can(t, "system:serviceaccount:default:default", "list zombiereports.initguard.dev -A") {
		t.Error("anybody may read reports")
	}
}

func can(t *testing.T, user, right string) bool {
	t.Helper()
	args := append([]string{"auth", "can-i", "--as", user}, strings.Fields(right)...)
	out, err := shared.cluster.Kubectl(t.Context(), args...).Output()
	if _, ok := err.(*exec.ExitError); err != nil && !ok { //nolint:errorlint // its type is all that matters
		t.Fatalf("%q: %v", args, err)
	}
	switch answer := strings.TrimSpace(string(out)); {
	case strings.HasPrefix(answer, "yes"):
		return true
	case strings.HasPrefix(answer, "no"):
		return false
	default:
		t.Fatalf("%q: %q, %v", args, answer, err)
		return false
	}
}

// TestApplyAgain: applying the manifests once more leaves the certificates alone.
func TestApplyAgain(t *testing.T) {
	shared.run(t, "again")
	files := certificates(t)
	before := kubectl(t, "get", "secret", "-A", "-o", "jsonpath={range .items[*]}{.metadata.name}{.data}{end}")
	kubectl(t, "apply", "-k", shared.overlay)
	if after := kubectl(t, "get", "secret", "-A", "-o", "jsonpath={range .items[*]}{.metadata.name}{.data}{end}"); before != after || files.Cert == "" {
		t.Error("the certificates are others")
	}
	if log := shared.group.Logs(1000); strings.Contains(log, "forbidden") {
		t.Errorf("it was refused something:\n%s", log)
	}
}
