package integration

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// created creates a pod and gives it as the API server stored it, with what
// whoever created it saw.
func created(t *testing.T, manifest string) (corev1.Pod, string) {
	t.Helper()
	out, err := kubectl(t, manifest, "create", "-f", "-", "-o", "json")
	if err != nil {
		t.Fatalf("kubectl create: %v\n%s", err, out)
	}
	at := strings.Index(out, "{\n")
	if at < 0 {
		t.Fatalf("no object: %s", out)
	}
	var pod corev1.Pod
	if err := json.Unmarshal([]byte(out[at:]), &pod); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return pod, out[:at]
}

func injectPod(namespace, name, asked, spec string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: " + namespace +
		", annotations: {initguard.dev/inject: " + asked + "}}\nspec: " + spec
}

// strategyOf is the strategy that a pod says it was injected with, empty for
// none.
func strategyOf(pod corev1.Pod) string {
	var record struct{ Strategy string }
	if json.Unmarshal([]byte(pod.Annotations["initguard.dev/injected"]), &record) != nil {
		return ""
	}
	return record.Strategy
}

func TestInject(t *testing.T) {
	namespace(t, "inject", "pod-security.kubernetes.io/enforce: restricted")
	const secure = `securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}`
	one := "{containers: [{name: app, image: REGISTRY/shop/web:1.4, " + secure + "}]}"
	got, said := created(t, injectPod("inject", "one", "auto", one))
	if got.Spec.ShareProcessNamespace == nil || !*got.Spec.ShareProcessNamespace || said != "" {
		t.Errorf("share-pid: %+v; said %q", got.Spec.ShareProcessNamespace, said)
	}
	two := "{containers: [{name: app, image: REGISTRY/shop/web:1.4, command: [node, $(A)], " + secure + "}, {name: side, image: REGISTRY/shop/web-tini:1.4, " + secure + "}]}"
	got, said = created(t, injectPod("inject", "two", "auto", two))
	if want := []string{"/.initguard/tini", "--", "node", "$(A)"}; strings.Join(got.Spec.Containers[0].Command, " ") != strings.Join(want, " ") ||
		len(got.Spec.InitContainers) != 1 || said != "" {
		t.Errorf("wrap: %+v; said %q", got.Spec, said)
	}
	if want := `"strategy":"wrap","containers":["app"]`; !strings.Contains(got.Annotations["initguard.dev/injected"], want) {
		t.Errorf("annotation %q", got.Annotations)
	}
	_, said = created(t, injectPod("inject", "tag", "wrap", one))
	if !strings.Contains(said, `not injected: its image is named by a tag: name it by digest, or set command (container app)`) {
		t.Errorf("refused: %q", said)
	}
}
