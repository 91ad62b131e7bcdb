//go:build e2e

package alertmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/alerts"
	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/debroot"
	"github.com/initguard/initguard/test/poll"
)

// -update writes down what the Alertmanager posts, for the tests of
// scanner/alerts: go test -tags=e2e ./test/alertmanager -run Recorded -update.
var update = flag.Bool("update", false, "write the recorded payload anew")

const (
	token    = "a-token-of-the-tests"
	recorded = "../../scanner/alerts/testdata/alertmanager.json"
	page     = "../../docs/alerts.md"
	within   = 60 * time.Second
)

// receiver is the responder's handler with what it needs, over HTTP: reports that
// are written by the turns of a shelf, as the publisher does.
type receiver struct {
	*httptest.Server
	shelf *alerts.Shelf

	mu       sync.Mutex
	leads    bool
	reports  []*v1alpha1.ZombieReport
	bodies   [][]byte
	statuses []int
	answers  []string
}

func (r *receiver) Sighted(string, string) (string, bool) { return "", false }

func (r *receiver) Look(context.Context, string, string) alerts.Look {
	scanned := time.Now()
	return alerts.Look{Pod: alerts.PodFound, Node: "n1", Scanned: &scanned}
}

// desk is the shelf of a responder that may not lead.
type desk struct {
	*alerts.Shelf
	r *receiver
}

func (d desk) Leads() bool {
	d.r.mu.Lock()
	defer d.r.mu.Unlock()
	return d.r.leads && d.Shelf.Leads()
}

func receive(t *testing.T, tokens string, pods ...string) *receiver {
	t.Helper()
	r := &receiver{shelf: alerts.NewShelf(nil), leads: true}
	for _, pod := range pods {
		report := &v1alpha1.ZombieReport{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "deployment-" + pod}}
		report.Status.Summary = v1alpha1.Summary{Workload: "Deployment/" + pod, Pods: 1, Zombies: 3, Cause: "PID1NotReaping"}
		report.Status.Pods = []v1alpha1.Pod{{Name: pod, Node: "n1", Zombies: 3, OldestSince: metav1.Now()}}
		r.reports = append(r.reports, report)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := alerts.Default()
	settings.TokenFile = file
	metrics, err := alerts.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	handler := alerts.NewHandler(alerts.Options{
		Settings: func() alerts.Settings { return settings }, Desk: desk{r.shelf, r}, Looker: r, Hurry: r.turn,
		Metrics: metrics, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	}).Mux()
	r.turn()
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		r.mu.Lock()
		r.bodies, r.statuses, r.answers = append(r.bodies, body), append(r.statuses, answer.Code), append(r.answers, answer.Body.String())
		r.mu.Unlock()
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(r.Close)
	return r
}

// turn stores what the shelf wants to be kept.
func (r *receiver) turn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := r.shelf.Turn(time.Now(), r.reports)
	next := make([]*v1alpha1.ZombieReport, len(r.reports))
	for i, report := range r.reports {
		next[i] = report
		if notice, ok := wanted[types.NamespacedName{Namespace: report.Namespace, Name: report.Name}]; ok {
			next[i] = report.DeepCopy()
			next[i].Status.Notice = notice
		}
	}
	r.reports = next
	r.shelf.Turn(time.Now(), r.reports)
}

func (r *receiver) kept(pod string) *v1alpha1.Alert {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, report := range r.reports {
		if report.Name == "deployment-"+pod && report.Status.Notice != nil {
			return report.Status.Notice.Alert
		}
	}
	return nil
}

// told waits until a request was answered so, with a text in its answer.
func (r *receiver) told(t *testing.T, status int, text string) {
	t.Helper()
	poll.Until(t, 50*time.Millisecond, within, fmt.Sprintf("an answer %d with %q", status, text), func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, s := range r.statuses {
			if s == status && strings.Contains(r.answers[i], text) {
				return nil
			}
		}
		return fmt.Errorf("answered %v: %.2000s", r.statuses, r.answers)
	})
}

// setup unpacks the programs and makes a group of processes.
func setup(t *testing.T) (Programs, *process.Group) {
	t.Helper()
	cache, err := debroot.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := Unpack(t.Context(), &debroot.Builder{Dir: cache, Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	group, err := process.New(t.Context(), t.TempDir(), "alertmanager")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(group.Logs(40))
		}
		if err := group.Stop(); err != nil {
			t.Error(err)
		}
	})
	return programs, group
}

