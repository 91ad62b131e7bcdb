package config

import "time"

const (
	// DefaultFixesURL is where warnings point to unless the file says otherwise.
	DefaultFixesURL = "https://github.com/initguard/initguard/blob/main/docs/fixes/"
	// DefaultTemplatePath is where most kinds hold their pod template.
	DefaultTemplatePath = "spec.template"

	defaultWhy = "the cluster's configuration says so"
)

// Default returns the configuration of a file that sets nothing. Each call
// returns a Config of its own.
func Default() *Config {
	return &Config{
		APIVersion: APIVersion,
		Kind:       Kind,
		Defaults: Modes{
			Warn: Possible, Audit: Possible, Enforce: Never, Inject: Never,
			Strategy: StrategyAuto,
		},
		Injection:  Injection{Strategies: []Strategy{StrategySharePID, StrategyWrap}, Wrap: Wrap{RequireSeen: true}},
		Exemptions: Exemptions{Namespaces: []string{"kube-system"}},
		Inspection: Inspection{
			Deadline:    2 * time.Second,
			Timeout:     30 * time.Second,
			Concurrency: 16,
			Platforms:   []string{"linux/amd64", "linux/arm64"},
		},
		Cache: Cache{
			Images:     10_000,
			TagTTL:     60 * time.Second,
			FailureTTL: 15 * time.Second,
		},
		FixesURL: DefaultFixesURL,
	}
}
