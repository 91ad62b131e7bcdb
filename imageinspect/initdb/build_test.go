package initdb

import "testing"

func TestMeasuredBuild(t *testing.T) {
	db := &DB{builds: builds(map[string]Measurement{
		"a": {Argv: []string{"sh", "-c", "x"}, BuildID: "be63", Program: "dash"},
		"b": {Argv: []string{"/usr/bin/node", "a.js"}, BuildID: "ab"},
		"c": {Argv: []string{"npm", "start"}},
		"d": {Argv: []string{"redis-server"}, BuildID: "ef"},
		"e": {Argv: []string{"redis-sentinel"}, BuildID: "ef"},
	})}
	for id, want := range map[string]string{"be63": "dash", "ab": "node", "": "", "cd": "", "ef": ""} {
		if got := db.MeasuredBuild(id); got != want {
			t.Errorf("%q: got %q", id, got)
		}
	}
}

// TestMarksAgreePerBuild: what marks say of one file is always the same.
func TestMarksAgreePerBuild(t *testing.T) {
	all, err := Measurements()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]Measurement)
	for _, m := range all {
		if m.BuildID == "" {
			continue
		}
		other, ok := seen[m.BuildID]
		if ok && (other.Program != m.Program || other.ProgramVersion != m.ProgramVersion || other.Go != m.Go) {
			t.Errorf("%s and %s were started from one file, which is %s and %s", other.ID, m.ID, other.Program, m.Program)
		}
		seen[m.BuildID] = m
	}
}
