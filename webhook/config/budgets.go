package config

// Budgets are what may be taken of registries. Each replica of the webhook has
// them for itself.
type Budgets struct {
	// NamespaceInspections is how many inspections of one namespace may be
	// under way at once, beside the share that Inspection.Concurrency leaves
	// it. From 1 to 1,000. Default: 8.
	NamespaceInspections int `yaml:"namespaceInspections"`
	// NamespaceQueue is how many inspections of one namespace may wait for
	// their turn. From 1 to 1,000. Default: 64.
	NamespaceQueue int `yaml:"namespaceQueue"`
	// NamespaceMiBPerHour is what may be downloaded for one namespace in an
	// hour, in MiB. From 1 to 1,048,576. Default: 4,096.
	NamespaceMiBPerHour int `yaml:"namespaceMiBPerHour"`
	// RegistryRequestsPerMinute is how many manifests and blobs one registry
	// is asked for in a minute. From 1 to 1,000,000. Default: 600.
	RegistryRequestsPerMinute int `yaml:"registryRequestsPerMinute"`
	// RegistryReservePercent is how much of what a registry's RateLimit
	// headers grant is left to the nodes, which often share the address. From
	// 0 to 100. Default: 50.
	RegistryReservePercent int `yaml:"registryReservePercent"`
}

const (
	maxQueue    = 1_000
	maxMiB      = 1 << 20
	maxRequests = 1_000_000
)

func (r report) budgets(b Budgets) {
	r.Between("budgets.namespaceInspections", b.NamespaceInspections, 1, maxConcurrency)
	r.Between("budgets.namespaceQueue", b.NamespaceQueue, 1, maxQueue)
	r.Between("budgets.namespaceMiBPerHour", b.NamespaceMiBPerHour, 1, maxMiB)
	r.Between("budgets.registryRequestsPerMinute", b.RegistryRequestsPerMinute, 1, maxRequests)
	r.Between("budgets.registryReservePercent", b.RegistryReservePercent, 0, 100)
}
