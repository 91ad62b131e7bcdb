package config

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"github.com/initguard/initguard/configfile"
)

var update = flag.Bool("update", false, "write the golden files anew")

const header = "apiVersion: " + APIVersion + "\nkind: " + Kind + "\n"

// TestParseBad compares all that is said about each file in testdata/bad.
func TestParseBad(t *testing.T) {
	golden(t, "testdata/bad", func(t *testing.T, name string, data []byte) string {
		c, err := Parse(name, data)
		if c != nil || err == nil {
			t.Fatalf("Parse = %v, %v; want no configuration and an error", c, err)
		}
		var all *configfile.Error
		if !errors.As(err, &all) || len(all.Faults) == 0 {
			t.Fatalf("Parse's error is %T with no faults; want an *configfile.Error with some", err)
		}
		return err.Error() + "\n"
	})
}

// TestParseGood compares what becomes of each file in testdata/good, and that
// it survives being written and read again.
func TestParseGood(t *testing.T) {
	golden(t, "testdata/good", func(t *testing.T, name string, data []byte) string {
		c, err := Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		return reread(t, c)
	})
}

// golden runs each input of a folder against the .want file beside it.
func golden(t *testing.T, dir string, got func(t *testing.T, name string, data []byte) string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	inputs, wants := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".want") {
			wants[strings.TrimSuffix(e.Name(), ".want")] = true
		} else {
			inputs[e.Name()] = true
		}
	}
	if len(inputs) == 0 {
		t.Fatalf("%s holds no inputs", dir)
	}
	for name := range wants {
		if !inputs[name] {
			t.Errorf("%s/%s.want belongs to no input: remove it", dir, name)
		}
	}
	for name := range inputs {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, filepath.Join(dir, name+".want"), got(t, name, data))
		})
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the tests with -update and look at what it says", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("not as in %s (-want +got):\n%s", file, diff)
	}
}

// reread writes a configuration, reads that and wants the same again.
func reread(t *testing.T, c *Config) string {
	t.Helper()
	out, err := yaml.Marshal(c)
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	again, err := Parse("written.yaml", out)
	if err != nil {
		t.Fatalf("what was written can't be read: %v\n%s", err, out)
	}
	if diff := cmp.Diff(c, again, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Fatalf("changed by writing and reading (-before +after):\n%s", diff)
	}
	return string(out)
}

func TestDefaultIsTheLeastFile(t *testing.T) {
	c, err := Parse("least.yaml", []byte(header))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), c); diff != "" {
		t.Errorf("the smallest file isn't the default (-default +file):\n%s", diff)
	}
	if want := (Modes{Possible, Possible, Never, Never, StrategyAuto}); c.Defaults != want {
		t.Errorf("default modes = %v, want %v", c.Defaults, want)
	}
}

func TestParseSize(t *testing.T) {
	fill := func(n int) []byte {
		return append([]byte(header+"#"), strings.Repeat("x", n-len(header)-1)...)
	}
	if _, err := Parse("c.yaml", fill(configfile.MaxBytes)); err != nil {
		t.Errorf("%d bytes: %v; want no error", configfile.MaxBytes, err)
	}
	_, err := Parse("c.yaml", fill(configfile.MaxBytes+1))
	if err == nil || err.Error() != "c.yaml: is larger than 1048576 bytes, which is the most that is read" {
		t.Errorf("%d bytes: %v; want it refused by its size", configfile.MaxBytes+1, err)
	}
}

func TestParseCounts(t *testing.T) {
	for _, tt := range []struct {
		name, head, item string
		most             int
	}{
		{"exemptions.namespaces", "exemptions:\n  namespaces:\n", "  - n%d\n", maxNames},
		{"exemptions.usernames", "exemptions:\n  usernames:\n", "  - u%d\n", maxNames},
		{"inspection.platforms", "inspection:\n  platforms:\n", "  - linux/arm/v%d\n", maxPlatforms},
		{"registries", "registries:\n", "- host: r%d.example.com\n", maxRegistries},
		{"registries[0].allowAddresses", "registries:\n- host: r.example.com\n  allowAddresses:\n", "  - 10.0.0.%d\n", maxPerEntry},
		{"programs", "programs:\n", "- {name: p%d, reaps: true}\n", maxPrograms},
		{"workloads", "workloads:\n", "- {group: a.b, kind: K%d}\n", maxWorkloads},
		{"workloads[0].controllerUsers", "workloads:\n- group: a.b\n  kind: K\n  controllerUsers:\n", "  - u%d\n", maxPerEntry},
	} {
		t.Run(tt.name, func(t *testing.T) {
			item := func(i int) string { return strings.ReplaceAll(tt.item, "%d", strconv.Itoa(i)) }
			var text strings.Builder
			text.WriteString(header + tt.head)
			for i := range tt.most {
				text.WriteString(item(i))
			}
			if _, err := Parse("c.yaml", []byte(text.String())); err != nil {
				t.Fatalf("%d entries: %v; want no error", tt.most, err)
			}
			_, err := Parse("c.yaml", []byte(text.String()+item(tt.most)))
			var all *configfile.Error
			if !errors.As(err, &all) || len(all.Faults) != 1 || all.Faults[0].Path != tt.name ||
				!strings.Contains(all.Faults[0].Text, "the most is "+strconv.Itoa(tt.most)) {
				t.Errorf("%d entries: %v; want one fault of %s that names the most", tt.most+1, err, tt.name)
			}
		})
	}
}