// pageConfig is the configuration that docs/alerts.md shows.
func pageConfig(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) != 1 {
		t.Fatalf("%s shows %d files, want one", page, len(blocks))
	}
	return string(blocks[0][1])
}

// configured is that configuration with our address and token, and shorter times.
func configured(t *testing.T, r *receiver, given string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(given+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := pageConfig(t)
	for _, change := range [][2]string{
		{"http://initguard-responder.initguard-system.svc:8082", r.URL},
		{"/etc/alertmanager/secrets/initguard-alerts/token", file},
		{"group_wait: 10s", "group_wait: 0s"}, {"group_interval: 1m", "group_interval: 10s"},
	} {
		if strings.Count(config, change[0]) != 1 {
			t.Fatalf("%s has %q %d times, want once", page, change[0], strings.Count(config, change[0]))
		}
		config = strings.Replace(config, change[0], change[1], 1)
	}
	return config
}

func zombies(pod string, more ...string) map[string]string {
	labels := map[string]string{"alertname": "ZombieProcesses", "namespace": "shop", "pod": pod}
	for i := 0; i+1 < len(more); i += 2 {
		labels[more[i]] = more[i+1]
	}
	return labels
}

// TestPageConfig has amtool read the configuration that the page shows, and tell
// where it sends alerts.
func TestPageConfig(t *testing.T) {
	t.Parallel()
	programs, _ := setup(t)
	t.Logf("Debian's %s", programs.Version)
	file := filepath.Join(t.TempDir(), "alertmanager.yml")
	if err := os.WriteFile(file, []byte(pageConfig(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := programs.Amtool(t.Context(), "check-config", file)
	if err != nil || !strings.Contains(out, "SUCCESS") {
		t.Fatalf("check-config: %v\n%s", err, out)
	}
	for _, tt := range []struct{ labels, want string }{
		{"alertname=ZombieProcesses", "initguard"},
		{"alertname=ZombieProcesses source=initguard", "team"},
		{"alertname=Other", "team"},
	} {
		args := append([]string{"config", "routes", "test", "--config.file=" + file}, strings.Fields(tt.labels)...)
		if out, err := programs.Amtool(t.Context(), args...); err != nil || strings.TrimSpace(out) != tt.want {
			t.Errorf("%s goes to %q, %v; want %s", tt.labels, strings.TrimSpace(out), err, tt.want)
		}
	}
}

// TestRouted follows alerts from amtool to the reports, with the configuration of
// the page.
func TestRouted(t *testing.T) {
	t.Parallel()
	programs, group := setup(t)
	r := receive(t, "another-good-token\n"+token+"\n", "web-1", "web-2", "web-3")
	am, err := programs.Start(t.Context(), group, "routed", configured(t, r, token))
	if err != nil {
		t.Fatal(err)
	}
	add := func(labels map[string]string, end time.Time) {
		t.Helper()
		if err := am.Add(t.Context(), labels, end); err != nil {
			t.Fatal(err)
		}
	}

	add(zombies("web-1"), time.Time{})
	r.told(t, http.StatusOK, `"result":"joined","namespace":"shop","pod":"web-1","report":"deployment-web-1"`)
	kept := r.kept("web-1")
	if kept == nil || kept.Name != "ZombieProcesses" || kept.Pod != "web-1" || kept.EndsAt != nil || time.Since(kept.StartsAt.Time) > time.Minute {
		t.Fatalf("the report keeps %+v", kept)
	}

	add(zombies("api-1"), time.Time{})
	r.told(t, http.StatusOK, `"result":"no zombies","namespace":"shop","pod":"api-1","looked":{"pod":"found","node":"n1"`)

	if err := am.Silence(t.Context(), "pod=web-3"); err != nil {
		t.Fatal(err)
	}
	add(zombies("web-3"), time.Time{})
	add(zombies("web-2", "source", "initguard"), time.Time{})

	// One that does not lead is asked again until it does.
	r.mu.Lock()
	r.leads = false
	r.mu.Unlock()
	add(zombies("web-2"), time.Time{})
	r.told(t, http.StatusServiceUnavailable, "does not lead")
	if r.kept("web-2") != nil {
		t.Error("a responder that does not lead had an alert kept")
	}
	r.mu.Lock()
	r.leads = true
	r.mu.Unlock()
	poll.Until(t, 50*time.Millisecond, within, "the alert that was tried again", func() error {
		if r.kept("web-2") == nil {
			return fmt.Errorf("not kept; answered %v", r.statuses)
		}
		return nil
	})

	add(zombies("web-1"), time.Now())
	poll.Until(t, 50*time.Millisecond, within, "the end of the alert", func() error {
		if a := r.kept("web-1"); a.EndsAt == nil || a.Fingerprint != kept.Fingerprint {
			return fmt.Errorf("the report keeps %+v", a)
		}
		return nil
	})
	if a := r.kept("web-3"); a != nil {
		t.Errorf("a silenced alert was sent: %+v", a)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, body := range r.bodies {
		if bytes.Contains(body, []byte(`"source":"initguard"`)) {
			t.Errorf("one of initguard's own alerts was sent, and answered %d", r.statuses[i])
		}
	}
}

// TestRefused has Alertmanager send what is refused: the wrong token, and alerts
// of initguard's own by a route that doesn't leave them out.
func TestRefused(t *testing.T) {
	t.Parallel()
	programs, group := setup(t)
	r := receive(t, token, "web-1")
	am, err := programs.Start(t.Context(), group, "wrong-token", configured(t, r, "not-the-right-token"))
	if err != nil {
		t.Fatal(err)
	}
	if err := am.Add(t.Context(), zombies("web-1"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	r.told(t, http.StatusUnauthorized, "bearer token")
	poll.Until(t, 50*time.Millisecond, within, "what Alertmanager says of it", func() error {
		if log := am.Logs(20); !strings.Contains(log, "401") {
			return fmt.Errorf("its log:\n%s", log)
		}
		return nil
	})

	config := strings.Replace(configured(t, r, token), `, 'source!="initguard"'`, "", 1)
	own, err := programs.Start(t.Context(), group, "own", config)
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Add(t.Context(), zombies("web-1", "source", "initguard"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	r.told(t, http.StatusUnprocessableEntity, `source!=\"initguard\"`)
	if a := r.kept("web-1"); a != nil {
		t.Errorf("what was refused is kept: %+v", a)
	}
}

// TestRecorded has a group with a resolved alert and one left out sent, which is
// what scanner/alerts' recorded payload is.
func TestRecorded(t *testing.T) {
	t.Parallel()
	programs, group := setup(t)
	r := receive(t, token, "web-1", "web-2", "web-3")
	config := configured(t, r, token)
	for _, change := range [][2]string{
		{"ZombieProcesses|PodPIDsHigh", "ZombiesInPod"}, {"group_by: [namespace, pod]", "group_by: [namespace]"},
		{"max_alerts: 0", "max_alerts: 2"}, {"group_wait: 0s", "group_wait: 6s"},
	} {
		config = strings.Replace(config, change[0], change[1], 1)
	}
	am, err := programs.Start(t.Context(), group, "recorded", config)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(3 * time.Second)
	for i, pod := range []string{"web-1", "web-2", "web-3"} {
		ends := time.Time{}
		if i == 0 {
			ends = end
		}
		if err := am.Add(t.Context(), zombies(pod, "alertname", "ZombiesInPod"), ends); err != nil {
			t.Fatal(err)
		}
	}
	r.told(t, http.StatusOK, `"truncated":1`)
	r.mu.Lock()
	defer r.mu.Unlock()
	first := slices.IndexFunc(r.answers, func(a string) bool {
		return strings.Contains(a, `"truncated":1`) && strings.Contains(a, "Alertmanager left out 1 alerts")
	})
	if first < 0 {
		t.Fatalf("answered %s", r.answers)
	}
	var body bytes.Buffer
	if err := json.Indent(&body, bytes.TrimSpace(r.bodies[first]), "", "  "); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(recorded, append(body.Bytes(), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := shape(t, body.Bytes()), shape(t, want); got != want {
		t.Errorf("this Alertmanager posts other fields than the recorded one: run with -update and look.\n%s\nrecorded:\n%s", got, want)
	}
}

// shape are the names of the fields, without values.
func shape(t *testing.T, body []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	var strip func(v any) any
	strip = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for name := range v {
				v[name] = strip(v[name])
			}
			return v
		case []any:
			for i := range v {
				v[i] = strip(v[i])
			}
			return v
		}
		return fmt.Sprintf("%T", v)
	}
	out, err := json.Marshal(strip(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
