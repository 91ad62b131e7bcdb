package config

import "time"

const (
	// DefaultFixesURL is where warnings point to unless the file says otherwise.
	DefaultFixesURL = "https://github.com/initguard/initguard/blob/main/docs/fixes/"
	// DefaultTemplatePath is where most kinds hold their pod template.
	DefaultTemplatePath = "spec.template"

	defaultWhy = "the cluster's configuration says so"
)

// DefaultPlatforms are those that images are judged for where nobody knows the
// cluster's nodes.
func DefaultPlatforms() []string { return []string{"linux/amd64", "linux/arm64"} }

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
		},
		Budgets: Budgets{
			NamespaceInspections:      8,
			NamespaceQueue:            64,
			NamespaceMiBPerHour:       4096,
			RegistryRequestsPerMinute: 600,
			RegistryReservePercent:    50,
		},
		Cache: Cache{
			Images:        10_000,
			TagTTL:        60 * time.Second,
			FailureTTL:    3 * time.Second,
			FailureTTLMax: 5 * time.Minute,
		},
		FixesURL: DefaultFixesURL,
	}
}
