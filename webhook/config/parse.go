package config

import (
	"fmt"

	"github.com/initguard/initguard/configfile"
)

// Parse reads a configuration file, YAML or JSON, strictly: an unknown field,
// a field twice, an alias, a second document or more than configfile.MaxBytes is
// an error. The name is the file's, for messages. Whatever is wrong is reported
// at once: the error is a *configfile.Error.
func Parse(name string, data []byte) (*Config, error) {
	return configfile.Format[Config]{Kind: Kind, Default: Default, Check: check}.Parse(name, data)
}

// report notes what can be read but can't be meant.
type report struct{ *configfile.Report }

func check(to *configfile.Report, c *Config) {
	r := report{to}
	r.fill(c)
	r.validate(c)
}

// fill sets the defaults that depend on what is around them.
func (r report) fill(c *Config) {
	if !r.Given("cache.failureTTLMax") {
		c.Cache.FailureTTLMax = max(c.Cache.FailureTTLMax, min(c.Cache.FailureTTL, maxFailureTTL))
	}
	for i := range c.Workloads {
		if !r.Given(fmt.Sprintf("workloads[%d].templatePath", i)) {
			c.Workloads[i].TemplatePath = DefaultTemplatePath
		}
	}
	for i := range c.ExtraPrograms {
		if !r.Given(fmt.Sprintf("programs[%d].why", i)) {
			c.ExtraPrograms[i].Why = defaultWhy
		}
	}
}
