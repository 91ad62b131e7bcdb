package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/pflag"

	"github.com/initguard/initguard/webhook/config"
)

// WebhookOptions are the flags of `initguard webhook`.
type WebhookOptions struct {
	ConfigFile         string
	Kubeconfig         string
	BindAddress        string
	Port               int
	CertDir            string
	InjectImage        string
	MetricsBindAddress string
	HealthBindAddress  string
	LogFormat          string
	LogLevel           string
}

// NewWebhookOptions gives the defaults.
func NewWebhookOptions() *WebhookOptions {
	return &WebhookOptions{
		BindAddress:        "0.0.0.0",
		Port:               9443,
		MetricsBindAddress: ":8080",
		HealthBindAddress:  ":8081",
		LogFormat:          "json",
		LogLevel:           "info",
	}
}

// AddFlags adds the flags.
func (o *WebhookOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.ConfigFile, "config", o.ConfigFile, "configuration file, reloaded when it changes; without it the built-in defaults apply")
	fs.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "kubeconfig of the cluster to serve; without it the Pod's own ServiceAccount is used")
	fs.StringVar(&o.BindAddress, "bind-address", o.BindAddress, "address to serve admission requests on")
	fs.IntVar(&o.Port, "port", o.Port, "port to serve admission requests on")
	fs.StringVar(&o.CertDir, "cert-dir", o.CertDir, "directory with the serving certificate, tls.crt and tls.key, reloaded when they change (required)")
	fs.StringVar(&o.InjectImage, "inject-image", o.InjectImage, "initguard's own `image`, pinned, as every node can pull it: tini comes from it; injection.wrap.image of the configuration stands over it")
	fs.StringVar(&o.MetricsBindAddress, "metrics-bind-address", o.MetricsBindAddress, "address to serve /metrics on, or 0 for none")
	fs.StringVar(&o.HealthBindAddress, "health-probe-bind-address", o.HealthBindAddress, "address to serve /healthz and /readyz on")
	fs.StringVar(&o.LogFormat, "log-format", o.LogFormat, "json or text")
	fs.StringVar(&o.LogLevel, "log-level", o.LogLevel, "debug, info, warn or error")
}

// Validate names every flag that can't be used.
func (o *WebhookOptions) Validate() []error {
	var errs []error
	if o.CertDir == "" {
		errs = append(errs, errors.New("--cert-dir: is required: the API server speaks to webhooks over TLS only"))
	}
	if fault := config.InjectImageFault(o.InjectImage); fault != "" {
		errs = append(errs, fmt.Errorf("--inject-image: %q %s", o.InjectImage, fault))
	}
	if o.Port < 1 || o.Port > 65535 {
		errs = append(errs, fmt.Errorf("--port: %d is not from 1 to 65535", o.Port))
	}
	if net.ParseIP(o.BindAddress) == nil {
		errs = append(errs, fmt.Errorf("--bind-address: %q is no IP address", o.BindAddress))
	}
	if o.LogFormat != "json" && o.LogFormat != "text" {
		errs = append(errs, fmt.Errorf("--log-format: %q is neither json nor text", o.LogFormat))
	}
	if err := new(slog.LevelVar).UnmarshalText([]byte(o.LogLevel)); err != nil {
		errs = append(errs, fmt.Errorf("--log-level: %q is none of debug, info, warn, error", o.LogLevel))
	}
	return errs
}
