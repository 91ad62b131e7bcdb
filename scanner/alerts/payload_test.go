package alerts

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/initguard/initguard/configfile"
)

func at(hour, minute int) time.Time { return time.Date(2026, 1, 2, hour, minute, 0, 0, time.UTC) }

func TestDecode(t *testing.T) {
	named := func(labels ...string) map[string]string {
		m := make(map[string]string)
		for i := 0; i+1 < len(labels); i += 2 {
			m[labels[i]] = labels[i+1]
		}
		return m
	}
	for _, tt := range []struct {
		name, body string
		want       payload
	}{
		{
			"as Alertmanager sends it",
			`{"version":"4","groupKey":"{}:{}","truncatedAlerts":2,"status":"firing","alerts":[{"status":"firing","labels":{"alertname":"A","pod":"p"},"annotations":{"x":"y"},"startsAt":"2026-01-02T03:04:00.123456789Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://x","fingerprint":"0123abcd"}]}`,
			payload{version: "4", truncated: 2, alerts: []alert{{labels: named("alertname", "A", "pod", "p"), fingerprint: "0123abcd", starts: at(3, 4)}}},
		},
		{
			"resolved, in another zone, and unknown fields",
			`{"alerts":[{"status":"resolved","new":{"a":[1]},"labels":{"a":"b"},"startsAt":"2026-01-02T04:04:00+01:00","endsAt":"2026-01-02T03:05:00Z","fingerprint":"f"}],"more":[[]]}`,
			payload{alerts: []alert{{labels: named("a", "b"), fingerprint: "f", resolved: true, starts: at(3, 4), ends: at(3, 5)}}},
		},
		{
			"types that don't fit count as not there",
			`{"version":4,"truncatedAlerts":"2","alerts":[{"status":1,"labels":{"a":"b","c":7,"d":null},"startsAt":"soon","endsAt":5,"fingerprint":"<f>"},7,null,"x",{"labels":[]}],"status":"resolved"}`,
			payload{alerts: []alert{
				{labels: named("a", "b", "c", "", "d", ""), fingerprint: fingerprint(named("a", "b", "c", "", "d", "")), resolved: true},
				{fingerprint: fingerprint(nil), resolved: true}, {fingerprint: fingerprint(nil), resolved: true},
				{fingerprint: fingerprint(nil), resolved: true}, {fingerprint: fingerprint(nil), resolved: true},
			}},
		},
		{
			"an alert without labels has the common ones",
			`{"commonLabels":{"pod":"p"},"alerts":[{}]}`,
			payload{alerts: []alert{{labels: named("pod", "p"), fingerprint: fingerprint(named("pod", "p"))}}},
		},
		{"no alerts", `{"alerts":[]}`, payload{}},
		{"too many", `{"alerts":[{"fingerprint":"a"},{"fingerprint":"b"},{"fingerprint":"c"},{},{},{},{}]}`, payload{beyond: 2, alerts: []alert{
			{fingerprint: "a"}, {fingerprint: "b"}, {fingerprint: "c"}, {fingerprint: fingerprint(nil)}, {fingerprint: fingerprint(nil)},
		}}},
		{"a negative number", `{"truncatedAlerts":-5,"alerts":[]}`, payload{}},
		{"times that can't be", `{"alerts":[{"startsAt":"0001-01-01T00:00:00Z","endsAt":"9999-12-31T23:59:59-14:00","fingerprint":"f"}]}`, payload{alerts: []alert{{fingerprint: "f"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decode([]byte(tt.body), 5)
			if err != nil {
				t.Fatal(err)
			}
			equal := cmp.AllowUnexported(payload{}, alert{})
			empty := cmp.Transformer("empty", func(m map[string]string) string { return fmt.Sprint(m) })
			if diff := cmp.Diff(tt.want, got, equal, empty); diff != "" {
				t.Errorf("decode (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for body, want := range map[string]string{
		"":                       "it is not JSON",
		"alerts":                 "it is not JSON",
		`{"alerts":[`:            "it is not JSON",
		`[]`:                     "it is JSON, but not as Alertmanager's webhook sends it: array where a mapping belongs",
		`{"alerts":{}}`:          "it is JSON, but not as Alertmanager's webhook sends it: object where a list belongs",
		`{}`:                     "it has no list of alerts, as Alertmanager's webhook sends it",
		`{"alerts":null}`:        "it has no list of alerts, as Alertmanager's webhook sends it",
		strings.Repeat("[", 1e5): "it is not JSON",
	} {
		if _, err := decode([]byte(body), 5); err == nil || err.Error() != want {
			t.Errorf("decode(%.40q) = %v, want %s", body, err, want)
		}
	}
}

func TestSubject(t *testing.T) {
	for _, tt := range []struct {
		name           string
		labels         map[string]string
		namespace, pod string
		fault          string
	}{
		{"plain", map[string]string{"namespace": "a", "pod": "b"}, "a", "b", ""},
		{"exported ones are those that are meant", map[string]string{"namespace": "monitoring", "pod": "kube-state-metrics-0", "exported_namespace": "a", "exported_pod": "b"}, "a", "b", ""},
		{"an empty label isn't there", map[string]string{"exported_namespace": "", "namespace": "a", "pod_name": "b"}, "a", "b", ""},
		{"no pod", map[string]string{"namespace": "a"}, "", "", "It names no pod: it has none of the labels exported_pod, pod, pod_name, kubernetes_pod_name."},
		{"no namespace", map[string]string{"pod": "a"}, "", "", "It names no namespace: it has none of the labels exported_namespace, namespace, kubernetes_namespace."},
		{"nothing", nil, "", "", "It names no pod: it has none of the labels exported_pod, pod, pod_name, kubernetes_pod_name."},
		{"no name of a pod", map[string]string{"namespace": "a", "pod": "a\r\nBcc: x@y"}, "", "", `Its label pod, "a??Bcc: x@y", is no name of a pod.`},
		{"no name of a namespace", map[string]string{"namespace": "../a", "pod": "b"}, "", "", `Its label namespace, "../a", is no name of a namespace.`},
		{"too long", map[string]string{"namespace": strings.Repeat("a", 64), "pod": "b"}, "", "", `Its label namespace, "` + strings.Repeat("a", 63) + `…", is no name of a namespace.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			namespace, pod, fault := alert{labels: tt.labels}.subject(Default())
			if namespace != tt.namespace || pod != tt.pod || fault != tt.fault {
				t.Errorf("subject = %q, %q, %q; want %q, %q, %q", namespace, pod, fault, tt.namespace, tt.pod, tt.fault)
			}
		})
	}
}

// TestRecordedPayload reads what a real Alertmanager posted; see
// test/alertmanager.
func TestRecordedPayload(t *testing.T) {
	body, err := os.ReadFile("testdata/alertmanager.json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := decode(body, 100)
	if err != nil {
		t.Fatal(err)
	}
	if p.version != "4" || len(p.alerts) != 2 {
		t.Fatalf("version %q with %d alerts; want version 4 with 2", p.version, len(p.alerts))
	}
	resolved := 0
	for _, a := range p.alerts {
		namespace, pod, fault := a.subject(Default())
		if namespace != "shop" || !strings.HasPrefix(pod, "web-") || fault != "" || a.name() != "ZombiesInPod" || a.starts.IsZero() || len(a.fingerprint) != 16 {
			t.Errorf("%+v: %q, %q, %q", a, namespace, pod, fault)
		}
		if a.resolved {
			resolved++
			if a.ends.IsZero() {
				t.Errorf("%+v is resolved, without an end", a)
			}
		}
	}
	if resolved != 1 {
		t.Errorf("%d are resolved, want 1", resolved)
	}
}

// FuzzDecode gives foreign bytes: no panic, within the bounds, and all that is
// kept of an alert is fit for a report.
func FuzzDecode(f *testing.F) {
	recorded, err := os.ReadFile("testdata/alertmanager.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(recorded)
	for _, body := range []string{
		`{"alerts":[{"labels":{"alertname":"<b>\r\n\u0000\ud800","namespace":"a","pod":"b"},"startsAt":"2026-01-02T03:04:05Z"}]}`,
		`{"alerts":[{"status":"resolved","endsAt":"3000-01-01T00:00:00Z","labels":{"namespace":"a.b","pod":"-"}}]}`,
		`{"alerts":[0,[],"",{"labels":{"pod":[]}}],"commonLabels":7}`, `{}`, `[]`, ``,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decode(body, 10)
		if err != nil {
			if configfile.Printable(err.Error(), 200) != err.Error() {
				t.Errorf("error %q is not fit for an answer", err)
			}
			return
		}
		if len(p.alerts) > 10 || p.beyond < 0 || p.truncated < 0 {
			t.Fatalf("%d alerts, %d beyond, %d truncated", len(p.alerts), p.beyond, p.truncated)
		}
		for _, a := range p.alerts {
			namespace, pod, fault := a.subject(Default())
			if (fault == "") != (namespace != "" && pod != "") {
				t.Errorf("subject = %q, %q, %q", namespace, pod, fault)
			}
			k := a.keepable(pod, at(3, 4))
			if len(k.Fingerprint) == 0 || len(k.Fingerprint) > 64 || len([]rune(k.Name)) > 256 || len(k.Pod) > 253 || k.StartsAt.IsZero() ||
				k.EndsAt != nil && k.EndsAt.IsZero() || (k.EndsAt != nil) != a.resolved || k.StartsAt.After(at(3, 4)) {
				t.Errorf("%+v can't be kept", k)
			}
			for _, text := range []string{k.Fingerprint, k.Name, k.Pod, fault} {
				if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
					t.Errorf("%q has what can't be printed", text)
				}
			}
		}
	})
}
