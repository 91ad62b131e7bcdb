package alerts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

const token = "a-token-of-the-tests"

// office is a handler with what it needs: reports that are written by the turns
// of a shelf, as the publisher does, one at a time.
type office struct {
	*Handler
	shelf    *Shelf
	registry *prometheus.Registry
	log      *bytes.Buffer

	mu      sync.Mutex
	lost    bool // no longer the leader
	stuck   bool // nothing can be written
	reports []*v1alpha1.ZombieReport
	writes  int
	sighted map[string]string
	views   map[string]Look
	looked  int
	now     time.Time
}

func open(t *testing.T, reports ...*v1alpha1.ZombieReport) *office {
	t.Helper()
	o := &office{
		shelf: NewShelf(nil), registry: prometheus.NewRegistry(), log: new(bytes.Buffer), reports: reports,
		sighted: make(map[string]string), views: make(map[string]Look), now: at(3, 30),
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := Default()
	settings.TokenFile, settings.MaxAlerts = file, 20
	metrics, err := NewMetrics(o.registry)
	if err != nil {
		t.Fatal(err)
	}
	o.Handler = NewHandler(Options{
		Settings: func() Settings { return settings }, Desk: o, Looker: o, Hurry: o.turn, Wait: 2 * time.Second, Metrics: metrics,
		Log: slog.New(slog.NewTextHandler(o.log, nil)), Now: func() time.Time { return o.now },
	})
	o.shelf.Turn(o.now, reports)
	return o
}

func (o *office) Leads() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.lost && o.shelf.Leads()
}

func (o *office) Find(namespace, pod, fingerprint string) (*v1alpha1.ZombieReport, bool) {
	return o.shelf.Find(namespace, pod, fingerprint)
}

func (o *office) Report(key types.NamespacedName) (*v1alpha1.ZombieReport, bool) {
	return o.shelf.Report(key)
}

func (o *office) Offer(key types.NamespacedName, a v1alpha1.Alert) { o.shelf.Offer(key, a) }

func (o *office) Sighted(namespace, pod string) (string, bool) {
	name, ok := o.sighted[namespace+"/"+pod]
	return name, ok
}

func (o *office) Look(_ context.Context, namespace, pod string) Look {
	o.looked++
	return o.views[namespace+"/"+pod]
}

// turn writes one report.
func (o *office) turn() {
	o.mu.Lock()
	defer o.mu.Unlock()
	wanted := o.shelf.Turn(o.now, o.reports)
	if o.stuck {
		return
	}
	next := make([]*v1alpha1.ZombieReport, len(o.reports))
	copy(next, o.reports)
	for i, r := range next {
		if notice, ok := wanted[types.NamespacedName{Namespace: r.Namespace, Name: r.Name}]; ok {
			next[i] = r.DeepCopy()
			next[i].Status.Notice = notice
			o.writes++
			break
		}
	}
	o.reports = next
	o.shelf.Turn(o.now, o.reports)
}

func (o *office) kept(name string) *v1alpha1.Alert {
	for _, r := range o.reports {
		if r.Name == name {
			return kept(r)
		}
	}
	return nil
}

// post posts a body as Alertmanager does.
func (o *office) post(body string) (*httptest.ResponseRecorder, Answer) {
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	o.Mux().ServeHTTP(w, r)
	var answer Answer
	_ = json.Unmarshal(w.Body.Bytes(), &answer) // what isn't one is an answer that says nothing
	return w, answer
}

// metrics are those that are not 0.
func (o *office) metrics(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(o.registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, "duration_seconds") && !strings.HasSuffix(line, " 0\n") {
			lines = append(lines, strings.TrimPrefix(strings.TrimSpace(line), "initguard_"))
		}
	}
	return strings.Join(lines, "\n")
}

