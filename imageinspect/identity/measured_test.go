package identity_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/identity"
	"github.com/initguard/initguard/imageinspect/initdb"
)

// TestMarksAgreeWithMeasurements: of all programs that were measured, and which
// Read looked at then, those that it can tell were told, under the name of their
// row, and no other was taken for one of them.
func TestMarksAgreeWithMeasurements(t *testing.T) {
	measured, err := initdb.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]bool)
	for _, m := range measured {
		want := canonical(db, m.Argv[0])
		if !slices.Contains(identity.Names(), want) {
			want = ""
		}
		if m.Program != want {
			t.Errorf("%s: by its marks %q, want %q", m.ID, m.Program, want)
		}
		told[m.Program] = true
		// Debian's 59c is mksh's R59, its 1.0.4 ksh's 93u+m/1.0.4.
		v := strings.TrimPrefix(m.ProgramVersion[strings.LastIndexByte(m.ProgramVersion, '/')+1:], "R")
		if !strings.Contains(m.Version, v) {
			t.Errorf("%s: by its marks version %q, by its package %s", m.ID, m.ProgramVersion, m.Version)
		}
	}
	if len(told) < 15 {
		t.Errorf("only %d programs were told", len(told))
	}
}

// canonical is the name of a program's row.
func canonical(db *initdb.DB, argv0 string) string {
	switch path.Base(argv0) {
	case "sh": // where this was measured
		return "dash"
	case "init": // of the only package that has it so
		return "sysvinit"
	}
	if m, ok := db.Lookup([]string{argv0}); ok {
		return m.Name
	}
	return path.Base(argv0)
}

// TestGoLeavesOrphans: no program that Go built reaped, but for those which
// became another one. A Go program without a reaper leaves orphans.
func TestGoLeavesOrphans(t *testing.T) {
	measured, err := initdb.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range measured {
		if m.Go == "" || m.ExecsAway() {
			continue
		}
		if n++; m.Reaps {
			t.Errorf("%s reaps, and was built by %s", m.ID, m.Go)
		}
	}
	if n < 2 {
		t.Errorf("%d Go programs were measured", n)
	}
}
