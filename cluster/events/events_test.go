package events

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/webhook"
)

func verdict() webhook.LateVerdict {
	return webhook.LateVerdict{
		Object:    schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"},
		Namespace: "shop", Name: "web", UID: "7b1e0f5e-0000-4000-8000-000000000000", Template: "cbfd0cd72ce9e608", Text: "initguard: text",
	}
}

// recorder speaks to a server that answers with the given codes in turn, then
// with 201, and keeps what it was sent.
func recorder(t *testing.T, codes ...int) (*Recorder, *[]eventsv1.Event) {
	t.Helper()
	var got []eventsv1.Event
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var e eventsv1.Event
		if err == nil {
			err = json.Unmarshal(body, &e)
		}
		if err != nil || req.Method != http.MethodPost || req.URL.Path != "/apis/events.k8s.io/v1/namespaces/shop/events" {
			t.Errorf("%s %s: %v", req.Method, req.URL.Path, err)
		}
		got = append(got, e)
		code, reason := http.StatusCreated, ""
		if len(codes) >= len(got) {
			code = codes[len(got)-1]
			reason = map[int]string{403: "Forbidden", 409: "AlreadyExists", 500: "InternalError", 422: "Invalid"}[code]
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		if code == http.StatusCreated {
			_, _ = w.Write(body)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason})
	}))
	t.Cleanup(server.Close)
	r, err := New(&rest.Config{Host: server.URL}, "webhook-0")
	if err != nil {
		t.Fatal(err)
	}
	r.attempts = wait.Backoff{Duration: time.Millisecond, Steps: 3}
	return r, &got
}

func TestTell(t *testing.T) {
	for name, tc := range map[string]struct {
		codes []int
		tries int
		want  string
		told  bool
	}{
		"at once":         {nil, 1, "", false},
		"after a failure": {[]int{500, 429}, 3, "", false},
		"down":            {[]int{500, 500, 500}, 3, "write an Event", false},
		"told before":     {[]int{409}, 1, "told before", true},
		"no right":        {[]int{403}, 1, "may this ServiceAccount create events", false},
		"invalid":         {[]int{422}, 1, "write an Event", false},
	} {
		t.Run(name, func(t *testing.T) {
			r, got := recorder(t, tc.codes...)
			err := r.Tell(t.Context(), verdict())
			if len(*got) != tc.tries || errors.Is(err, webhook.ErrTold) != tc.told {
				t.Errorf("%d tries, want %d; %v", len(*got), tc.tries, err)
			}
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestTellEndsWithItsContext(t *testing.T) {
	r, _ := recorder(t, 500, 500, 500)
	r.attempts = wait.Backoff{Duration: time.Hour, Steps: 3}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Tell(ctx, verdict()); err == nil {
		t.Error("want an error")
	}
}

// TestEventIsValid: whatever the object is called, the Event is one that the
// API server takes, the same template has the same name, and others have not.
func TestEventIsValid(t *testing.T) {
	r, err := New(&rest.Config{Host: "https://127.0.0.1"}, strings.Repeat("ü", 100))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, change := range []func(*webhook.LateVerdict){
		func(*webhook.LateVerdict) {},
		func(v *webhook.LateVerdict) { v.Name = strings.Repeat("a", 253) },
		func(v *webhook.LateVerdict) { v.Name = strings.Repeat("a", 199) + "." + strings.Repeat("b", 53) },
		func(v *webhook.LateVerdict) { v.UID = "0c1e0f5e-0000-4000-8000-000000000000" },
		func(v *webhook.LateVerdict) { v.Template = "0000000000000000" },
		func(v *webhook.LateVerdict) { v.Text, v.Template = strings.Repeat("ü", 1000), "0000000000000001" },
	} {
		v := verdict()
		change(&v)
		e := r.event(v)
		if problems := validation.IsDNS1123Subdomain(e.Name); len(problems) > 0 {
			t.Errorf("name %q: %v", e.Name, problems)
		}
		if names[e.Name] {
			t.Errorf("two verdicts share the name %q", e.Name)
		}
		names[e.Name] = true
		if len(e.Note) > maxNote || !utf8.ValidString(e.Note) || len(e.ReportingInstance) > maxInstance || !utf8.ValidString(e.ReportingInstance) {
			t.Errorf("%d bytes of note, %d of instance", len(e.Note), len(e.ReportingInstance))
		}
		if e.Regarding.UID == "" || e.Regarding.APIVersion != "apps/v1" || e.Namespace != e.Regarding.Namespace {
			t.Errorf("regarding %+v", e.Regarding)
		}
	}
	harmed := verdict()
	harmed.HarmedByOrphans = true
	if e := r.event(harmed); e.Reason != reasonHarmed || r.event(verdict()).Reason != reasonNotReaping {
		t.Errorf("reason %q", e.Reason)
	}
}
