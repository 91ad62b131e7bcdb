package initdb

import (
	"slices"
	"strings"
	"testing"
)

// TestRowsAgreeWithData: every behaviour has a source, and what is said to be
// measured was measured so.
func TestRowsAgreeWithData(t *testing.T) {
	data, err := measurementsByID()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Programs() {
		checkBehaviour(t, data, p.Names[0], p.Behaviour)
		for _, m := range p.Modes {
			if m.When == "" || m.Match == nil {
				t.Errorf("%s: a mode without condition", p.Names[0])
			}
			checkBehaviour(t, data, p.Names[0]+" "+m.When, m.Behaviour)
		}
		if p.Role == "" {
			t.Errorf("%s: no role", p.Names[0])
		}
	}
}

func checkBehaviour(t *testing.T, data map[string]Measurement, name string, b Behaviour) {
	t.Helper()
	if b.Why == "" {
		t.Errorf("%s: no reason", name)
	}
	switch b.Source.Kind {
	case Measured:
	case Code, Documented:
		if !strings.HasPrefix(b.Source.Ref, "https://") {
			t.Errorf("%s: source %q is no address", name, b.Source.Ref)
		}
		if b.Reaps == ReapsOrphans && b.Source.Kind == Documented {
			t.Errorf("%s: reaps by documentation alone", name)
		}
		return
	default:
		t.Errorf("%s: no source", name)
		return
	}
	m, ok := data[b.Source.Ref]
	if !ok {
		t.Errorf("%s: no measurement %q", name, b.Source.Ref)
		return
	}
	if m.ExecsAway() {
		t.Errorf("%s: %s measured %s, not the program", name, m.ID, m.Became)
	}
	if b.Reaps == ReapsOrphans && !m.Reaps {
		t.Errorf("%s: said to reap, %s left %d", name, m.ID, m.Left+m.BurstLeft)
	}
	if b.Reaps == LeavesOrphans && m.Reaps {
		t.Errorf("%s: said to leave orphans, %s reaped all", name, m.ID)
	}
	if (b.HarmedByOrphans == "") != (m.Harmed == "") && b.Reaps != ReapingUnknown {
		t.Errorf("%s: said to be harmed %q, %s says %q", name, b.HarmedByOrphans, m.ID, m.Harmed)
	}
	if m.SIGTERM != "" && b.ForwardsSignals != (m.SIGTERM == Forwarded) {
		t.Errorf("%s: said to forward signals: %v, %s: %s", name, b.ForwardsSignals, m.ID, m.SIGTERM)
	}
}

func TestNoNameTwice(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range Programs() {
		for _, name := range p.Names {
			if seen[name] {
				t.Errorf("%s has two rows", name)
			}
			seen[name] = true
		}
	}
	for _, w := range wrappers() {
		for _, name := range w.Names {
			if seen[name] {
				t.Errorf("%s is a wrapper and has another row", name)
			}
			seen[name] = true
		}
	}
}

// TestWrappersExecAway: a wrapper's measurement ended as the program it ran.
func TestWrappersExecAway(t *testing.T) {
	data, err := measurementsByID()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrappers() {
		if w.Source.Kind != Measured {
			if !strings.HasPrefix(w.Source.Ref, "https://") {
				t.Errorf("%s: source %q is no address", w.Names[0], w.Source.Ref)
			}
			continue
		}
		m, ok := data[w.Source.Ref]
		if !ok || !m.ExecsAway() {
			t.Errorf("%s: %q is not measured to exec away: %+v", w.Names[0], w.Source.Ref, m)
			continue
		}
		argv := Applet(m.Argv)
		e, err := w.Exec(argv[1:])
		if err != nil || !slices.Equal(e.Argv, []string{"sleep", "1000"}) {
			t.Errorf("%s: Exec(%q) = %q, %v; the real one ran sleep 1000", w.Names[0], m.Argv, e.Argv, err)
		}
	}
}

// TestScriptsNameRuntimes: a script's runtime is a row that can find scripts.
func TestScriptsNameRuntimes(t *testing.T) {
	db := newDB(t)
	for _, p := range Programs() {
		if p.Interpreter == "" {
			continue
		}
		if r, ok := db.programs[p.Interpreter]; !ok || r.Script == nil || r.Names[0] != p.Interpreter {
			t.Errorf("%s: %q is no runtime of scripts", p.Names[0], p.Interpreter)
		}
	}
}

func TestMeasurementsAreSorted(t *testing.T) {
	all, err := Measurements()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 60 {
		t.Errorf("%d measurements", len(all))
	}
	if !slices.IsSortedFunc(all, func(a, b Measurement) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("measured.json is not sorted by id")
	}
	for _, m := range all {
		if m.Package == "" || m.Version == "" || len(m.Argv) == 0 || m.Became == "" && m.Harmed == "" {
			t.Errorf("%s is not complete: %+v", m.ID, m)
		}
	}
}
