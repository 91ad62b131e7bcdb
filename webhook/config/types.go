package config

import (
	"net/netip"
	"time"

	"github.com/initguard/initguard/configfile"
)

// What the file has to say it is.
const (
	// APIVersion is the version of the format that Parse understands.
	APIVersion = configfile.APIVersion
	// Kind is the kind of the file.
	Kind = "InitguardConfig"
)

// Config is the configuration file. A field that the file leaves out, or sets
// to null, has its default; a list that the file gives replaces the default
// list. A Config that Parse or Default returned is never changed.
type Config struct {
	// APIVersion is required: APIVersion.
	APIVersion string `yaml:"apiVersion"`
	// Kind is required: Kind.
	Kind string `yaml:"kind"`
	// KillSwitch turns enforce, inject and remedy off at once, whatever labels
	// and annotations say; warnings and audit annotations stay. Default: false.
	KillSwitch bool `yaml:"killSwitch"`
	// Defaults are the modes of a namespace without labels.
	Defaults Modes `yaml:"defaults"`
	// Injection bounds what may be done to pods.
	Injection Injection `yaml:"injection"`
	// Unknown says what an Unknown verdict does.
	Unknown Unknown `yaml:"unknown"`
	// Exemptions say who and what is never looked at.
	Exemptions Exemptions `yaml:"exemptions"`
	// Inspection bounds the looking into images.
	Inspection Inspection `yaml:"inspection"`
	// Budgets are what may be taken of registries, by whom.
	Budgets Budgets `yaml:"budgets"`
	// Cache bounds what is remembered about images.
	Cache Cache `yaml:"cache"`
	// Registries are the registries that need something said; a registry that
	// isn't named here is asked over HTTPS, at public addresses only. Default:
	// none. At most 1,000.
	Registries []Registry `yaml:"registries"`
	// Mirrors say where images are asked for instead of, or before, the
	// registry that their name begins with. They stand over what OpenShift's
	// objects say of the same source. Default: none. At most 1,000.
	Mirrors []Source `yaml:"mirrors"`
	// AllowedRegistries are the registries, folders in them, repositories or
	// images that are looked at; others are Unknown, and nobody is asked.
	// *.DOMAIN means all registries below it. Default: all. At most 1,000.
	AllowedRegistries []string `yaml:"allowedRegistries"`
	// BlockedRegistries are, likewise, those that aren't. Default: none. At
	// most 1,000.
	BlockedRegistries []string `yaml:"blockedRegistries"`
	// ProxyHosts are hosts, or *.DOMAIN, beside the registries named in this
	// file that may be asked through HTTPS_PROXY: token servers, stores of
	// content. Default: none. At most 1,000.
	ProxyHosts []string `yaml:"proxyHosts"`
	// ImageStreams says what an image name of one part, such as app:1, means.
	// Default: auto.
	ImageStreams ImageStreams `yaml:"imageStreams"`
	// ExtraPrograms are programs that the built-in table lacks or, under the
	// same name, gets wrong for this cluster. Default: none. At most 1,000.
	// Programs gives them as rows of the table.
	ExtraPrograms []Program `yaml:"programs"`
	// Workloads are custom resources with a pod template. Default: none. At
	// most 100.
	Workloads []Workload `yaml:"workloads"`
	// FixesURL is the folder of pages that warnings point to: https, without
	// query or fragment. Empty: warnings hold no URL. Default: DefaultFixesURL.
	FixesURL string `yaml:"fixesURL"`
}

// Modes say from which risk on each mode acts. Its zero value never acts.
type Modes struct {
	// Warn sends a warning to whoever applies. Default: possible.
	Warn Level `yaml:"warn"`
	// Audit writes audit annotations. Default: possible.
	Audit Level `yaml:"audit"`
	// Enforce denies. Default: never.
	Enforce Level `yaml:"enforce"`
	// Inject makes the pod safe as it is created. Default: never.
	Inject Level `yaml:"inject"`
	// Strategy is how Inject does it. Default: auto.
	Strategy Strategy `yaml:"strategy"`
}

// Unknown says what happens where the verdict is Unknown.
type Unknown struct {
	// Deny makes an Unknown verdict a denial where enforce is set to anything
	// but never. Default: false.
	Deny bool `yaml:"deny"`
}

// Exemptions say who and what is never looked at. Names are exact: no
// patterns.
type Exemptions struct {
	// Namespaces are exempt as a whole. initguard's own, OwnNamespaces, are
	// exempt whatever stands here. Default: kube-system. At most 10,000.
	Namespaces []string `yaml:"namespaces"`
	// Usernames are exempt as the authenticated maker of a request, such as
	// system:serviceaccount:NAMESPACE:NAME. Default: none. At most 10,000.
	Usernames []string `yaml:"usernames"`
	// ContainersUnderEnforce lets the pod-template annotation
	// AnnotationExemptContainers exempt containers from enforce too; without
	// it the annotation is ignored there, or a team could lift its own
	// denial. Default: false.
	ContainersUnderEnforce bool `yaml:"containersUnderEnforce"`
}

