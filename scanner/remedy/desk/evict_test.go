package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/scanner/remedy"
)

// server answers evictions as told, and keeps what it was asked.
func server(t *testing.T, code int, header, body string) (*API, *[]string) {
	t.Helper()
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			t.Error(err)
		}
		if r.Method == http.MethodPost {
			asked = append(asked, r.URL.String()+" "+string(data))
		}
		if header != "" {
			w.Header().Set("Retry-After", header)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	a, err := NewAPI(&rest.Config{Host: s.URL}, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return a, &asked
}

// said is a Status of the API server.
func said(code int, reason, message, details string) string {
	return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":%q,"details":{%s}}`, code, reason, message, details)
}

// TestAnswers reads what API servers say, and asks once, whatever they say: what
// does not say for certain that nothing was done is an error.
func TestAnswers(t *testing.T) {
	budget := `"causes":[{"reason":"` + string(policyv1.DisruptionBudgetCause) + `","message":"needs 2 healthy pods and has 2 currently"}],"retryAfterSeconds":7`
	for name, test := range map[string]struct {
		code         int
		header, body string
		want         remedy.Reason
		after        time.Duration
		uncertain    bool
	}{
		"done":                  {201, "", `{"kind":"Status","apiVersion":"v1","status":"Success"}`, "", 0, false},
		"gone":                  {404, "", said(404, "NotFound", "pods \"web-1\" not found", ""), remedy.PodGone, 0, false},
		"a disruption budget":   {429, "7", said(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", budget), remedy.DisruptionBudget, 7 * time.Second, false},
		"an endless wait":       {429, "9999999", said(429, "TooManyRequests", "Cannot evict", strings.Replace(budget, ":7", ":9999999", 1)), remedy.DisruptionBudget, time.Hour, false},
		"a server with no time": {429, "3", said(429, "TooManyRequests", "too many requests, please try again later", `"retryAfterSeconds":3`), "", 3 * time.Second, true},
		"two budgets":           {500, "", said(500, "InternalError", "Internal error occurred: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.", ""), remedy.NotAllowed, 0, false},
		"no right": {403, "", said(403, "Forbidden", `pods "web-1" is forbidden: User "x" cannot create resource "pods/eviction" in API group "" in the namespace "shop"`, ""),
			remedy.NoRight, 0, false},
		"somebody's webhook":     {403, "", said(403, "Forbidden", `admission webhook "x" denied the request: not in office hours`, ""), remedy.NotAllowed, 0, false},
		"what can't be":          {422, "", said(422, "Invalid", "no", ""), remedy.NotAllowed, 0, false},
		"a failure":              {500, "", said(500, "InternalError", "etcd is away", ""), "", 0, true},
		"no time left":           {504, "", said(504, "Timeout", "timeout", ""), "", 0, true},
		"a proxy's page":         {502, "", "<html>bad gateway</html>", "", 0, true},
		"a proxy's wait":         {503, "1", "busy", "", time.Second, true},
		"a conflict that passes": {409, "", said(409, "Conflict", "the object has been modified", ""), "", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			a, asked := server(t, test.code, test.header, test.body)
			got, err := a.Evict(t.Context(), Target{Namespace: "shop", Pod: "web-1", UID: "uid-1"}, false)
			if (err != nil) != test.uncertain || got.Reason != test.want || got.After != test.after {
				t.Errorf("%+v, %v", got, err)
			}
			if len(*asked) != 1 || !strings.Contains((*asked)[0], `"preconditions":{"uid":"uid-1"}`) || strings.Contains((*asked)[0], "dryRun") {
				t.Errorf("asked %q", *asked)
			}
		})
	}
}

// TestDryRunIsOne: it says so in both places, so that no server takes it for the
// real one.
func TestDryRunIsOne(t *testing.T) {
	a, asked := server(t, 201, "", `{"kind":"Status","apiVersion":"v1","status":"Success"}`)
	if _, err := a.Evict(t.Context(), Target{Namespace: "shop", Pod: "web-1", UID: "uid-1"}, true); err != nil {
		t.Fatal(err)
	}
	if len(*asked) != 1 || !strings.Contains((*asked)[0], "/pods/web-1/eviction?dryRun=All&") || !strings.Contains((*asked)[0], `"dryRun":["All"]`) {
		t.Errorf("asked %q", *asked)
	}
}

// TestHangs: a server that does not answer costs no more than the job's time.
func TestHangs(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(release) }) // It is closed first.
	a, err := NewAPI(&rest.Config{Host: s.URL}, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := a.Evict(ctx, Target{Namespace: "shop", Pod: "web-1", UID: "uid-1"}, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