// one is an alert of a payload.
func one(name, fingerprint, status string, minute int, labels ...string) string {
	m := map[string]string{"alertname": name}
	for i := 0; i+1 < len(labels); i += 2 {
		m[labels[i]] = labels[i+1]
	}
	l, _ := json.Marshal(m) // of strings
	return fmt.Sprintf(`{"status":%q,"labels":%s,"startsAt":%q,"endsAt":"2026-01-02T03:29:00Z","fingerprint":%q}`,
		status, l, at(3, minute).Format(time.RFC3339), fingerprint)
}

func group(alerts ...string) string {
	return `{"version":"4","status":"firing","alerts":[` + strings.Join(alerts, ",") + `]}`
}

// TestAnswers posts one group with an alert of each kind, and wants what
// docs/alerts.md shows of it.
func TestAnswers(t *testing.T) {
	scanned := at(3, 29)
	late := at(3, 1)
	o := open(t, reported("shop", "deployment-web", nil, "web-1", "web-2"), reported("shop", "statefulset-db", nil, "db-0"))
	o.reports[0].Status.Summary.Workload = "Deployment/web"
	o.sighted["shop/web-99"] = "deployment-web" // one of those that the report does not list
	o.views["shop/api-1"] = Look{Pod: PodFound, Node: "n1", Scanned: &scanned}
	o.views["shop/gone-1"] = Look{Pod: PodUnknown}
	o.views["shop/new-1"] = Look{Pod: PodFound}
	o.views["shop/mute-1"] = Look{Pod: PodFound, Node: "n2", Scanned: &late, Silent: true}
	o.views["shop/bare-1"] = Look{Pod: PodFound, Node: "n3"}
	w, answer := o.post(group(
		one("ZombieProcesses", "a1", "firing", 10, "namespace", "shop", "pod", "web-1"),
		one("ZombieProcesses", "a2", "firing", 11, "namespace", "shop", "pod", "web-2"),
		one("ZombieProcesses", "a3", "firing", 12, "namespace", "shop", "pod", "web-99"),
		one("ZombieProcesses", "b1", "firing", 10, "namespace", "shop", "pod", "api-1"),
		one("ZombieProcesses", "b2", "firing", 10, "namespace", "shop", "pod", "gone-1"),
		one("ZombieProcesses", "b3", "firing", 10, "namespace", "shop", "pod", "new-1"),
		one("ZombieProcesses", "b4", "firing", 10, "namespace", "shop", "pod", "mute-1"),
		one("ZombieProcesses", "b5", "firing", 10, "namespace", "shop", "pod", "bare-1"),
		one("ZombieProcesses", "b6", "firing", 10, "namespace", "shop", "pod", "unasked-1"),
		one("ZombieProcesses", "b7", "resolved", 10, "namespace", "shop", "pod", "api-1"),
		one("NodeDown", "c1", "firing", 10, "instance", "n1"),
		one("Initguard\r\nX", "d1", "firing", 10, "namespace", "shop", "pod", "web-1", "source", "initguard"),
	))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	out, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/answer.json", string(out)+"\n")
	page, err := os.ReadFile("../../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{answer.Alerts[0].Text, answer.Alerts[3].Text} {
		if !bytes.Contains(page, []byte(text)) {
			t.Errorf("docs/alerts.md lacks %q", text)
		}
	}
	if a := o.kept("deployment-web"); a == nil || a.Fingerprint != "a1" || !a.StartsAt.Time.Equal(at(3, 10)) {
		t.Errorf("the report keeps %+v, want the earliest", a)
	}
	if o.writes != 1 || o.looked != 6 {
		t.Errorf("%d writes, %d pods looked for; want 1 and 6", o.writes, o.looked)
	}
	want := `alert_requests_total{result="ok"} 1
alerts_total{result="joined"} 3
alerts_total{result="no pod"} 1
alerts_total{result="no zombies"} 7
alerts_total{result="own"} 1`
	if diff := cmp.Diff(want, o.metrics(t)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	for name := range strings.SplitSeq("joined,no zombies,no pod,own,not stored,unauthorized,no token,not leading,busy,too large,malformed,ok", ",") {
		if !bytes.Contains(page, []byte("`"+name+"`")) {
			t.Errorf("docs/alerts.md lacks the result %q", name)
		}
	}
}

// TestAgain posts the same twice: the second time nothing is written.
func TestAgain(t *testing.T) {
	o := open(t, reported("shop", "deployment-web", nil, "web-1"), reported("shop", "statefulset-db", nil, "db-0"))
	body := group(
		one("Z", "a", "firing", 10, "namespace", "shop", "pod", "web-1"), one("Z", "b", "firing", 10, "namespace", "shop", "pod", "db-0"),
	)
	for i := range 3 {
		if w, _ := o.post(body); w.Code != http.StatusOK {
			t.Fatalf("post %d: %d %s", i, w.Code, w.Body)
		}
	}
	if o.writes != 2 {
		t.Errorf("%d writes, want one a report", o.writes)
	}
	over := group(one("Z", "a", "resolved", 10, "namespace", "shop", "pod", "web-1"))
	for range 2 {
		if w, _ := o.post(over); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if a := o.kept("deployment-web"); o.writes != 3 || a.EndsAt == nil || !a.EndsAt.Time.Equal(at(3, 29)) {
		t.Errorf("%d writes; the report keeps %+v", o.writes, a)
	}
}

// TestResolvedAfterThePodIsGone ends an alert by the report that keeps it.
func TestResolvedAfterThePodIsGone(t *testing.T) {
	a := fires("a", "web-1", 10)
	o := open(t, reported("shop", "deployment-web", &a))
	w, answer := o.post(group(one("Z", "a", "resolved", 10, "namespace", "shop", "pod", "web-1")))
	if w.Code != http.StatusOK || answer.Alerts[0].Result != ResultJoined || o.kept("deployment-web").EndsAt == nil {
		t.Errorf("%d %s; the report keeps %+v", w.Code, w.Body, o.kept("deployment-web"))
	}
}

// TestNotStored leaves a report unwritten: Alertmanager is to try again, and what
// was written is not written again then.
func TestNotStored(t *testing.T) {
	o := open(t, reported("shop", "deployment-web", nil, "web-1"))
	o.Wait, o.stuck = 300*time.Millisecond, true
	body := group(one("Z", "a", "firing", 10, "namespace", "shop", "pod", "web-1"))
	w, answer := o.post(body)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || answer.Alerts[0].Result != ResultNotStored || answer.Error == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	o.stuck = false
	o.turn() // what was offered is written though nobody waits any more
	if w, answer = o.post(body); w.Code != http.StatusOK || answer.Alerts[0].Result != ResultJoined || o.writes != 1 {
		t.Errorf("%d %s after %d writes", w.Code, w.Body, o.writes)
	}
	want := `alert_requests_total{result="not stored"} 1
alert_requests_total{result="ok"} 1
alerts_total{result="joined"} 1
alerts_total{result="not stored"} 1`
	if diff := cmp.Diff(want, o.metrics(t)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// TestNotReportedYet names a pod whose zombies were seen, and are in no report
// yet.
func TestNotReportedYet(t *testing.T) {
	o := open(t)
	o.Wait = 5 * time.Second
	o.sighted["shop/web-1"] = "deployment-web"
	turns := 0
	o.Hurry = func() {
		if turns++; turns == 2 {
			o.reports = []*v1alpha1.ZombieReport{reported("shop", "deployment-web", nil, "web-1")}
		}
		o.turn()
	}
	if w, answer := o.post(group(one("Z", "a", "firing", 10, "namespace", "shop", "pod", "web-1"))); w.Code != http.StatusOK || answer.Alerts[0].Result != ResultJoined {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRefusals(t *testing.T) {
	good := group(one("Z", "a", "firing", 10, "namespace", "shop", "pod", "web-1"))
	own := one("Z", "a", "firing", 10, "namespace", "shop", "pod", "web-1", OwnLabel, OwnValue)
	for _, tt := range []struct {
		name   string
		change func(o *office, r *http.Request)
		body   string
		status int
		result string // of the metric
		text   string // in the answer
	}{
		{"another method", func(_ *office, r *http.Request) { r.Method = http.MethodGet }, good, http.StatusMethodNotAllowed, "", "post Alertmanager's webhook here"},
		{"no token", func(_ *office, r *http.Request) { r.Header.Del("Authorization") }, good, http.StatusUnauthorized, "unauthorized", "bearer token"},
		{"a wrong token", func(_ *office, r *http.Request) { r.Header.Set("Authorization", "Bearer "+token+"x") }, good, http.StatusUnauthorized, "unauthorized", "bearer token"},
		{"another scheme", func(_ *office, r *http.Request) { r.Header.Set("Authorization", "Basic "+token) }, good, http.StatusUnauthorized, "unauthorized", "bearer token"},
		{"the token without a scheme", func(_ *office, r *http.Request) { r.Header.Set("Authorization", token) }, good, http.StatusUnauthorized, "unauthorized", "bearer token"},
		{"no file of the token", func(o *office, _ *http.Request) {
			o.Settings = func() Settings { s := Default(); s.TokenFile = "/nonexistent/token"; return s }
		}, good, http.StatusServiceUnavailable, "no token", "its log says why"},
		{"it doesn't lead", func(o *office, _ *http.Request) { o.lost = true }, good, http.StatusServiceUnavailable, "not leading", "does not lead"},
		{"too many at a time", func(o *office, _ *http.Request) { o.waiting = make(chan struct{}) }, good, http.StatusServiceUnavailable, "busy", "too many"},
		{"too many being read", func(o *office, _ *http.Request) { o.reading, o.Wait = make(chan struct{}), time.Millisecond }, good, http.StatusServiceUnavailable, "busy", "too many"},
		{"too large", nil, group(strings.Repeat(" ", 1<<20)), http.StatusRequestEntityTooLarge, "too large", "alerts.maxKiB, 1024 KiB"},
		{"too large, and it doesn't say so", func(_ *office, r *http.Request) { r.ContentLength = -1 }, group(strings.Repeat(" ", 1<<20)), http.StatusRequestEntityTooLarge, "too large", "alerts.maxKiB"},
		{"no JSON", nil, "<html>", http.StatusBadRequest, "malformed", "it is not JSON"},
		{"nothing", nil, "", http.StatusBadRequest, "malformed", "it is not JSON"},
		{"another JSON", nil, `{"a":1}`, http.StatusBadRequest, "malformed", "no list of alerts"},
		{"its own alerts alone", nil, group(own, own), http.StatusUnprocessableEntity, "own", `exclude them from the route to this receiver with the matcher source!="initguard"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := open(t, reported("shop", "deployment-web", nil, "web-1"))
			r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(tt.body))
			r.Header.Set("Authorization", "Bearer "+token)
			if tt.change != nil {
				tt.change(o, r)
			}
			w := httptest.NewRecorder()
			o.Mux().ServeHTTP(w, r)
			var answer Answer
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if w.Code != tt.status || !strings.Contains(answer.Error, tt.text) {
				t.Errorf("%d %q, want %d with %q", w.Code, answer.Error, tt.status, tt.text)
			}
			if again := w.Header().Get("Retry-After") != "" && w.Header().Get("Connection") == "close"; again != (tt.status == http.StatusServiceUnavailable) {
				t.Errorf("headers %v with %d", w.Header(), tt.status)
			}
			metrics, lines := o.metrics(t), strings.Count(o.log.String(), "\n")
			if tt.result == "" {
				if metrics != "" || lines != 0 {
					t.Errorf("counted %s, logged %s; want neither", metrics, o.log)
				}
			} else if !strings.Contains(metrics, fmt.Sprintf("alert_requests_total{result=%q} 1", tt.result)) || lines != 1 || strings.Contains(metrics, "joined") {
				t.Errorf("counted %s, logged %s; want %s and one line", metrics, o.log, tt.result)
			}
			if a := o.kept("deployment-web"); a != nil || o.writes != 0 {
				t.Errorf("the report keeps %+v", a)
			}
		})
	}
	if w := httptest.NewRecorder(); true {
		open(t).Mux().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("another path: %d", w.Code)
		}
	}
}

// TestTokenIsReadAgain changes the token as it is rotated.
func TestTokenIsReadAgain(t *testing.T) {
	o := open(t)
	file := o.Settings().TokenFile
	for i, step := range []struct {
		content string
		status  int
	}{
		{token, 200}, {"another-token-is-here\n" + token + "\n", 200}, {"another-token-is-here", 401}, {"", 503}, {"short", 503},
		{"\n \n\t" + token + " \n\n", 200}, {strings.Repeat("x", 600), 503}, {strings.Repeat(token+"\n", 5), 503},
	} {
		if err := os.WriteFile(file, []byte(step.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if w, _ := o.post(group()); w.Code != step.status {
			t.Errorf("step %d: %d %s, want %d", i, w.Code, w.Body, step.status)
		}
	}
	if strings.Contains(o.log.String(), token) {
		t.Errorf("the log holds the token: %s", o.log)
	}
}

// TestLogIsNotFilled refuses many requests, and logs one of a kind in a minute.
func TestLogIsNotFilled(t *testing.T) {
	o := open(t)
	for range 100 {
		o.post("<")
	}
	if n := strings.Count(o.log.String(), "\n"); n != 1 {
		t.Errorf("%d lines for 100 requests", n)
	}
	o.now = o.now.Add(logEvery)
	o.post("<")
	if n := strings.Count(o.log.String(), "\n"); n != 2 {
		t.Errorf("%d lines a minute later, want 2", n)
	}
}

// TestHostileAlerts wants nothing of what an alert says in a log or a report that
// could be taken for more than a text.
func TestHostileAlerts(t *testing.T) {
	o := open(t, reported("shop", "deployment-web", nil, "web-1"))
	name := "<script>\r\nBcc: everybody@example.com\x1b[31m" + strings.Repeat("y", 400)
	w, answer := o.post(group(
		one(name, "f", "firing", 10, "namespace", "shop", "pod", "web-1"),
		one(name, "g", "firing", 10, "namespace", "shop\n", "pod", "web-1"),
		one(name, "h", "firing", 10, "namespace", "kube-system", "pod", "../web-1"),
	))
	if w.Code != http.StatusOK || answer.Alerts[0].Result != ResultJoined || answer.Alerts[1].Result != ResultNoPod || answer.Alerts[2].Result != ResultNoPod {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	a := o.kept("deployment-web")
	if strings.ContainsAny(a.Name, "\r\n\x1b") || len([]rune(a.Name)) > 256 {
		t.Errorf("the report keeps %q", a.Name)
	}
	if strings.ContainsAny(w.Body.String(), "<>\x1b") || strings.Count(w.Body.String(), "\n") != 1 {
		t.Errorf("answered %q", w.Body)
	}
	if strings.Contains(o.log.String(), "script") || strings.Count(o.log.String(), "\n") != 1 {
		t.Errorf("logged %q", o.log)
	}
}

// TestTruncated says and counts what was left out by either side.
func TestTruncated(t *testing.T) {
	o := open(t)
	var all []string
	for i := range 25 {
		all = append(all, one("Z", "f"+strconv.Itoa(i), "firing", 10))
	}
	w, answer := o.post(strings.Replace(group(all...), `"version"`, `"truncatedAlerts":7,"version"`, 1))
	if w.Code != http.StatusOK || answer.Truncated != 7 || answer.Beyond != 5 || len(answer.Alerts) != 20 ||
		answer.Summary != "20 no pod; Alertmanager left out 7 alerts of this group: set max_alerts to 0, or group by namespace and pod; 5 alerts beyond alerts.maxAlerts were not looked at" {
		t.Errorf("%d %q, %d truncated, %d beyond", w.Code, answer.Summary, answer.Truncated, answer.Beyond)
	}
	for _, want := range []string{`alerts_left_out_total{by="alertmanager"} 7`, `alerts_left_out_total{by="responder"} 5`} {
		if !strings.Contains(o.metrics(t), want) {
			t.Errorf("metrics lack %s:\n%s", want, o.metrics(t))
		}
	}
}

// TestLooksAreBounded names many pods without zombies: not all are asked for.
func TestLooksAreBounded(t *testing.T) {
	o := open(t)
	settings := o.Settings()
	settings.MaxAlerts = 1000
	o.Settings = func() Settings { return settings }
	var all []string
	for i := range 500 {
		all = append(all, one("Z", "f"+strconv.Itoa(i), "firing", 10, "namespace", "shop", "pod", "p"+strconv.Itoa(i/2)))
	}
	w, answer := o.post(group(all...))
	if w.Code != http.StatusOK || o.looked != maxLooks || answer.Summary != "500 no zombies" || answer.Alerts[499].Looked.Pod != PodNotAsked {
		t.Errorf("%d %q, %d pods looked for", w.Code, answer.Summary, o.looked)
	}
}

// TestOverHTTP posts 10 MB to a real server, which is to answer and not to read
// it, and to go on.
func TestOverHTTP(t *testing.T) {
	o := open(t, reported("shop", "deployment-web", nil, "web-1"))
	server := httptest.NewServer(o.Mux())
	defer server.Close()
	post := func(body io.Reader, header string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+Path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", header)
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode
	}
	for range 3 {
		if got := post(strings.NewReader(strings.Repeat("x", 10<<20)), "Bearer "+token); got != http.StatusRequestEntityTooLarge {
			t.Errorf("10 MB: %d", got)
		}
		if got := post(struct{ io.Reader }{strings.NewReader(strings.Repeat(" ", 10<<20))}, "Bearer "+token); got != http.StatusRequestEntityTooLarge {
			t.Errorf("10 MB of unknown length: %d", got)
		}
		if got := post(strings.NewReader(strings.Repeat("x", 10<<20)), ""); got != http.StatusUnauthorized {
			t.Errorf("10 MB without a token: %d", got)
		}
		if got := post(strings.NewReader(group(one("Z", "a", "firing", 10, "namespace", "shop", "pod", "web-1"))), "Bearer "+token); got != http.StatusOK {
			t.Errorf("after that: %d", got)
		}
	}
}

// TestMany posts from many at a time: each report is written once.
func TestMany(t *testing.T) {
	var reports []*v1alpha1.ZombieReport
	for i := range 40 {
		reports = append(reports, reported("shop", fmt.Sprintf("deployment-%02d", i), nil, fmt.Sprintf("web-%d", i)))
	}
	o := open(t, reports...)
	o.Wait = 20 * time.Second
	var all sync.WaitGroup
	for i := range 80 {
		all.Go(func() {
			if w, _ := o.post(group(one("Z", fmt.Sprint("f", i%40), "firing", 10, "namespace", "shop", "pod", fmt.Sprint("web-", i%40)))); w.Code != http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	if o.writes != 40 {
		t.Errorf("%d writes for 40 reports", o.writes)
	}
}

// TestMetricsAreDocumented wants a row for each metric in docs/alerts.md.
func TestMetricsAreDocumented(t *testing.T) {
	o := open(t)
	families, err := o.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `(initguard_[a-z_]+)` \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) != len(families) {
		t.Errorf("%d rows for %d metrics", len(rows), len(families))
	}
	for _, f := range families {
		if !bytes.Contains(page, []byte("| `"+f.GetName()+"` |")) {
			t.Errorf("docs/alerts.md lacks %s", f.GetName())
		}
	}
}
