package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook"
)

func post(h http.Handler, contentType string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/validate", body)
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestServeAsControllerRuntime: whatever the handler answers, the API server
// gets what controller-runtime would send it.
func TestServeAsControllerRuntime(t *testing.T) {
	f := newFixture(t, "")
	patched := admission.PatchResponseFromRaw([]byte(`{}`), []byte(`{"metadata":{"labels":{"a":"b"}}}`))
	handlers := map[string]admission.Handler{
		"the validator": f.handler,
		"allowed":       admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return admission.Allowed("") }),
		"denied":        admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return admission.Denied("no") }),
		"patched":       admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return patched }),
	}
	for name, handler := range handlers {
		for _, file := range []string{"testdata/review-pod.json", "testdata/review-deployment.json"} {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, version := range []string{"v1", "v1beta1"} {
				body := bytes.Replace(body, []byte("admission.k8s.io/v1"), []byte("admission.k8s.io/"+version), 1)
				var got, want any
				for into, h := range map[*any]http.Handler{&got: webhook.Serve(handler, logr.Discard()), &want: &admission.Webhook{Handler: handler}} {
					w := post(h, "application/json", bytes.NewReader(body))
					if err := json.Unmarshal(w.Body.Bytes(), into); err != nil || w.Code != http.StatusOK {
						t.Fatalf("%s, %s: %d %v: %s", name, file, w.Code, err, w.Body)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, %s, %s: controller-runtime's answer (-), ours (+):\n%s", name, file, version, diff)
				}
			}
		}
	}
}

// TestServeRefuses: what is no review gets an error, never a verdict.
func TestServeRefuses(t *testing.T) {
	f := newFixture(t, "")
	const head = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"`
	panics := admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { panic("a bug") })
	tests := []struct {
		name, contentType string
		handler           admission.Handler
		body              io.Reader
		want              int
	}{
		{"empty", "application/json", f.handler, strings.NewReader(""), http.StatusBadRequest},
		{"not JSON", "application/json", f.handler, strings.NewReader("x"), http.StatusBadRequest},
		{"another type", "text/plain", f.handler, strings.NewReader(head + `,"request":{}}`), http.StatusUnsupportedMediaType},
		{"another kind", "application/json", f.handler, strings.NewReader(`{"kind":"Pod","apiVersion":"v1","request":{}}`), http.StatusBadRequest},
		{"another version", "application/json", f.handler, strings.NewReader(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v9","request":{}}`), http.StatusBadRequest},
		{"no request", "application/json", f.handler, strings.NewReader(head + `}`), http.StatusBadRequest},
		{"too large", "application/json", f.handler, io.MultiReader(strings.NewReader(head), strings.NewReader(strings.Repeat(" ", 7<<20))), http.StatusRequestEntityTooLarge},
		{"a panic", "application/json", panics, strings.NewReader(head + `,"request":{}}`), http.StatusInternalServerError},
	}
	for _, test := range tests {
		w := post(webhook.Serve(test.handler, logr.Discard()), test.contentType, test.body)
		if w.Code != test.want || strings.Contains(w.Body.String(), "allowed") {
			t.Errorf("%s: %d, want %d: %s", test.name, w.Code, test.want, w.Body)
		}
	}
}
