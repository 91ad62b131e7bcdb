package tenants

import (
	"fmt"
	"strings"
	"testing"
)

// TestInternalRegistry: in OpenShift's internal registry, what the pod's
// ServiceAccount may pull is judged, without any of its secrets.
func TestInternalRegistry(t *testing.T) {
	for _, namespace := range []string{"stream-home", "stream-guest"} {
		shared.namespace(t, namespace)
	}
	digest := push(t, shared.internal, "stream-home/web:1")
	push(t, shared.internal, "stream-home/deep/web:1")
	shared.apply(t, account("stream-home", "other")+account("stream-guest", "puller")+
		puller("home", "web", "{kind: Group, apiGroup: rbac.authorization.k8s.io, name: \"system:serviceaccounts:stream-home\"}")+
		puller("guest", "web", "{kind: ServiceAccount, name: puller, namespace: stream-guest}"))
	ask := func(namespace, account, image string) string {
		return shared.apply(t, workload(namespace, "app", shared.internal.Reference(image), account), "--dry-run=server")
	}
	for _, test := range []struct{ namespace, account, image, want string }{
		{"stream-home", "", "stream-home/web:1", judged},
		{"stream-home", "other", "stream-home/web@" + digest, judged},
		{"stream-guest", "puller", "stream-home/web:1", judged},
		{"stream-guest", "", "stream-home/web:1", unknown},
		{"stream-guest", "", "stream-home/web@" + digest, unknown},
		{"stream-guest", "puller", "stream-home/other:1", unknown},
		{"stream-home", "", "stream-home/deep/web:1", unknown},
	} {
		shared.internal.ResetCounts()
		out := ask(test.namespace, test.account, test.image)
		if !strings.Contains(out, test.want) || test.want == unknown && strings.Contains(out, judged) {
			t.Errorf("%s of %s, %s: want %q, got %s", test.account, test.namespace, test.image, test.want, out)
		}
		if test.want == unknown && len(shared.internal.Requests()) > 0 {
			t.Errorf("%s of %s, %s: the registry was asked: %v", test.account, test.namespace, test.image, shared.internal.Requests())
		}
		if strings.Contains(out, "imagestreams") || strings.Contains(out, "pull secrets") {
			t.Errorf("the tenant is told more than of any other image: %s", out)
		}
	}
	if log := shared.WebhookLog(1000); !strings.Contains(log, "ServiceAccount default of namespace stream-guest may not get imagestreams/layers there") {
		t.Errorf("the log does not name the right that lacks:\n%s", log)
	}
	shared.mu.Lock()
	tokens := shared.ownTokens
	shared.mu.Unlock()
	if len(tokens) == 0 {
		t.Fatal("nobody logged in")
	}
	who, err := shared.Cluster.Kubectl(t.Context(), "--kubeconfig=/dev/null", "--server="+shared.Cluster.Server, "--insecure-skip-tls-verify",
		"--token="+tokens[0], "auth", "whoami", "-o=jsonpath={.status.userInfo.username}").CombinedOutput()
	if err != nil || string(who) != "system:serviceaccount:initguard-system:initguard-webhook" {
		t.Errorf("the login was %s, %v", who, err)
	}
}

// puller lets a subject pull one image stream of stream-home.
func puller(name, stream, subject string) string {
	return fmt.Sprintf(`---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pull-%[1]s, namespace: stream-home}
rules: [{apiGroups: [image.openshift.io], resources: [imagestreams/layers], resourceNames: [%[2]s], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: pull-%[1]s, namespace: stream-home}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pull-%[1]s}
subjects: [%[3]s]
`, name, stream, subject)
}

// TestZNoPasswordLeaves looks for passwords in all that the webhook let out while
// the other tests ran; its name has it run after them.
func TestZNoPasswordLeaves(t *testing.T) {
	metrics, err := shared.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	shared.mu.Lock()
	shown := shared.shown.String()
	shared.mu.Unlock()
	for name, text := range map[string]string{"users": shown, "log": shared.WebhookLog(1_000_000), "metrics": metrics} {
		if strings.Contains(text, canary) || strings.Contains(text, "ZXlK") { // the base64 of a token begins so
			t.Errorf("the %s saw a password", name)
		}
		if len(text) < 1000 {
			t.Errorf("there is next to nothing to look at: %s: %s", name, text)
		}
	}
}
