package cluster

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// testWebhook shows that admission webhooks by URL are called, and that kubectl
// shows their warnings.
func testWebhook(t *testing.T, c *Cluster) {
	server := httptest.NewTLSServer(http.HandlerFunc(warn))
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for _, kind := range []string{"Validating", "Mutating"} {
		mustApply(t, c, webhookConfiguration(kind, server.URL, ca))
	}
	// A registration takes effect some moments later.
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		out := mustKubectl(t, c, "create", "configmap", "seen", "--dry-run=server")
		if strings.Count(out, "Warning: seen by /Validating") == 1 && strings.Count(out, "Warning: seen by /Mutating") == 1 {
			return
		}
	}
	t.Error("the webhooks were not called within a minute")
}

// warn admits everything and warns with the path it was called by.
func warn(w http.ResponseWriter, r *http.Request) {
	var review struct {
		APIVersion string               `json:"apiVersion"`
		Kind       string               `json:"kind"`
		Request    struct{ UID string } `json:"request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": review.APIVersion,
		"kind":       review.Kind,
		"response": map[string]any{
			"uid": review.Request.UID, "allowed": true, "warnings": []string{"seen by " + r.URL.Path},
		},
	})
}

func webhookConfiguration(kind, url string, ca []byte) string {
	return fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: %[1]sWebhookConfiguration
metadata:
  name: warn
webhooks:
- name: warn.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig:
    url: %[2]s/%[1]s
    caBundle: %[3]s
  rules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE]
    resources: [configmaps]
`, kind, url, base64.StdEncoding.EncodeToString(ca))
}
