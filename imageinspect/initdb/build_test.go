package initdb

import "testing"

func TestMeasuredBuild(t *testing.T) {
	db := &DB{builds: builds(map[string]Measurement{
		"a": {Argv: []string{"sh", "-c", "x"}, BuildID: "be63", Program: "dash"},
		"b": {Argv: []string{"/usr/bin/node", "a.js"}, BuildID: "ab"},
		"c": {Argv: []string{"npm", "start"}},
	})}
	for id, want := range map[string]string{"be63": "dash", "ab": "node", "": "", "cd": ""} {
		if got := db.MeasuredBuild(id); got != want {
			t.Errorf("%q: got %q", id, got)
		}
	}
}

// TestOneProgramPerBuild: forms that were started from one file agree on what
// it is.
func TestOneProgramPerBuild(t *testing.T) {
	all, err := Measurements()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]Measurement)
	for _, m := range all {
		if m.BuildID == "" {
			continue
		}
		if other, ok := seen[m.BuildID]; ok && other.started() != m.started() {
			t.Errorf("%s and %s were started from one file, as %s and %s", other.ID, m.ID, other.started(), m.started())
		}
		seen[m.BuildID] = m
	}
}
