package alerts

import (
	"path"
	"regexp"

	"github.com/initguard/initguard/configfile"
)

// The label by which initguard's own alerts are known: the PrometheusRule that
// it ships sets it. They are refused, or a report would be an alert's reason,
// and the alert the report's.
const (
	OwnLabel = "source"
	OwnValue = "initguard"
)

// Settings are the section alerts of the responder's configuration file.
type Settings struct {
	// TokenFile is the path of a file with the tokens that let Alertmanager in, in
	// the responder's container: one a line, from 16 to 512 characters each, at
	// most 4. It is read at each request. Default: DefaultTokenFile.
	TokenFile string `yaml:"tokenFile"`
	// NamespaceLabels and PodLabels are the labels of an alert that name the pod
	// which it is about; of several the first that is there counts. From 1 to 16.
	// Default: exported_namespace, namespace, kubernetes_namespace, and
	// exported_pod, pod, pod_name, kubernetes_pod_name.
	NamespaceLabels []string `yaml:"namespaceLabels"`
	PodLabels       []string `yaml:"podLabels"`
	// MaxKiB is the largest body that is read, in KiB. From 16 to 8,192. Default:
	// 1,024.
	MaxKiB int `yaml:"maxKiB"`
	// MaxAlerts is how many alerts of one request are looked at; what is beyond is
	// said and counted. From 1 to 10,000. Default: 1,000.
	MaxAlerts int `yaml:"maxAlerts"`
}

// DefaultTokenFile is where the token lies unless the file says otherwise.
const DefaultTokenFile = "/etc/initguard/alerts/token" //nolint:gosec // the path of a token, not a token

// The bounds of settings.
const (
	maxLabels             = 16
	leastKiB, mostKiB     = 16, 8192
	leastAlert, mostAlert = 1, 10_000
)

// Default returns what a file that says nothing means. Each call returns
// Settings of its own.
func Default() Settings {
	return Settings{
		TokenFile: DefaultTokenFile,
		// Where Prometheus finds a label of its own target in a series too, it puts
		// exported_ before the latter, which is the one that is meant.
		NamespaceLabels: []string{"exported_namespace", "namespace", "kubernetes_namespace"},
		PodLabels:       []string{"exported_pod", "pod", "pod_name", "kubernetes_pod_name"},
		MaxKiB:          1024,
		MaxAlerts:       1000,
	}
}

// Check notes what can be read but can't be meant. at is the section's path.
func (s Settings) Check(r *configfile.Report, at string) {
	if !path.IsAbs(s.TokenFile) || path.Clean(s.TokenFile) != s.TokenFile {
		r.Reject(at+".tokenFile", "%s must be the absolute path of a file in the responder's container, such as %s", configfile.Quote(s.TokenFile), DefaultTokenFile)
	}
	for _, list := range []struct {
		name   string
		labels []string
	}{{".namespaceLabels", s.NamespaceLabels}, {".podLabels", s.PodLabels}} {
		if len(list.labels) == 0 {
			r.Reject(at+list.name, "is empty; an alert could name no pod")
		}
		r.Names(at+list.name, list.labels, maxLabels, labelFault)
	}
	r.Between(at+".maxKiB", s.MaxKiB, leastKiB, mostKiB)
	r.Between(at+".maxAlerts", s.MaxAlerts, leastAlert, mostAlert)
}

func labelFault(s string) string {
	if !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,127}$`).MatchString(s) {
		return "is not the name of a Prometheus label: letters, digits and underscores"
	}
	return ""
}
