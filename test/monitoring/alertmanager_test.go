//go:build e2e

package monitoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

	"sigs.k8s.io/yaml"

	"github.com/initguard/initguard/test/alertmanager"
	"github.com/initguard/initguard/test/debroot"
	"github.com/initguard/initguard/test/poll"
)

const (
	responderPage = "../../docs/alerts.md"
	ownMatcher    = `, 'source!="initguard"'`
	// mendedFor is what the zombies' alerts hold for here, in place of an hour.
	mendedFor = "2s"
)

// TestAlertsArrive follows the alerts on zombies out of the rules as they are
// installed, but for how long they have to hold, through an Alertmanager with the
// routes that the pages show, to whoever is to be told: firing, and resolved when
// the zombies are gone. A second Alertmanager sends them to the responder, too.
func TestAlertsArrive(t *testing.T) {
	t.Parallel()
	cache, err := debroot.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := alertmanager.Unpack(t.Context(), &debroot.Builder{Dir: cache, Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	l := begin(t)
	right, wrong := l.platform(t, programs, "right", nil), l.platform(t, programs, "wrong", map[string]string{ownMatcher: ""})
	l.startPrometheus(t, soonRules(t), right.host(), wrong.host())
	l.gather(t)

	names := []string{"InitguardZombiesGather", "InitguardPIDLimitVeryNear"}
	fired := map[string]arrived{}
	for _, name := range names {
		fired[name] = right.teams.wait(t, name, "firing")
		fired[name].check(t)
	}
	// The route to the responder is there, and takes all but initguard's own.
	if err := right.am.Add(t.Context(), map[string]string{"alertname": "ZombieProcesses", "namespace": "shop", "pod": "web-0"}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	right.responder.answered(t, http.StatusOK, `"result":"joined","namespace":"shop","pod":"web-0"`)
	wrong.responder.answered(t, http.StatusUnprocessableEntity, `the matcher source!=\"initguard\"`)

	l.mended.Store(true)
	for _, name := range names {
		over := right.teams.wait(t, name, "resolved")
		if was := fired[name]; over.Fingerprint != was.Fingerprint || !over.StartsAt.Equal(was.StartsAt) || !over.EndsAt.After(over.StartsAt) {
			t.Errorf("%s is over as %+v, was %+v", name, over, was)
		}
	}
	for _, body := range right.responder.all() {
		if bytes.Contains(body, []byte(`"source":"initguard"`)) {
			t.Errorf("one of initguard's own alerts was sent to the responder: %s", body)
		}
	}
	if all := right.platform.all(); len(all) > 0 {
		t.Errorf("who runs initguard was told of %s", all)
	}
}

// soonRules are the rules as they are installed, those on zombies with a short
// time to hold.
func soonRules(t *testing.T) groups {
	t.Helper()
	g := rules(t)
	changed := 0
	for _, group := range g.Groups {
		if group.Name != "initguard-zombies" {
			continue
		}
		for i := range group.Rules {
			group.Rules[i].For = mendedFor
			changed++
		}
	}
	if changed != 3 {
		t.Fatalf("%d alerts on zombies, want 3", changed)
	}
	return g
}

// arrived is an alert as a receiver of Alertmanager's webhook gets it.
type arrived struct {
	Status, Fingerprint string
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
}

// check looks for what a route and a reader need.
func (a arrived) check(t *testing.T) {
	t.Helper()
	rules := alerts(t)
	rule := rules[slices.IndexFunc(rules, func(r alert) bool { return r.Alert == a.Labels["alertname"] })]
	for name, want := range map[string]string{
		"namespace": "shop", "workload": "Pod/web-0", "source": "initguard", "severity": rule.Labels["severity"],
	} {
		if got := a.Labels[name]; got != want || want == "" {
			t.Errorf("%s arrives with %s=%q, want %q", rule.Alert, name, got, want)
		}
	}
	if got, want := a.Annotations["runbook_url"], online+strings.ToLower(rule.Alert); got != want {
		t.Errorf("%s arrives with the runbook_url %q, want %q", rule.Alert, got, want)
	}
	if text := a.Annotations["summary"]; !strings.Contains(text, "Pod/web-0 in shop ") || strings.Contains(text, "{{") {
		t.Errorf("%s arrives with the summary %q", rule.Alert, text)
	}
}

// platform is an Alertmanager with whoever it tells.
type platform struct {
	am                         *alertmanager.Alertmanager
	teams, platform, responder *receiver
}

func (p platform) host() string { return strings.TrimPrefix(p.am.URL, "http://") }

// platform starts one with what the two pages show, and changes. Times are shorter,
// addresses ours, and initguard's own alerts go the way of those that the page
// sends to the responder, as far as its matcher on source lets them.
func (l *live) platform(t *testing.T, programs alertmanager.Programs, name string, changes map[string]string) platform {
	t.Helper()
	p := platform{teams: receive(t, ""), platform: receive(t, ""), responder: receive(t, "http://"+l.alerts)}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(alertToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ours := config(t, page, map[string]string{
		"http://on-call.example.com": p.teams.URL, "group_wait: 30s": "group_wait: 0s", "group_interval: 5m": "group_interval: 2s",
	})
	changed := map[string]string{
		"http://initguard-responder.initguard-system.svc:8082": p.responder.URL, "/etc/alertmanager/secrets/initguard-alerts/token": token,
		"group_wait: 10s": "group_wait: 0s", "group_interval: 1m": "group_interval: 5s", "ZombieProcesses|PodPIDsHigh": "ZombieProcesses|PodPIDsHigh|Initguard.+",
	}
	for from, to := range changes {
		changed[from] = to
	}
	theirs := config(t, responderPage, changed)
	// The page's route to the responder goes on to the next, so that it stands
	// first; whoever got the alerts before is the platform.
	ours.Route.Routes = append(theirs.Route.Routes, ours.Route.Routes...)
	for _, r := range theirs.Receivers {
		if r["name"] != theirs.Route.Receiver {
			ours.Receivers = append(ours.Receivers, r)
		}
	}
	for _, r := range ours.Receivers {
		if r["name"] == ours.Route.Receiver {
			r["webhook_configs"] = []any{map[string]any{"url": p.platform.URL}}
		}
	}
	text, err := yaml.Marshal(ours)
	if err != nil {
		t.Fatal(err)
	}
	if p.am, err = programs.Start(t.Context(), l.group, "alertmanager-"+name, string(text)); err != nil {
		t.Fatal(err)
	}
	return p
}

// alertmanagerConfig is what a page shows of Alertmanager's configuration.
type alertmanagerConfig struct {
	Route struct {
		Receiver string `json:"receiver"`
		Routes   []any  `json:"routes"`
	} `json:"route"`
	Receivers []map[string]any `json:"receivers"`
}

// config is that of a page, with changes of what it has once.
func config(t *testing.T, page string, changes map[string]string) (c alertmanagerConfig) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(block[1], "route:") {
			found = append(found, block[1])
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s shows %d configurations of Alertmanager, want one", page, len(found))
	}
	for from, to := range changes {
		if n := strings.Count(found[0], from); n != 1 {
			t.Fatalf("%s has %q %d times, want once", page, from, n)
		}
		found[0] = strings.Replace(found[0], from, to, 1)
	}
	if err := yaml.UnmarshalStrict([]byte(found[0]), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// receiver writes down what it is sent, and hands it on where it has somebody to
// hand it on to.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	bodies  [][]byte
	answers []answer
}

type answer struct {
	status int
	text   string
}

func receive(t *testing.T, to string) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		a := answer{status: http.StatusOK}
		if err == nil && to != "" {
			a, err = handOn(request, to, body)
		}
		if err != nil {
			a = answer{http.StatusBadGateway, err.Error()}
		}
		r.mu.Lock()
		r.bodies, r.answers = append(r.bodies, body), append(r.answers, a)
		r.mu.Unlock()
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.text)
	}))
	t.Cleanup(r.Close)
	return r
}

