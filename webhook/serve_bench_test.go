package webhook_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/go-logr/logr"

	"github.com/initguard/initguard/webhook"
)

// BenchmarkServe is a warm admission request from the body that the API server
// posts, one it really posted, to the body that it is answered with.
func BenchmarkServe(b *testing.B) {
	f := newFixture(b, "")
	handler := webhook.Serve(f.handler, logr.Discard())
	for _, kind := range []string{"pod", "deployment"} {
		body, err := os.ReadFile("testdata/review-" + kind + ".json")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/validate", bytes.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if !bytes.Contains(w.Body.Bytes(), []byte("PID 1 will be node")) {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
