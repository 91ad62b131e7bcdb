package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/initguard/initguard/configfile"
)

// payload is what Alertmanager posts, version 4 of its webhook's format
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config), as
// far as it is used. It is read leniently: what isn't known is passed over, what
// is missing or of another type counts as not there, for each alert by itself.
type payload struct {
	version string
	alerts  []alert
	// truncated is how many alerts Alertmanager left out (max_alerts), beyond how
	// many are left out here.
	truncated, beyond int
}

// alert is one alert of a payload.
type alert struct {
	labels      map[string]string
	fingerprint string
	resolved    bool
	// starts and ends are zero where it doesn't say, or says a time that can't be.
	starts, ends time.Time
}

// decode reads a body, most alerts of it.
func decode(body []byte, most int) (payload, error) {
	var in struct {
		Version      loose[string]            `json:"version"`
		Status       loose[string]            `json:"status"`
		CommonLabels loose[map[string]string] `json:"commonLabels"`
		Truncated    loose[int]               `json:"truncatedAlerts"`
		Alerts       []json.RawMessage        `json:"alerts"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			return payload{}, fmt.Errorf("it is JSON, but not as Alertmanager's webhook sends it: %s where a %s belongs", configfile.Printable(wrong.Value, 20), shape(wrong))
		}
		return payload{}, errors.New("it is not JSON")
	}
	if in.Alerts == nil {
		return payload{}, errors.New("it has no list of alerts, as Alertmanager's webhook sends it")
	}
	p := payload{version: in.Version.value, truncated: max(in.Truncated.value, 0), beyond: max(len(in.Alerts)-most, 0)}
	for _, raw := range in.Alerts[:len(in.Alerts)-p.beyond] {
		p.alerts = append(p.alerts, readAlert(raw, in.CommonLabels.value, in.Status.value))
	}
	return p, nil
}

func shape(wrong *json.UnmarshalTypeError) string {
	if wrong.Field == "alerts" {
		return "list"
	}
	return "mapping"
}

// loose is a value that may be of another type: then it isn't there.
type loose[T any] struct{ value T }

// UnmarshalJSON takes any JSON.
func (l *loose[T]) UnmarshalJSON(data []byte) error {
	var v T
	if json.Unmarshal(data, &v) == nil {
		l.value = v
	}
	return nil
}

// readAlert reads one alert. Without labels of its own it has those that all of
// the group have.
func readAlert(raw json.RawMessage, common map[string]string, status string) alert {
	var in struct {
		Status      loose[string]                   `json:"status"`
		Labels      loose[map[string]loose[string]] `json:"labels"`
		StartsAt    loose[time.Time]                `json:"startsAt"`
		EndsAt      loose[time.Time]                `json:"endsAt"`
		Fingerprint loose[string]                   `json:"fingerprint"`
	}
	_ = json.Unmarshal(raw, &in) // what isn't a mapping is an alert that says nothing
	a := alert{labels: make(map[string]string, len(in.Labels.value)), starts: possible(in.StartsAt.value), ends: possible(in.EndsAt.value)}
	for name, value := range in.Labels.value {
		a.labels[name] = value.value
	}
	if len(a.labels) == 0 {
		a.labels = common
	}
	if in.Status.value != "" {
		status = in.Status.value
	}
	a.resolved = status == "resolved"
	a.fingerprint = in.Fingerprint.value
	if !regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`).MatchString(a.fingerprint) {
		a.fingerprint = fingerprint(a.labels)
	}
	return a
}

// possible is a time in whole seconds, as a report keeps it; zero where no report
// could.
func possible(t time.Time) time.Time {
	if t = t.UTC().Truncate(time.Second); t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// fingerprint tells alerts apart that have none.
func fingerprint(labels map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(h, "%q=%q,", name, labels[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// own says whether it is one of initguard's own.
func (a alert) own() bool { return a.labels[OwnLabel] == OwnValue }

// maxName bounds the name of an alert, in runes.
const maxName = 255

func (a alert) name() string { return cut(a.labels["alertname"], maxName) }

// subject is the pod that it is about, or a sentence that says why none is.
func (a alert) subject(s Settings) (namespace, pod, fault string) {
	namespace, nsLabel := first(a.labels, s.NamespaceLabels)
	pod, podLabel := first(a.labels, s.PodLabels)
	switch {
	case pod == "":
		return "", "", "It names no pod: it has none of the labels " + strings.Join(s.PodLabels, ", ") + "."
	case namespace == "":
		return "", "", "It names no namespace: it has none of the labels " + strings.Join(s.NamespaceLabels, ", ") + "."
	case !isName(pod, 253):
		return "", "", fmt.Sprintf("Its label %s, %s, is no name of a pod.", podLabel, configfile.Quote(pod))
	case !isName(namespace, 63):
		return "", "", fmt.Sprintf("Its label %s, %s, is no name of a namespace.", nsLabel, configfile.Quote(namespace))
	}
	return namespace, pod, ""
}

// first is the first of the labels that has a value.
func first(labels map[string]string, names []string) (value, name string) {
	for _, name := range names {
		if v := labels[name]; v != "" {
			return v, name
		}
	}
	return "", ""
}

// isName says whether a text can be the name of an object: so it can stand
// anywhere without more ado.
func isName(s string, most int) bool {
	return len(s) <= most && regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`).MatchString(s)
}

// cut makes a foreign text printable, and not longer than so many runes.
func cut(s string, most int) string {
	runes := []rune(configfile.Printable(s, most))
	return string(runes[:min(len(runes), most)])
}
