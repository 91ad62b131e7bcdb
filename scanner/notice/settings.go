package notice

import "time"

// Settings are the section notices of the responder's configuration file: when
// people are told of zombies, and who. Settings that Default returned, or whose
// Validate found no fault, make Rules.
type Settings struct {
	// Platform is the address of those who run the cluster: they are told where a
	// namespace names nobody who may be told. Default: none.
	Platform string `yaml:"platform"`
	// Warning and Critical are the thresholds of the two severities. A report
	// passes a severity when any threshold that is set is passed.
	Warning  Thresholds `yaml:"warning"`
	Critical Thresholds `yaml:"critical"`
	// Hold is how long a severity must be passed without a break, of more than
	// five minutes, before people are told; less where a pod reaches its PID limit
	// before that. From 0s to 24h. Default: 1h.
	Hold time.Duration `yaml:"hold"`
	// Gather is how long a digest waits for further news of its namespace. From
	// 0s to 1h. Default: 10m.
	Gather time.Duration `yaml:"gather"`
	// Pause is the least time between two digests of a namespace, whatever is new.
	// From 1m to 24h. Default: 15m.
	Pause time.Duration `yaml:"pause"`
	// Again is how soon people are told that zombies are back, when all of a
	// workload's were gone since they were last told; the interval where that is
	// shorter. From 0s to 720h. Default: 24h.
	Again time.Duration `yaml:"again"`
	// Retry is how soon news goes out anew, in a new digest, that nobody could be
	// told. From 10m to 168h. Default: 6h.
	Retry time.Duration `yaml:"retry"`
	// Resolved says when people are told that the zombies are gone.
	Resolved Resolved `yaml:"resolved"`
	// EnvironmentLabel is the namespace label whose value names the environment.
	// Default: initguard.dev/environment.
	EnvironmentLabel string `yaml:"environmentLabel"`
	// Environments are kinds of namespaces. A namespace is of the first one that
	// its label names, else of the first one with a pattern that fits its name,
	// else of the last one. From 1 to 20. Default: prod and other.
	Environments []Environment `yaml:"environments"`
	// Roles are the people of a namespace. At most 10. Default: technical-lead and
	// product-owner.
	Roles []Role `yaml:"roles"`
	// Domains are the mail domains that contacts of namespaces may be in:
	// example.com, or *.example.com for all below it. Without any only Platform is
	// told. At most 100. Default: none.
	Domains []string `yaml:"domains"`
	// OptOut is how far a namespace may go with its annotation AnnotationNotify:
	// all, critical or never. Default: critical.
	OptOut Notify `yaml:"optOut"`
}

// Thresholds are of one severity. Zero is one that isn't set. Once passed, a
// number counts as passed until it is a fifth below.
type Thresholds struct {
	// Zombies is how many one pod has. At most 1,000,000.
	Zombies int `yaml:"zombies"`
	// WorkloadZombies is how many all pods of the workload have. At most
	// 1,000,000.
	WorkloadZombies int `yaml:"workloadZombies"`
	// Age is how old the oldest one is. At most 8760h.
	Age time.Duration `yaml:"age"`
	// PerHour is how many come in an hour in one pod. At most 1,000,000.
	PerHour int `yaml:"perHour"`
	// LimitPercent is the part of its PID limit that one pod's zombies take, where
	// the limit is known. At most 100.
	LimitPercent int `yaml:"limitPercent"`
	// LimitIn is how soon one pod reaches its PID limit, where that can be told
	// and does not rest on a short time. At most 8760h.
	LimitIn time.Duration `yaml:"limitIn"`
}

// Resolved says when people who were told of zombies are told that they are
// gone.
type Resolved struct {
	// Notify turns it on. Default: true.
	Notify bool `yaml:"notify"`
	// Settle is how long all of a workload's zombies must be gone. From 0s to
	// 168h. Default: 1h.
	Settle time.Duration `yaml:"settle"`
}

// Environment is a kind of namespaces.
type Environment struct {
	// Name is what the namespace label says. Required.
	Name string `yaml:"name"`
	// Namespaces are patterns of names, in which * stands for any characters. At
	// most 100. Default: none.
	Namespaces []string `yaml:"namespaces"`
	// Intervals say how soon the same is told again while it goes on.
	Intervals Intervals `yaml:"intervals"`
	// Hours are when a digest may be decided on. Default: always.
	Hours Hours `yaml:"hours"`
}

// Intervals are by severity; zero tells once.
type Intervals struct {
	// Warning is from 1h to 2160h, or 0s. Default: 0s.
	Warning time.Duration `yaml:"warning"`
	// Critical is from 15m to 2160h, or 0s, and no longer than Warning. Default:
	// 0s.
	Critical time.Duration `yaml:"critical"`
}

// Hours are business hours.
type Hours struct {
	// Days are the days of the week, as mon, tue, wed, thu, fri, sat and sun.
	// Without any, all times are business hours. Default: none.
	Days []Day `yaml:"days"`
	// From and To are times of the day, as in 08:30; 24:00 is the day's end.
	// Default: the whole day.
	From Clock `yaml:"from"`
	To   Clock `yaml:"to"`
	// Zone is the time zone, such as Europe/Berlin. Default: UTC.
	Zone string `yaml:"zone"`
	// CriticalAlways lets critical news out at any time. Default: false.
	CriticalAlways bool `yaml:"criticalAlways"`
}

// Role are people of a namespace.
type Role struct {
	// Name is what it is called. Required.
	Name string `yaml:"name"`
	// Annotation is the namespace's annotation that holds their addresses, joined
	// by commas. Default: contact.initguard.dev/ and the name.
	Annotation string `yaml:"annotation"`
	// Severity is the least severity that they are told of. Default: Warning.
	Severity Severity `yaml:"severity"`
	// Environments are those that they are told of. At most 20. Default: all.
	Environments []string `yaml:"environments"`
}

// AnnotationNotify is the annotation by which a namespace says what its people
// are told: all, critical or never.
const AnnotationNotify = "initguard.dev/notify"

const (
	defaultEnvironmentLabel = "initguard.dev/environment"
	contactPrefix           = "contact.initguard.dev/"
)

// Default returns what a file that says nothing means. Each call returns
// Settings of its own.
func Default() Settings {
	return Settings{
		Warning:  Thresholds{Zombies: 50, WorkloadZombies: 500, LimitPercent: 25, LimitIn: 72 * time.Hour},
		Critical: Thresholds{Zombies: 1000, PerHour: 600, LimitPercent: 50, LimitIn: 6 * time.Hour},
		Hold:     time.Hour,
		Gather:   10 * time.Minute,
		Pause:    15 * time.Minute,
		Again:    24 * time.Hour,
		Retry:    6 * time.Hour,
		Resolved: Resolved{Notify: true, Settle: time.Hour},

		EnvironmentLabel: defaultEnvironmentLabel,
		Environments: []Environment{
			{
				Name: "prod", Namespaces: []string{"*-prod", "prod-*", "prod"},
				Intervals: Intervals{Warning: 24 * time.Hour, Critical: time.Hour},
			},
			{
				Name:      "other",
				Intervals: Intervals{Warning: 120 * time.Hour, Critical: 24 * time.Hour},
				Hours:     Hours{Days: []Day{Mon, Tue, Wed, Thu, Fri}, From: clock(8, 0), To: clock(17, 0)},
			},
		},
		Roles: []Role{
			{Name: "technical-lead", Severity: Warning},
			{Name: "product-owner", Severity: Critical, Environments: []string{"prod"}},
		},
		OptOut: NotifyCritical,
	}
}
