package config

import (
	"testing"
)

func TestLevelActsOn(t *testing.T) {
	const noFinding, possible, exposed, observed = 0, 1, 2, 3
	for _, tt := range []struct {
		level Level
		from  int // the least rank acted on
	}{
		{Possible, possible}, {Exposed, exposed}, {Observed, observed}, {Never, observed + 1}, {Level(9), observed + 1},
	} {
		for rank := noFinding; rank <= observed; rank++ {
			if got, want := tt.level.ActsOn(rank), rank >= tt.from; got != want {
				t.Errorf("%s.ActsOn(%d) = %v, want %v", tt.level, rank, got, want)
			}
		}
	}
}

func TestLevelText(t *testing.T) {
	for level, text := range map[Level]string{Never: "never", Observed: "observed", Exposed: "exposed", Possible: "possible"} {
		out, err := level.MarshalText()
		if err != nil || string(out) != text || level.String() != text {
			t.Errorf("level %d: text %q, string %q, %v; want %q", level, out, level, err, text)
		}
		var back Level
		if err := back.UnmarshalText(out); err != nil || back != level {
			t.Errorf("%q reads as %s, %v", out, back, err)
		}
	}
	if _, err := Level(4).MarshalText(); err == nil || Level(4).String() != "invalid" {
		t.Errorf("a value that is no level: %q, %v; want invalid and an error", Level(4), err)
	}
	before := Exposed
	if err := before.UnmarshalText([]byte("Possible")); err == nil || before != Exposed {
		t.Errorf("reading a bad text: %v, level %s; want an error and the level as it was", err, before)
	}
}

func TestStrategyText(t *testing.T) {
	for strategy, text := range map[Strategy]string{StrategyAuto: "auto", StrategySharePID: "share-pid", StrategyWrap: "wrap"} {
		out, err := strategy.MarshalText()
		if err != nil || string(out) != text || strategy.String() != text {
			t.Errorf("strategy %d: text %q, string %q, %v; want %q", strategy, out, strategy, err, text)
		}
		var back Strategy
		if err := back.UnmarshalText(out); err != nil || back != strategy {
			t.Errorf("%q reads as %s, %v", out, back, err)
		}
	}
	if _, err := Strategy(3).MarshalText(); err == nil {
		t.Error("a value that is no strategy has a text")
	}
	before := StrategyWrap
	if err := before.UnmarshalText([]byte("never")); err == nil || before != StrategyWrap {
		t.Errorf("reading a bad text: %v, strategy %s; want an error and the strategy as it was", err, before)
	}
}
