package render

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// zombieReport is one of each cause, with names as hostile as they can be.
func zombieReport() scanner.Report {
	rate, none := 120.04, 0.0
	children := func(names ...scanner.Name) scanner.Children { return scanner.Children{Names: names} }
	app := scanner.Container{
		Pod: "0c1c8a52-6d2b-4e5a-9b0d-2f6f3a3d7e11", ID: strings.Repeat("0123456789abcdef", 4), Runtime: "cri-containerd",
	}
	orphans := scanner.Group{
		Cause: scanner.PID1NotReaping, Parent: scanner.Parent{Comm: "mongod", PID: 4711, Inside: 1}, Parents: 1, Zombies: 341,
		Children: scanner.Children{Names: []scanner.Name{{Comm: "sh", Count: 300}, {Comm: "mongosh", Count: 40}}, Others: 1},
		Oldest:   170 * time.Minute, PerHour: &rate,
	}
	workers := scanner.Group{
		Cause: scanner.ParentNotWaiting, Parent: scanner.Parent{Comm: "a) Z 1 (", PID: 4720, Inside: 12}, Parents: 3, Zombies: 6,
		Children: children(scanner.Name{Comm: "\x1b[2Jx\n", Count: 6}), Oldest: 25 * time.Hour, PerHour: &none,
	}
	python := scanner.Group{
		Cause: scanner.PID1Ambiguous, Parent: scanner.Parent{Comm: "python3", PID: 5000, Inside: 1}, Parents: 1, Zombies: 2,
		Children: children(scanner.Name{Comm: "python3", Count: 2}), Oldest: 30 * time.Second,
	}
	host := scanner.Group{
		Cause: scanner.ParentNotWaiting, Parent: scanner.Parent{Comm: "日本語\uFFFD", PID: 800, Inside: 800}, Parents: 1, Zombies: 1,
		Children: children(scanner.Name{Comm: "ssh", Count: 1}), Oldest: 5 * time.Second,
	}
	return scanner.Report{
		Processes: 1234, Ignored: scanner.Ignored{Young: 2, Leaders: 1, Runtime: 3},
		Containers: []scanner.Findings{
			{
				Container: app, Zombies: 350, Children: children(scanner.Name{Comm: "sh", Count: 300}, scanner.Name{Comm: "mongosh", Count: 40}),
				Oldest: 25 * time.Hour, PerHour: &rate, Groups: []scanner.Group{orphans, workers}, Others: 3,
			},
			{
				Container: scanner.Container{ID: strings.Repeat("f", 64), Runtime: "docker"}, Zombies: 2,
				Children: python.Children, Oldest: python.Oldest, Groups: []scanner.Group{python},
			},
			{Zombies: 1, Children: host.Children, Oldest: host.Oldest, Groups: []scanner.Group{host}},
		},
	}
}

func TestZombieGolden(t *testing.T) {
	reports := map[string]scanner.Report{
		"zombies":      zombieReport(),
		"zombies-none": {Processes: 12, Ignored: scanner.Ignored{Young: 1}},
	}
	seen := make(map[string]bool)
	for name, report := range reports {
		for _, format := range []string{"table", "json", "yaml"} {
			t.Run(name+"."+format, func(t *testing.T) {
				var out strings.Builder
				var err error
				if format == "table" {
					err = ZombieTable(&out, report, Style{})
				} else {
					err = Encode(&out, format, NewZombies(report))
				}
				if err != nil {
					t.Fatal(err)
				}
				golden(t, name+"."+format, out.String())
			})
			seen[name+"."+format] = true
		}
	}
	files, err := filepath.Glob("testdata/zombies*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !seen[filepath.Base(file)] {
			t.Errorf("%s: no test compares with this file: remove it", file)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with -update and look at what it writes", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run the test with -update if this is meant\n--- want\n%s\n--- got\n%s", file, want, got)
	}
}

func TestZombieTableFits(t *testing.T) {
	report := zombieReport()
	for i := range 16 {
		report.Containers[0].Groups[0].Children.Names[0].Count *= 1 + i
		report.Containers[0].Groups[0].Children.Names = append(report.Containers[0].Groups[0].Children.Names, scanner.Name{Comm: "fifteen-letters"})
	}
	var out strings.Builder
	if err := ZombieTable(&out, report, Style{Width: 160}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := width(strings.TrimSuffix(line, "\n")); n > 160 {
			t.Errorf("%d columns, more than 160: %s", n, line)
		}
		if text := strings.TrimSuffix(line, "\n"); Printable(text) != text {
			t.Errorf("not printable: %q", line)
		}
	}
}
