// Package nodescan wires what runs on every node: flags, the reader of /proc,
// the loop and its servers. It imports little, because it shares a node with
// everybody: the whole of initguard takes three times the memory at rest.
package nodescan

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/initguard/initguard/scanner/node"
)

// DefaultInterval is the time between two scans on a node.
const DefaultInterval = 30 * time.Second

// The bounds of the interval: a start time has hundredths of a second, and
// nobody waits longer for an answer.
const (
	minInterval = 10 * time.Millisecond
	maxInterval = time.Hour
)

// Options are the flags.
type Options struct {
	// Interval is the time between two scans; 0 is the default of the use.
	Interval time.Duration
	// Proc is where proc is mounted.
	Proc string
	// Listen is where the report is served, Health where /healthz and /readyz
	// are; Health may be empty.
	Listen, Health string
	// CertDir holds tls.crt and tls.key. ClientCA is that of those who may ask,
	// ca.crt in CertDir when empty, and ClientNames are their names.
	CertDir, ClientCA string
	ClientNames       []string
}

// NewOptions gives the defaults.
func NewOptions() *Options {
	return &Options{Proc: "/proc", Listen: ":8443", Health: ":8081"}
}

// AddFlags adds the flags.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.DurationVar(&o.Interval, "interval", o.Interval,
		"time between two scans: what is reaped within it is not counted; 0s is 30s, and 2s with --once")
	fs.StringVar(&o.Proc, "proc", o.Proc, "`directory` where proc is mounted")
	fs.StringVar(&o.Listen, "listen", o.Listen, "`address` to serve the report on, over TLS")
	fs.StringVar(&o.Health, "health-listen", o.Health, "`address` to serve /healthz and /readyz on; empty for none")
	fs.StringVar(&o.CertDir, "cert-dir", o.CertDir, "`directory` with this server's tls.crt and tls.key, read again when they change")
	fs.StringVar(&o.ClientCA, "client-ca", o.ClientCA, "`file` with the CA of clients; empty is ca.crt in --cert-dir")
	fs.StringArrayVar(&o.ClientNames, "client-name", o.ClientNames, "DNS `name` that a client's certificate must have; repeatable")
}

// ValidateScan names every flag of the scan itself that can't be used.
func (o *Options) ValidateScan() []error {
	if o.Interval != 0 && (o.Interval < minInterval || o.Interval > maxInterval) {
		return []error{fmt.Errorf("--interval: %v is not between %v and %v", o.Interval, minInterval, maxInterval)}
	}
	return nil
}

// Validate names every flag that can't be used to serve.
func (o *Options) Validate() []error {
	errs := o.ValidateScan()
	for _, address := range []struct{ flag, value string }{{"--listen", o.Listen}, {"--health-listen", o.Health}} {
		if address.value == "" && address.flag == "--health-listen" {
			continue
		}
		if _, _, err := net.SplitHostPort(address.value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is not host:port or :port", address.flag, address.value))
		}
	}
	if o.CertDir == "" {
		errs = append(errs, errors.New("--cert-dir: is required to serve: the report is only given over TLS"))
	}
	if len(o.ClientNames) == 0 || slices.Contains(o.ClientNames, "") {
		errs = append(errs, errors.New("--client-name: is required to serve: who may ask for the report"))
	}
	return errs
}

// files are where the certificates lie.
func (o *Options) files() node.Files {
	return node.Files{
		Cert: filepath.Join(o.CertDir, "tls.crt"), Key: filepath.Join(o.CertDir, "tls.key"),
		ClientCA: cmp.Or(o.ClientCA, filepath.Join(o.CertDir, "ca.crt")),
	}
}