// handOn asks somebody else the same.
func handOn(request *http.Request, to string, body []byte) (answer, error) {
	out, err := http.NewRequestWithContext(request.Context(), request.Method, to+request.URL.Path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	out.Header = request.Header.Clone()
	response, err := http.DefaultClient.Do(out)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return answer{response.StatusCode, string(text)}, errors.Join(err, response.Body.Close())
}

func (r *receiver) all() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bodies)
}

// wait waits for an alert to come with this status.
func (r *receiver) wait(t *testing.T, name, status string) (found arrived) {
	t.Helper()
	poll.Until(t, 100*time.Millisecond, within, name+" "+status, func() error {
		all := r.all()
		for _, body := range all {
			var message struct{ Alerts []arrived }
			if err := json.Unmarshal(body, &message); err != nil {
				return fmt.Errorf("%w: %s", err, body)
			}
			for _, found = range message.Alerts {
				if found.Labels["alertname"] == name && found.Status == status {
					return nil
				}
			}
		}
		return fmt.Errorf("came so far: %s", all)
	})
	return found
}

// answered waits until a request was answered so.
func (r *receiver) answered(t *testing.T, status int, text string) {
	t.Helper()
	poll.Until(t, 100*time.Millisecond, within, fmt.Sprintf("an answer %d with %q", status, text), func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, a := range r.answers {
			if a.status == status && strings.Contains(a.text, text) {
				return nil
			}
		}
		return fmt.Errorf("answered %v", r.answers)
	})
}
