// Package config is the responder's configuration file: one section for each of
// its parts, which that part defines and checks.
package config

import (
	"strings"

	"github.com/initguard/initguard/configfile"
	"github.com/initguard/initguard/scanner/alerts"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify"
	"github.com/initguard/initguard/scanner/remedy"
)

// Kind is what the file has to say it is.
const Kind = "ResponderConfig"

// Config is the configuration file. A field that the file leaves out, or sets to
// null, has its default; a list that the file gives replaces the default list. A
// Config that Parse or Default returned is never changed.
//
// A section takes a line here, one in Default and one in check.
type Config struct {
	// APIVersion is required: configfile.APIVersion.
	APIVersion string `yaml:"apiVersion"`
	// Kind is required: Kind.
	Kind string `yaml:"kind"`
	// Notices say whom to tell what, and when.
	Notices notice.Settings `yaml:"notices"`
	// Mail is how mails are sent.
	Mail notify.MailSettings `yaml:"mail"`
	// Events are how Events are written.
	Events notify.EventSettings `yaml:"events"`
	// Remedy says whose pods may be evicted, when, and how many.
	Remedy remedy.Settings `yaml:"remedy"`
	// Alerts say how Alertmanager's webhook is taken.
	Alerts alerts.Settings `yaml:"alerts"`
}

// Default returns the configuration of a file that sets nothing. Each call
// returns a Config of its own.
func Default() *Config {
	return &Config{
		APIVersion: configfile.APIVersion,
		Kind:       Kind,
		Notices:    notice.Default(),
		Mail:       notify.DefaultMail(),
		Events:     notify.DefaultEvents(),
		Remedy:     remedy.Default(),
		Alerts:     alerts.Default(),
	}
}

// check has each part check its section.
func check(r *configfile.Report, c *Config) {
	reject(r, "notices", c.Notices.Validate())
	c.Mail.Check(r, "mail")
	c.Events.Check(r, "events")
	reject(r, "remedy", c.Remedy.Validate())
	c.Alerts.Check(r, "alerts")
}

// reject notes the faults that a part found in its section: each the path below
// it, and a text.
func reject[F ~struct{ Path, Text string }](r *configfile.Report, section string, faults []F) {
	for _, f := range faults {
		fault := struct{ Path, Text string }(f)
		r.Reject(strings.TrimSuffix(section+"."+fault.Path, "."), "%s", fault.Text)
	}
}

// Parse reads a configuration file as configfile does: strictly, with every
// mistake named. The error is a *configfile.Error.
func Parse(name string, data []byte) (*Config, error) {
	return configfile.Format[Config]{Kind: Kind, Default: Default, Check: check}.Parse(name, data)
}
