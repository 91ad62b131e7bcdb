package responder

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/alerts"
)

const alertToken = "a-token-of-the-tests"

// taking is a replica that takes alerts over TLS.
type taking struct {
	*replica
	url    string
	client *http.Client
	config string // its file
}

func (e *env) take(t *testing.T, name string) *taking {
	t.Helper()
	dir := t.TempDir()
	ca, err := certs.NewCA("test", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Serving(time.Hour, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Write(dir); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(dir, "token")
	a := &taking{config: filepath.Join(dir, "responder.yaml")}
	a.configure(t, "alerts: {tokenFile: "+token+"}\n")
	if err := os.WriteFile(token, []byte(alertToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.replica = e.run(t, name, "--config="+a.config, "--alerts-bind-address=127.0.0.1:0", "--alerts-cert-dir="+dir)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.PEM())
	a.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, Timeout: 20 * time.Second}
	address := regexp.MustCompile(`"msg":"taking alerts".*"address":"([^"]+)"`)
	eventually(t, 20*time.Second, "it takes alerts", func() error {
		m := address.FindStringSubmatch(a.process.Logs(100))
		if m == nil {
			return fmt.Errorf("its log:\n%s", a.process.Logs(20))
		}
		a.url = "https://" + m[1] + alerts.Path
		return nil
	})
	return a
}

func (a *taking) configure(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(a.config, []byte("apiVersion: config.initguard.dev/v1alpha1\nkind: ResponderConfig\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *taking) post(ctx context.Context, token, body string) (int, alerts.Answer, error) {
	var answer alerts.Answer
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, strings.NewReader(body))
	if err != nil {
		return 0, answer, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := a.client.Do(request)
	if err != nil {
		return 0, answer, err
	}
	defer func() { _ = response.Body.Close() }()
	err = json.NewDecoder(response.Body).Decode(&answer)
	return response.StatusCode, answer, err
}

func firing(status, pod string) string {
	return fmt.Sprintf(`{"version":"4","alerts":[{"status":%q,"fingerprint":"f0","startsAt":"2026-01-02T03:04:05Z","endsAt":"2026-01-02T04:04:05Z",
		"labels":{"alertname":"ZombieProcesses","namespace":"alerted","pod":%q}}]}`, status, pod)
}

// TestAlerts posts to real replicas: what they answer is what the API server has.
func TestAlerts(t *testing.T) {
	namespace(t, "alerted")
	first := shared.take(t, "alerts-1")
	eventually(t, 20*time.Second, "the first one leads", func() error { return leads(t.Context(), first.replica) })
	// A bad configuration leaves the one before in force.
	first.configure(t, "alerts: {podLabel: [x]}\n")
	second := shared.take(t, "alerts-2")
	home := &machine{name: "node-alerted"}
	mongo := newPod(t, statefulSet(t, "alerted", "mongo"), home.name, containerID(21))
	newPod(t, metav1.ObjectMeta{Namespace: "alerted", Name: "clean"}, home.name, containerID(22))
	newPod(t, metav1.ObjectMeta{Namespace: "alerted", Name: "elsewhere"}, "node-without-scanner", containerID(23))
	home.say(zombies{string(mongo.UID), containerID(21), scanner.PID1NotReaping, 20})
	home.serve(t)
	eventually(t, 30*time.Second, "the report", func() error {
		_, err := report(t, "alerted", "statefulset-mongo")
		return err
	})
	want := func(a *taking, token, body string, status int, text string) alerts.Answer {
		t.Helper()
		got, answer, err := a.post(t.Context(), token, body)
		if err != nil {
			t.Fatal(err)
		}
		if all := fmt.Sprintf("%+v", answer); got != status || !strings.Contains(all, text) {
			t.Errorf("answered %d %s; want %d with %q", got, all, status, text)
		}
		return answer
	}

	before := time.Now()
	answer := want(first, alertToken, firing("firing", mongo.Name), http.StatusOK, "1 joined")
	t.Logf("joined after %v", time.Since(before).Round(time.Millisecond))
	if len(answer.Alerts) != 1 || answer.Alerts[0].Zombies != 20 || answer.Alerts[0].Cause != string(scanner.PID1NotReaping) || answer.Alerts[0].Report != "statefulset-mongo" {
		t.Fatalf("answered %+v", answer)
	}
	r, err := report(t, "alerted", "statefulset-mongo")
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Status.Notice; n == nil || n.Alert == nil || n.Alert.Fingerprint != "f0" || n.Alert.Pod != mongo.Name || n.Alert.EndsAt != nil {
		t.Fatalf("answered 200, and the report has %+v", n)
	}
	want(first, alertToken, firing("firing", mongo.Name), http.StatusOK, "1 joined")
	if again, err := report(t, "alerted", "statefulset-mongo"); err != nil || again.Status.Notice.Alert.StartsAt != r.Status.Notice.Alert.StartsAt {
		t.Errorf("posted twice, the report has %+v, %v", again.Status.Notice, err)
	}
	want(first, alertToken, firing("resolved", mongo.Name), http.StatusOK, "1 joined")
	if r, err = report(t, "alerted", "statefulset-mongo"); err != nil || r.Status.Notice.Alert.EndsAt == nil {
		t.Errorf("resolved, the report has %+v, %v", r.Status.Notice, err)
	}

	want(first, alertToken, firing("firing", "clean"), http.StatusOK, "its node node-alerted was last scanned at ")
	want(first, alertToken, firing("firing", "elsewhere"), http.StatusOK, "its node node-without-scanner has told nothing yet")
	want(first, alertToken, firing("firing", "none"), http.StatusOK, "there is no such pod")
	want(first, "another-token-than-that", firing("firing", mongo.Name), http.StatusUnauthorized, "bearer token")
	want(second, alertToken, firing("firing", mongo.Name), http.StatusServiceUnavailable, "does not lead")

	reloads := func(line string) func() error {
		return func() error {
			text, err := first.scrape(t.Context())
			if err == nil && !strings.Contains(text, line) {
				err = fmt.Errorf("lacks %s:\n%s", line, text)
			}
			return err
		}
	}
	eventually(t, 30*time.Second, "the bad configuration is told", reloads("initguard_config_last_reload_successful 0"))
	if logs := first.process.Logs(200); !strings.Contains(logs, `did you mean \"podLabels\"?`) {
		t.Errorf("the log lacks what is wrong with the configuration:\n%s", logs)
	}
	want(first, alertToken, firing("firing", "clean"), http.StatusOK, "1 no zombies")
	first.configure(t, "alerts: {podLabels: [other], tokenFile: "+filepath.Join(filepath.Dir(first.config), "token")+"}\n")
	eventually(t, 30*time.Second, "the good one is in force", reloads("initguard_config_last_reload_successful 1"))
	want(first, alertToken, firing("firing", "clean"), http.StatusOK, "none of the labels other")

	if err := reloads(`initguard_alerts_total{result="joined"} 3`)(); err != nil {
		t.Error(err)
	}
}
