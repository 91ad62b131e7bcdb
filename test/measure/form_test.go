package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/initdb"
)

func TestFormsAreWellFormed(t *testing.T) {
	seen := make(map[string]bool)
	samples := 0
	id := regexp.MustCompile(`^[a-zA-Z0-9-]+$`)
	for _, f := range forms() {
		if seen[f.ID] {
			t.Errorf("%s occurs twice", f.ID)
		}
		seen[f.ID] = true
		if !id.MatchString(f.ID) || len(f.Packages) == 0 || len(f.Argv) == 0 {
			t.Errorf("%q is not complete", f.ID)
		}
		if f.Term && f.setup("1") == f.setup("2") && slices.Equal(f.argv("1"), f.argv("2")) {
			t.Errorf("%s asks for SIGTERM but runs no {x}", f.ID)
		}
		if f.Sample {
			samples++
		}
	}
	if samples < 15 || samples > 25 {
		t.Errorf("%d forms in the sample, want about 20", samples)
	}
}

// TestFormsAreMeasured: the data has each form, as it stands here, and no
// other.
func TestFormsAreMeasured(t *testing.T) {
	all, err := initdb.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	data := make(map[string]initdb.Measurement)
	for _, m := range all {
		data[m.ID] = m
	}
	for _, f := range forms() {
		m, ok := data[f.ID]
		if !ok {
			t.Errorf("%s was not measured: run go run ./test/measure -update -only '^%s$'", f.ID, f.ID)
		} else if !slices.Equal(m.Argv, f.argv(f.x())) {
			t.Errorf("%s was measured as %q", f.ID, m.Argv)
		}
		delete(data, f.ID)
	}
	for id := range data {
		t.Errorf("%s was measured but is no form any more", id)
	}
}

func TestArgv(t *testing.T) {
	f := form{Argv: []string{"sh", "-c", "{x}; true", "{x...}", "{x}"}}
	got := f.argv("sleep 5")
	want := []string{"sh", "-c", "sleep 5; true", "sleep", "5", "sleep 5"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCompareAndMerge(t *testing.T) {
	a := initdb.Measurement{ID: "a", Package: "p", Version: "1", Orphans: 3, Reaps: true}
	changed := a
	changed.Reaps, changed.Left = false, 3
	late := a
	late.Delay = 9
	fresh := initdb.Measurement{ID: "b"}
	gone := initdb.Measurement{ID: "gone"}
	if all := compare([]initdb.Measurement{a}, []initdb.Measurement{late}); len(all) != 0 {
		t.Errorf("a delay is told as a difference: %v", all)
	}
	all := compare([]initdb.Measurement{a}, []initdb.Measurement{changed, fresh})
	if len(all) != 2 || !strings.Contains(all[0].text, "left 3 of 3") || !strings.HasPrefix(all[1].text, "b: new") ||
		!all[0].verdict || !all[1].verdict {
		t.Errorf("got %v", all)
	}
	updated := a
	updated.Version, updated.BuildID = "2", "ab"
	all = compare([]initdb.Measurement{a}, []initdb.Measurement{updated})
	if len(all) != 1 || all[0].verdict || !strings.Contains(all[0].text, "p 2, build ab") {
		t.Errorf("an update: %v", all)
	}
	another := updated
	another.Program = "tini"
	if all := compare([]initdb.Measurement{updated}, []initdb.Measurement{another}); len(all) != 1 || !all[0].verdict {
		t.Errorf("another program by its marks: %v", all)
	}
	merged := merge([]initdb.Measurement{gone, a}, []initdb.Measurement{fresh, changed}, []form{{ID: "b"}, {ID: "a"}})
	if len(merged) != 2 || merged[0].Left != 3 || merged[1].ID != "b" {
		t.Errorf("got %+v", merged)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-only", "("}, {"-j", "0"}, {"extra"}, {"-nonsense"}} {
		if _, err := parse(args, new(bytes.Buffer)); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	o, err := parse([]string{"-only", "^tini$", "-sample"}, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if chosen := o.chosen(); len(chosen) != 1 || chosen[0].ID != "tini" {
		t.Errorf("chosen: %v", chosen)
	}
}

// TestDocsAreCurrent: the page is what the generator writes.
func TestDocsAreCurrent(t *testing.T) {
	want, err := docs()
	if err != nil {
		t.Fatal(err)
	}
	const page = "../../docs/reapers.md"
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go run ./test/measure -docs docs/reapers.md", page)
	}
}
