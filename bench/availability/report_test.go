package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func results(mayMiss bool, outcomes ...outcome) []result {
	begin := time.Unix(1000, 0)
	for i := range outcomes {
		outcomes[i].sent = begin.Add(time.Duration(i) * time.Second)
	}
	return []result{{disturbance: disturbance{name: "it", mayMiss: mayMiss}, begin: begin, struck: begin.Add(time.Second), outcomes: outcomes}}
}

func TestJudge(t *testing.T) {
	fine, missed, failed := outcome{warned: true}, outcome{}, outcome{err: errors.New("refused")}
	for _, test := range []struct {
		name    string
		results []result
		want    string // part of the error; empty for none
	}{
		{"all warned", results(false, fine, fine), ""},
		{"a warning missed", results(false, fine, missed), "1 warnings missed"},
		{"a warning missed where it may be", results(true, fine, missed), ""},
		{"an apply failed", results(false, fine, failed), "1 applies failed, the first with: refused"},
		{"an apply failed where warnings may be missed", results(true, failed), "1 applies failed"},
		{"nothing was applied", results(true), "nothing was applied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := judge(test.results)
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestCountFromTheBlow: the window is counted from when it happened, not from
// when it was prepared, and a failed apply is not a missed warning.
func TestCountFromTheBlow(t *testing.T) {
	c := results(true, outcome{}, outcome{warned: true}, outcome{}, outcome{err: errors.New("x")})[0].count()
	if c.requests != 4 || c.failed != 1 || c.missed != 2 || c.lastMissed != time.Second {
		t.Errorf("%+v, want 4 requests, 1 failed, 2 missed, the last after 1s", c)
	}
}

func TestTableGoesBetweenTheMarks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	for content, want := range map[string]string{
		"a\n" + markBegin + "old\n" + markEnd + "z\n": "a\n" + markBegin + "new\n" + markEnd + "z\n",
		"no marks\n": "",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := writeBetweenMarks(file, "new\n")
		if want == "" {
			if err == nil {
				t.Error("a page without marks was written")
			}
			continue
		}
		if got, _ := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

// TestPageHasTheTable: the page holds a row for each disturbance.
func TestPageHasTheTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/availability.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), markBegin)
	shown, _, ok := strings.Cut(rest, markEnd)
	if !ok {
		t.Fatal("docs/availability.md lacks its marks")
	}
	rows := strings.Count(shown, "\n") - 2
	if all := disturbances(); rows != len(all) {
		t.Errorf("%d rows, want %d: run make bench-availability", rows, len(all))
	}
	for _, d := range disturbances() {
		if !strings.Contains(shown, "| "+d.name+" |") {
			t.Errorf("no row for %q: run make bench-availability", d.name)
		}
	}
}

// TestDeployment: the manifest says all that the run takes from it.
func TestDeployment(t *testing.T) {
	d, err := readDeployment("../..")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(d.args, func(arg string) bool { return strings.HasPrefix(arg, "--shutdown-delay=") }) {
		t.Errorf("flags %q, want --shutdown-delay", d.args)
	}
	if slices.ContainsFunc(d.args, func(arg string) bool { return strings.HasPrefix(arg, "--pod=") || strings.HasPrefix(arg, "--config=") }) {
		t.Errorf("flags %q, want none that names a file or a Pod", d.args)
	}
	if _, err := readDeployment(t.TempDir()); err == nil {
		t.Error("no error without a manifest")
	}
}

func TestSum(t *testing.T) {
	const page = "# HELP calls_total Calls.\ncalls_total{code=\"200\"} 3\ncalls_total{code=\"500\"} 4\ncalls_total_more 9\n"
	if n, err := sum(page, "calls_total{"); err != nil || n != 7 {
		t.Errorf("%v, %v, want 7", n, err)
	}
	if _, err := sum("calls_total{} many\n", "calls_total{"); err == nil {
		t.Error("no error for what is no number")
	}
}
