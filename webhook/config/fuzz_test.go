package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/initguard/initguard/configfile"
)

// FuzzParse gives foreign bytes: no panic, every error fit for a log line by
// line, and what is accepted means the same after it was written and read.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"testdata/bad", "testdata/good"} {
		files, err := filepath.Glob(filepath.Join(dir, "*[nl]"))
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds in %s: %v", dir, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("c.yaml", data)
		if (c == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v; want one of the two", c, err)
		}
		if err == nil {
			reread(t, c)
			c.Programs()
			return
		}
		var all *configfile.Error
		if !errors.As(err, &all) || len(all.Faults) == 0 || len(all.Faults) > configfile.MaxFaults {
			t.Fatalf("%T: %v; want an *configfile.Error with some faults", err, err)
		}
		for _, fault := range all.Faults {
			line := fault.In("c.yaml")
			if fault.Text == "" || len([]rune(line)) > 1000 || configfile.Printable(strings.ReplaceAll(line, `"`, ""), len(line)) != strings.ReplaceAll(line, `"`, "") {
				t.Errorf("%q is not fit for a log", line)
			}
		}
	})
}
