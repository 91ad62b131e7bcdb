package app

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestEndingMovesConnections: callers keep their connection until they are asked
// to leave, and then go without losing a call, as many as there are.
func TestEndingMovesConnections(t *testing.T) {
	var end ending
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(end.answers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // a caller that is gone fails below
	})))
	server.EnableHTTP2 = true
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	call := func() {
		response, err := server.Client().Post(server.URL, "text/plain", strings.NewReader("review"))
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close() // it was read
		if err != nil || string(body) != "review" || response.ProtoMajor != 2 {
			t.Errorf("HTTP/%d: %q, %v", response.ProtoMajor, body, err)
		}
	}
	for range 20 {
		call()
	}
	if n := opened.Load(); n != 1 {
		t.Fatalf("%d connections before anybody was asked to leave, want 1", n)
	}
	end.leaving.Store(true)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 20 {
				call()
			}
		})
	}
	callers.Wait()
	if n := opened.Load(); n < 2 {
		t.Error("callers that were asked to leave stayed on their connection")
	}
}
