package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/initguard/initguard/webhook/config"
)

// WebhookOptions are the flags of `initguard webhook`.
type WebhookOptions struct {
	ConfigFile         string
	Kubeconfig         string
	BindAddress        string
	Port               int
	CertSource         string
	CertDir            string
	CertSecret         string
	ClientCA           string
	Namespace          string
	Service            string
	InjectImage        string
	Pod                string
	MetricsBindAddress string
	HealthBindAddress  string
	ShutdownDelay      time.Duration
	LogFormat          string
	LogLevel           string

	// WebhookConfiguration is the name of both webhook configurations.
	WebhookConfiguration string
}

// NewWebhookOptions gives the defaults.
func NewWebhookOptions() *WebhookOptions {
	return &WebhookOptions{
		BindAddress:        "0.0.0.0",
		Port:               9443,
		CertSource:         certsFromFiles,
		CertSecret:         "initguard-webhook-tls",
		Namespace:          "initguard-system",
		Service:            "initguard-webhook",
		MetricsBindAddress: ":8080",
		HealthBindAddress:  ":8081",
		LogFormat:          "json",
		LogLevel:           "info",

		WebhookConfiguration: "initguard",
	}
}

// AddFlags adds the flags.
func (o *WebhookOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.ConfigFile, "config", o.ConfigFile, "configuration file, reloaded when it changes; without it the built-in defaults apply")
	fs.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "kubeconfig of the cluster to serve; without it the Pod's own ServiceAccount is used")
	fs.StringVar(&o.BindAddress, "bind-address", o.BindAddress, "address to serve admission requests on")
	fs.IntVar(&o.Port, "port", o.Port, "port to serve admission requests on")
	fs.StringVar(&o.CertSource, "cert-source", o.CertSource, "where the serving certificate comes from: files, which somebody else renews, or built-in, a Secret that is renewed here")
	fs.StringVar(&o.CertDir, "cert-dir", o.CertDir, "directory with the serving certificate, tls.crt and tls.key, reloaded when they change (required for --cert-source=files)")
	fs.StringVar(&o.CertSecret, "cert-secret", o.CertSecret, "Secret of --cert-source=built-in, which has to exist")
	fs.StringVar(&o.ClientCA, "client-ca", o.ClientCA, "`file` with authorities in PEM: only callers with a client certificate of one of them are answered, which API servers have to be configured for; without it everybody who reaches the port is")
	fs.StringVar(&o.Namespace, "namespace", o.Namespace, "namespace that the webhook runs in")
	fs.StringVar(&o.Service, "service", o.Service, "Service that the API server calls the webhook by")
	fs.StringVar(&o.WebhookConfiguration, "webhook-configuration", o.WebhookConfiguration, "name of both webhook configurations; the webhook is ready only while they trust its certificate")
	fs.StringVar(&o.InjectImage, "inject-image", o.InjectImage, "initguard's own `image`, pinned, as every node can pull it: tini comes from it; without it the image that the Pod of --pod names; injection.wrap.image of the configuration stands over both")
	fs.StringVar(&o.Pod, "pod", o.Pod, "`namespace/name` of the Pod that this runs in; without it it is not known which image that runs")
	fs.StringVar(&o.MetricsBindAddress, "metrics-bind-address", o.MetricsBindAddress, "address to serve /metrics on, or 0 for none")
	fs.StringVar(&o.HealthBindAddress, "health-probe-bind-address", o.HealthBindAddress, "address to serve /healthz and /readyz on")
	fs.DurationVar(&o.ShutdownDelay, "shutdown-delay", o.ShutdownDelay, "how long to go on serving, and say that it is not ready, once it is told to end; in the second half callers are asked to leave")
	fs.StringVar(&o.LogFormat, "log-format", o.LogFormat, "json or text")
	fs.StringVar(&o.LogLevel, "log-level", o.LogLevel, "debug, info, warn or error")
}

// Validate names every flag that can't be used.
func (o *WebhookOptions) Validate() []error {
	var errs []error
	errs = append(errs, o.validateCerts()...)
	if fault := config.InjectImageFault(o.InjectImage); fault != "" {
		errs = append(errs, fmt.Errorf("--inject-image: %q %s", o.InjectImage, fault))
	}
	if namespace, pod := o.ownPod(); o.Pod != "" && (namespace == "" || pod == "" || strings.Contains(pod, "/")) {
		errs = append(errs, fmt.Errorf("--pod: %q is not namespace/name", o.Pod))
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

// ownPod is the Pod that this runs in; empty where that is not said.
func (o *WebhookOptions) ownPod() (namespace, name string) {
	namespace, name, _ = strings.Cut(o.Pod, "/")
	return namespace, name
}

// maxShutdownDelay bounds --shutdown-delay: Pods are killed after 30 seconds.
const maxShutdownDelay = 5 * time.Minute

func (o *WebhookOptions) validateCerts() []error {
	var errs []error
	switch {
	case o.CertSource == certsFromFiles && o.CertDir == "":
		errs = append(errs, errors.New("--cert-dir: is required: the API server speaks to webhooks over TLS only; or set --cert-source=built-in"))
	case o.CertSource == certsBuiltIn && o.CertDir != "":
		errs = append(errs, errors.New("--cert-dir: is for --cert-source=files"))
	case o.CertSource == certsBuiltIn && o.CertSecret == "":
		errs = append(errs, errors.New("--cert-secret: is required for --cert-source=built-in"))
	case o.CertSource != certsFromFiles && o.CertSource != certsBuiltIn:
		errs = append(errs, fmt.Errorf("--cert-source: %q is neither files nor built-in", o.CertSource))
	}
	for flag, value := range map[string]string{"--namespace": o.Namespace, "--service": o.Service, "--webhook-configuration": o.WebhookConfiguration} {
		if value == "" {
			errs = append(errs, fmt.Errorf("%s: is required", flag))
		}
	}
	if o.ShutdownDelay < 0 || o.ShutdownDelay > maxShutdownDelay {
		errs = append(errs, fmt.Errorf("--shutdown-delay: %s is not from 0 to %s", o.ShutdownDelay, maxShutdownDelay))
	}
	return errs
}
