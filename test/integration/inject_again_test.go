package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// sidecars adds a container to every pod that has none of that name, as service
// meshes do.
func sidecars(container string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Request struct {
				UID    string     `json:"uid"`
				Object corev1.Pod `json:"object"`
			} `json:"request"`
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		response := map[string]any{"uid": review.Request.UID, "allowed": true}
		named := func(c corev1.Container) bool { return c.Name == "sidecar" }
		if !slices.ContainsFunc(review.Request.Object.Spec.Containers, named) {
			response["patchType"] = "JSONPatch"
			response["patch"] = []byte(`[{"op":"add","path":"/spec/containers/-","value":` + container + `}]`)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
	}
}

// sidecarWebhook registers a webhook that comes after initguard's for a
// namespace: the API server calls them in the order of their names.
func sidecarWebhook(t *testing.T, namespace, container string) {
	t.Helper()
	server := httptest.NewTLSServer(sidecars(container))
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	name := "zz-" + namespace
	apply(t, fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: %[1]s}
webhooks:
  - name: sidecars.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    clientConfig: {url: "%[2]s", caBundle: %[3]s}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[4]s}}
`, name, server.URL, base64.StdEncoding.EncodeToString(ca), namespace))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) //nolint:usetesting // The test's own is over here.
		defer cancel()
		if out, err := shared.Cluster.Kubectl(ctx, "delete", "mutatingwebhookconfiguration", name).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	eventually(t, "the webhook that adds sidecars", func() error {
		out, err := kubectl(t, "", "-n", namespace, "run", "probe", "--image=x", "--dry-run=server", "-o", "json")
		if err != nil || !strings.Contains(out, `"sidecar"`) {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
}

// TestInjectAgain: a container that another webhook adds afterwards makes
// share-pid wrong. It is taken back, and wrap used where that is possible.
func TestInjectAgain(t *testing.T) {
	digest, err := shared.Registry.PushSpecs(t.Context(), "again/app:1", imagetest.Spec{Cmd: []string{"node", "$(x)"}})
	if err != nil {
		t.Fatal(err)
	}
	namespace(t, "again", "initguard.dev/inject: possible")
	sidecarWebhook(t, "again", `{"name":"sidecar","image":"x","command":["tini","--","proxy"]}`)
	byDigest := "{name: app, image: REGISTRY/again/app@" + digest + "}"

	got, said := created(t, injectPod("again", "wrapped", "auto", "{containers: ["+byDigest+"]}"))
	if strategyOf(got) != "wrap" || got.Spec.ShareProcessNamespace != nil || said != "" {
		t.Errorf("got strategy %q, share %v; said %q", strategyOf(got), got.Spec.ShareProcessNamespace, said)
	}
	if c := got.Spec.Containers[0]; !slices.Equal(c.Command, []string{"/.initguard/tini", "--"}) || !slices.Equal(c.Args, []string{"node", "$$(x)"}) {
		t.Errorf("app starts %q %q", c.Command, c.Args)
	}
	got, said = created(t, injectPod("again", "refused", "auto", "{containers: [{name: app, image: REGISTRY/again/app:1}]}"))
	if strategyOf(got) != "" || got.Spec.ShareProcessNamespace != nil {
		t.Errorf("got strategy %q, share %v", strategyOf(got), got.Spec.ShareProcessNamespace)
	}
	if want := "not injected: not with share-pid: the pod has 2 containers that run on; not with wrap: its image is named by a tag"; !strings.Contains(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	got, said = created(t, injectPod("again", "own", "never", "{shareProcessNamespace: true, containers: ["+byDigest+"]}"))
	if got.Spec.ShareProcessNamespace == nil || said != "" {
		t.Errorf("a pod that shares on its own was changed: %v; said %q", got.Spec.ShareProcessNamespace, said)
	}
}

// TestInjectSidecarToo: a sidecar that leaks is wrapped as well, beside what was
// wrapped before, with one init container.
func TestInjectSidecarToo(t *testing.T) {
	namespace(t, "again-two", "initguard.dev/inject: possible, initguard.dev/strategy: wrap")
	sidecarWebhook(t, "again-two", `{"name":"sidecar","image":"x","command":["node","proxy.js"],"volumeMounts":[]}`)
	got, said := created(t, injectPod("again-two", "both", "wrap", "{containers: [{name: app, image: x, command: [node, app.js]}]}"))
	if said != "" || len(got.Spec.InitContainers) != 1 {
		t.Errorf("%d init containers; said %q", len(got.Spec.InitContainers), said)
	}
	for i, want := range []string{"/.initguard/tini -- node app.js", "/.initguard/tini -- node proxy.js"} {
		if c := got.Spec.Containers[i]; strings.Join(c.Command, " ") != want {
			t.Errorf("container %s starts %q, want %q", c.Name, c.Command, want)
		}
	}
	if record := got.Annotations["initguard.dev/injected"]; !strings.Contains(record, `"containers":["app","sidecar"]`) {
		t.Errorf("annotation %s", record)
	}
}
