// Package config is the responder's configuration file: one section for each of
// its parts, which that part defines and checks.
package config

import (
	"github.com/initguard/initguard/configfile"
	"github.com/initguard/initguard/scanner/alerts"
	"github.com/initguard/initguard/scanner/notify"
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
	// Alerts say how Alertmanager's webhook is taken.
	Alerts alerts.Settings `yaml:"alerts"`
	// Mail says by which server mails are sent, and what they say.
	Mail notify.MailSettings `yaml:"mail"`
	// Events say how workloads get an Event.
	Events notify.EventSettings `yaml:"events"`
}

// Default returns the configuration of a file that sets nothing. Each call
// returns a Config of its own.
func Default() *Config {
	return &Config{
		APIVersion: configfile.APIVersion,
		Kind:       Kind,
		Alerts:     alerts.Default(),
		Mail:       notify.DefaultMail(),
		Events:     notify.DefaultEvents(),
	}
}

// check has each part check its section.
func check(r *configfile.Report, c *Config) {
	c.Alerts.Check(r, "alerts")
	c.Mail.Check(r, "mail")
	c.Events.Check(r, "events")
}

// Parse reads a configuration file as configfile does: strictly, with every
// mistake named. The error is a *configfile.Error.
func Parse(name string, data []byte) (*Config, error) {
	return configfile.Format[Config]{Kind: Kind, Default: Default, Check: check}.Parse(name, data)
}