// Inspection bounds the looking into images.
type Inspection struct {
	// Deadline is how long one whole admission request may take; past it what
	// isn't known yet is Unknown. It must be below the timeoutSeconds of the
	// webhook's registration. From 100ms to 10s. Default: 2s.
	Deadline time.Duration `yaml:"deadline"`
	// Timeout is how long the inspection of one image may go on in the
	// background. From Deadline to 10m. Default: 30s.
	Timeout time.Duration `yaml:"timeout"`
	// Concurrency is how many inspections may run at once. From 1 to 1,000.
	// Default: 16.
	Concurrency int `yaml:"concurrency"`
	// Platforms are the platforms that images are judged for, as
	// linux/ARCH[/VARIANT]. At most 16. Default: none, which stands for those
	// of the cluster's nodes, or DefaultPlatforms where nobody knows them.
	Platforms []string `yaml:"platforms"`
	// WarmUp looks at the images of the pods that run when the webhook starts,
	// one after the other. Default: false.
	WarmUp bool `yaml:"warmUp"`
}

// Cache bounds what is remembered about images.
type Cache struct {
	// Images is how many images, each of one platform, are remembered. From 1
	// to 1,000,000. Default: 10,000.
	Images int `yaml:"images"`
	// TagTTL is how long a tag is taken to mean the same digest. From 1s to
	// 24h. Default: 60s.
	TagTTL time.Duration `yaml:"tagTTL"`
	// FailureTTL is how long a failed lookup isn't tried again. From 1s to 1h.
	// Default: 3s.
	FailureTTL time.Duration `yaml:"failureTTL"`
	// FailureTTLMax bounds the doubling of FailureTTL for what a registry
	// answers for certain, such as that there is no such image. From
	// FailureTTL to 24h. Default: 5m.
	FailureTTLMax time.Duration `yaml:"failureTTLMax"`
}

// Registry is what has to be said about one registry.
type Registry struct {
	// Host is the registry as image references name it: host or host:port in
	// lower case. docker.io means Docker Hub. Required.
	Host string `yaml:"host"`
	// Shared lets initguard's own credentials answer for every namespace.
	// Default: false.
	Shared bool `yaml:"shared"`
	// OpenShiftInternal marks OpenShift's internal registry: it is asked with
	// initguard's own token, for pods whose ServiceAccount may pull there. Not
	// beside Shared. Default: false.
	OpenShiftInternal bool `yaml:"openshiftInternal"`
	// PlainHTTP asks the registry over HTTP without TLS. Default: false.
	PlainHTTP bool `yaml:"plainHTTP"`
	// AllowAddresses are the addresses, else refused (loopback, link-local,
	// metadata), at which this registry may be asked: CIDRs or single
	// addresses. Private ones need none: the entry is enough. Default: none. At
	// most 100.
	AllowAddresses []netip.Prefix `yaml:"allowAddresses"`
	// CA is certificates in PEM that vouch for this registry beside the
	// system's, and for no other. Default: none.
	CA string `yaml:"ca"`
	// CAFile is the path of a file that holds them, in the webhook's container,
	// read again when it changes. Default: none.
	CAFile string `yaml:"caFile"`
}

// Program says what one program does as PID 1.
type Program struct {
	// Name is the base name by which argv calls it. Required.
	Name string `yaml:"name"`
	// Reaps says whether it reaps orphans as PID 1. Required.
	Reaps bool `yaml:"reaps"`
	// Why is one clause that says how that is known, shown to users; at most
	// 120 characters. Default: "the cluster's configuration says so".
	Why string `yaml:"why"`
	// MustBePID1 is true for a program that refuses to work as anything else:
	// nothing is ever put in front of it. Default: false.
	MustBePID1 bool `yaml:"mustBePID1"`
	// HarmedByOrphans is one clause that says what the exit of an orphan does
	// to it, such as "restarts all its workers"; at most 120 characters. Empty
	// when nothing bad is known. Default: empty.
	HarmedByOrphans string `yaml:"harmedByOrphans"`
	// ForwardsSignals is true when SIGTERM reaches what runs below it.
	// Default: false.
	ForwardsSignals bool `yaml:"forwardsSignals"`
	// ForksHelpers is true for a program that starts processes which may
	// outlive their parents. Default: false.
	ForksHelpers bool `yaml:"forksHelpers"`
}

// Workload is a custom resource that holds a pod template.
type Workload struct {
	// Group is its API group, such as argoproj.io. Required.
	Group string `yaml:"group"`
	// Version is its API version; empty matches all. Default: empty.
	Version string `yaml:"version"`
	// Kind is its kind, such as Rollout. Required.
	Kind string `yaml:"kind"`
	// TemplatePath is where its pod template lies: field names joined by dots.
	// Default: DefaultTemplatePath.
	TemplatePath string `yaml:"templatePath"`
	// ControllerUsers are the users that its controller makes pods and
	// ReplicaSets as; what they make for such an owner was judged by the
	// template already. Default: none. At most 100.
	ControllerUsers []string `yaml:"controllerUsers"`
}
