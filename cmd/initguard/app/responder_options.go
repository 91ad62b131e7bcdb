package app

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"
)

// The bounds of the responder's times.
const (
	minCollect = time.Second
	maxCollect = time.Hour
)

// ResponderOptions are the flags of `initguard responder`.
type ResponderOptions struct {
	ConfigFile string
	// KillSwitchFile is the webhook's configuration file, in which the kill switch
	// is.
	KillSwitchFile string
	Kubeconfig     string
	// Namespace is that of the lease and of the scanners' authority,
	// ScannerNamespace that of the scanners.
	Namespace, ScannerNamespace string
	// Interval is the time between two requests to a node, Refresh the least time
	// between two writes of a report of which nothing material changed.
	Interval, Refresh time.Duration
	// PodPIDLimit is how many processes a pod may have, 0 where that isn't known;
	// KubeletPIDLimits asks the kubelets.
	PodPIDLimit        int64
	KubeletPIDLimits   bool
	MetricsBindAddress string
	HealthBindAddress  string
	// AlertsBindAddress is where Alertmanager's webhook is taken, nowhere when it
	// is empty; AlertsCertDir has the certificate, plain HTTP without one.
	AlertsBindAddress string
	AlertsCertDir     string
	LogFormat         string
	LogLevel          string
}

// NewResponderOptions gives the defaults.
func NewResponderOptions() *ResponderOptions {
	return &ResponderOptions{
		Namespace:          "initguard-system",
		ScannerNamespace:   "initguard-node",
		Interval:           time.Minute,
		Refresh:            2 * time.Minute,
		MetricsBindAddress: ":8080",
		HealthBindAddress:  ":8081",
		LogFormat:          "json",
		LogLevel:           "info",
	}
}

// AddFlags adds the flags.
func (o *ResponderOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.ConfigFile, "config", o.ConfigFile, "configuration file, reloaded when it changes; without it the built-in defaults apply")
	fs.StringVar(&o.KillSwitchFile, "kill-switch-file", o.KillSwitchFile,
		"the webhook's configuration `file`, whose killSwitch stops evictions, too; while it can't be read nothing is evicted")
	fs.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "kubeconfig of the cluster; without it the Pod's own ServiceAccount is used")
	fs.StringVar(&o.Namespace, "namespace", o.Namespace, "`namespace` of the lease and of the scanners' authority")
	fs.StringVar(&o.ScannerNamespace, "scanner-namespace", o.ScannerNamespace, "`namespace` of the scanners")
	fs.DurationVar(&o.Interval, "interval", o.Interval, "time between two requests to a node")
	fs.DurationVar(&o.Refresh, "refresh", o.Refresh,
		"least time between two writes of a report of which little changed; with more than 240 reports it is half a second a report")
	fs.Int64Var(&o.PodPIDLimit, "pod-pid-limit", o.PodPIDLimit, "processes and threads that a pod may have (podPidsLimit of the kubelets); 0 when it isn't known")
	fs.BoolVar(&o.KubeletPIDLimits, "kubelet-pid-limits", o.KubeletPIDLimits, "ask each kubelet for that limit; takes the right to get nodes/proxy")
	fs.StringVar(&o.MetricsBindAddress, "metrics-bind-address", o.MetricsBindAddress, "address to serve /metrics on, or 0 for none")
	fs.StringVar(&o.HealthBindAddress, "health-probe-bind-address", o.HealthBindAddress, "address to serve /healthz and /readyz on")
	fs.StringVar(&o.AlertsBindAddress, "alerts-bind-address", o.AlertsBindAddress, "address to take Alertmanager's webhook on, at /alerts; without it none is taken")
	fs.StringVar(&o.AlertsCertDir, "alerts-cert-dir", o.AlertsCertDir, "`folder` of tls.crt and tls.key to serve it with, read again when they change; without it plain HTTP")
	fs.StringVar(&o.LogFormat, "log-format", o.LogFormat, "json or text")
	fs.StringVar(&o.LogLevel, "log-level", o.LogLevel, "debug, info, warn or error")
}

// Validate names every flag that can't be used.
func (o *ResponderOptions) Validate() []error {
	var errs []error
	for _, n := range []struct{ flag, value string }{{"--namespace", o.Namespace}, {"--scanner-namespace", o.ScannerNamespace}} {
		if len(validation.IsDNS1123Label(n.value)) > 0 {
			errs = append(errs, fmt.Errorf("%s: %q is no name of a namespace", n.flag, n.value))
		}
	}
	if o.Interval < minCollect || o.Interval > maxCollect {
		errs = append(errs, fmt.Errorf("--interval: %v is not between %v and %v", o.Interval, minCollect, maxCollect))
	}
	if o.Refresh < minCollect || o.Refresh > maxCollect {
		errs = append(errs, fmt.Errorf("--refresh: %v is not between %v and %v", o.Refresh, minCollect, maxCollect))
	}
	if o.PodPIDLimit < 0 {
		errs = append(errs, fmt.Errorf("--pod-pid-limit: %d is less than 0, which stands for none that is known", o.PodPIDLimit))
	}
	if o.PodPIDLimit > 0 && o.KubeletPIDLimits {
		errs = append(errs, errors.New("--kubelet-pid-limits: goes without --pod-pid-limit, which says the same for all nodes"))
	}
	if o.AlertsCertDir != "" && (o.AlertsBindAddress == "" || o.AlertsBindAddress == "0") {
		errs = append(errs, errors.New("--alerts-cert-dir: goes with --alerts-bind-address"))
	}
	errs = append(errs, oneOf("--log-format", o.LogFormat, "json", "text")...)
	if err := new(slog.LevelVar).UnmarshalText([]byte(o.LogLevel)); err != nil {
		errs = append(errs, fmt.Errorf("--log-level: %q is none of debug, info, warn, error", o.LogLevel))
	}
	return errs
}
