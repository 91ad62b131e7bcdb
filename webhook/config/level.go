package config

import (
	"fmt"
	"strings"

	"github.com/initguard/initguard/configfile"
)

// Level is the least risk at which a mode acts. The zero value, Never, doesn't
// act.
type Level uint8

// The levels. The risks are possible < exposed < observed, so Possible acts on
// the most.
const (
	Never Level = iota
	Observed
	Exposed
	Possible
)

// The ranks of the risks, least first; 0 is no finding.
const (
	rankPossible = 1 + iota
	rankExposed
	rankObserved
)

func levelNames() []string { return []string{"never", "observed", "exposed", "possible"} }

// ParseLevel returns the level of an exact text.
func ParseLevel(s string) (Level, error) {
	i, err := indexOf(s, levelNames())
	return Level(i), err
}

// String returns the level's text.
func (l Level) String() string { return nameAt(int(l), levelNames()) }

// MarshalText returns the level's text; a value that is no level is an error.
func (l Level) MarshalText() ([]byte, error) { return textAt(int(l), levelNames()) }

// UnmarshalText sets the level from its exact text.
func (l *Level) UnmarshalText(text []byte) error {
	v, err := ParseLevel(string(text))
	if err == nil {
		*l = v
	}
	return err
}

// ActsOn reports whether the mode acts on a finding of the given risk, by
// rank: 0 no finding, 1 possible, 2 exposed, 3 observed.
func (l Level) ActsOn(rank int) bool {
	switch l {
	case Possible:
		return rank >= rankPossible
	case Exposed:
		return rank >= rankExposed
	case Observed:
		return rank >= rankObserved
	default:
		return false
	}
}

// Strategy is how a pod is made safe.
type Strategy uint8

// The strategies.
const (
	// StrategyAuto chooses per pod.
	StrategyAuto Strategy = iota
	// StrategySharePID sets shareProcessNamespace.
	StrategySharePID
	// StrategyWrap puts an init in front of the argv.
	StrategyWrap
)

func strategyNames() []string { return []string{"auto", "share-pid", "wrap"} }

// ParseStrategy returns the strategy of an exact text.
func ParseStrategy(s string) (Strategy, error) {
	i, err := indexOf(s, strategyNames())
	return Strategy(i), err
}

// String returns the strategy's text.
func (s Strategy) String() string { return nameAt(int(s), strategyNames()) }

// MarshalText returns the strategy's text; a value that is no strategy is an
// error.
func (s Strategy) MarshalText() ([]byte, error) { return textAt(int(s), strategyNames()) }

// UnmarshalText sets the strategy from its exact text.
func (s *Strategy) UnmarshalText(text []byte) error {
	v, err := ParseStrategy(string(text))
	if err == nil {
		*s = v
	}
	return err
}

func indexOf(s string, names []string) (uint8, error) {
	for i, name := range names {
		if s == name {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("%s is none of %s", configfile.Quote(s), strings.Join(names, ", "))
}

func nameAt(i int, names []string) string {
	if i < len(names) {
		return names[i]
	}
	return "invalid"
}

func textAt(i int, names []string) ([]byte, error) {
	if i < len(names) {
		return []byte(names[i]), nil
	}
	return nil, fmt.Errorf("%d is none of %s", i, strings.Join(names, ", "))
}
