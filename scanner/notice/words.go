package notice

import (
	"fmt"
	"slices"
	"strings"
)

// Severity is how bad it is; empty is not bad enough to tell anybody.
type Severity string

// The severities.
const (
	Warning  Severity = "Warning"
	Critical Severity = "Critical"
)

// UnmarshalText reads a severity of a file.
func (s *Severity) UnmarshalText(text []byte) error {
	return oneOf(s, string(text), Warning, Critical)
}

// The kinds of news.
const (
	// KindFiring says that there are zombies, KindResolved that they are gone.
	KindFiring   = "Firing"
	KindResolved = "Resolved"
)

// Notify is what of its news a namespace is told.
type Notify string

// What may be told.
const (
	NotifyAll      Notify = "all"
	NotifyCritical Notify = "critical"
	NotifyNever    Notify = "never"
)

// UnmarshalText reads what stands in a file.
func (n *Notify) UnmarshalText(text []byte) error {
	return oneOf(n, string(text), NotifyAll, NotifyCritical, NotifyNever)
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

// maxQuoted is how much of a foreign text is repeated, in bytes.
const maxQuoted = 60

// quoted is a foreign text as it may be shown: within double quotes, of ASCII
// alone, and not without end.
func quoted(s string) string {
	if len(s) > maxQuoted {
		return fmt.Sprintf("%+q...", s[:maxQuoted])
	}
	return fmt.Sprintf("%+q", s)
}
