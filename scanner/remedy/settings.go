package remedy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Settings are the section remedy of the responder's configuration file: whose
// pods may be evicted, when, and how many.
type Settings struct {
	// Mode is off, dry-run or evict. A dry run says what would have been done.
	// Default: off.
	Mode Mode `yaml:"mode"`
	// OptIn says who may ask for it: workload lets teams do so by the annotation
	// of a pod template, beside the platform by the namespace's label; namespace
	// takes the label alone. A team may always say never. Default: workload.
	OptIn OptIn `yaml:"optIn"`
	// Namespaces are patterns of the namespaces in which it may be asked for; *
	// stands for any characters. At most 1,000. Default: *.
	Namespaces []string `yaml:"namespaces"`
	// ExemptNamespaces are patterns of those in which nothing is ever evicted,
	// beside initguard's own. At most 1,000. Default: kube-*, openshift and
	// openshift-*.
	ExemptNamespaces []string `yaml:"exemptNamespaces"`
	// Thresholds say from when on a pod is one to evict: when one that is set is
	// passed.
	Thresholds Thresholds `yaml:"thresholds"`
	// Hold is how long it must be passed without a break, as one responder saw
	// it. From 0s to 24h. Default: 1h.
	Hold time.Duration `yaml:"hold"`
	// Settle is how long a workload is left alone after an eviction, how long the
	// pod that came instead must be ready, and how long a pod itself. From 1m to
	// 24h. Default: 10m.
	Settle time.Duration `yaml:"settle"`
	// ComeBack says when evicting is given up.
	ComeBack ComeBack `yaml:"comeBack"`
	// Budgets are how many evictions there may be in an hour.
	Budgets Budgets `yaml:"budgets"`
}

// Thresholds are of one pod. Only zombies that its PID 1 does not reap count.
// Zero is one that isn't set.
type Thresholds struct {
	// Zombies is how many there are. At most 1,000,000. Default: 1000.
	Zombies int `yaml:"zombies"`
	// LimitPercent is the part of the pod's PID limit that they take, where the
	// limit is known. At most 100. Default: 50.
	LimitPercent int `yaml:"limitPercent"`
	// LimitIn is how soon the pod reaches its PID limit, by zombies alone, where
	// that can be told and does not rest on a short time; they have to take a tenth
	// of the limit already. At most 720h. Default: 6h.
	LimitIn time.Duration `yaml:"limitIn"`
}

// ComeBack says when the zombies come back too fast for evictions to help.
type ComeBack struct {
	// Within is how old a pod that came instead of an evicted one may be, when it
	// is one to evict itself, for that to count. From 1m to 720h. Default: 24h.
	Within time.Duration `yaml:"within"`
	// Times is how often that may happen to a workload, with the same image and
	// command. The next time its pods are evicted no more. From 0 to 10. Default:
	// 2.
	Times int `yaml:"times"`
}

// Budgets bound the evictions of an hour.
type Budgets struct {
	// Owner is for each workload. From 1 to 10. Default: 1.
	Owner int `yaml:"owner"`
	// Namespace is for each namespace. From 1 to 1,000. Default: 3.
	Namespace int `yaml:"namespace"`
	// Cluster is for all. From 1 to 10,000. Default: 10.
	Cluster int `yaml:"cluster"`
}

// Mode is what is done.
type Mode string

// The modes.
const (
	Off    Mode = "off"
	DryRun Mode = "dry-run"
	Evict  Mode = "evict"
)

// UnmarshalText reads a mode of a file.
func (m *Mode) UnmarshalText(text []byte) error {
	return oneOf(m, string(text), Off, DryRun, Evict)
}

// OptIn is who may ask for evictions.
type OptIn string

// Who may.
const (
	ByWorkload  OptIn = "workload"
	ByNamespace OptIn = "namespace"
)

// UnmarshalText reads what stands in a file.
func (o *OptIn) UnmarshalText(text []byte) error {
	return oneOf(o, string(text), ByWorkload, ByNamespace)
}

// oneOf sets a value to a word, where it is one of those.
func oneOf[T ~string](to *T, word string, words ...T) error {
	if !slices.Contains(words, T(word)) {
		list := make([]string, len(words))
		for i, w := range words {
			list[i] = string(w)
		}
		return fmt.Errorf("%s must be one of %s", quoted(word), strings.Join(list, ", "))
	}
	*to = T(word)
	return nil
}

// Default returns what a file that says nothing means. Each call returns
// Settings of its own.
func Default() Settings {
	return Settings{
		Mode: Off, OptIn: ByWorkload, Namespaces: []string{"*"}, ExemptNamespaces: []string{"kube-*", "openshift", "openshift-*"},
		Thresholds: Thresholds{Zombies: 1000, LimitPercent: 50, LimitIn: 6 * time.Hour},
		Hold:       time.Hour,
		Settle:     10 * time.Minute,
		ComeBack:   ComeBack{Within: 24 * time.Hour, Times: 2},
		Budgets:    Budgets{Owner: 1, Namespace: 3, Cluster: 10},
	}
}
