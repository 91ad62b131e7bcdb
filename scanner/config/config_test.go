package config

import (
	"errors"
	"flag"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.yaml.in/yaml/v3"

	"github.com/initguard/initguard/configfile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestFiles compares what becomes of each file in testdata with the .want beside
// it: a good one is written anew, of a bad one all is said.
func TestFiles(t *testing.T) {
	for _, kind := range []string{"good", "bad"} {
		names, err := fs.Glob(os.DirFS("testdata"), kind+"/*")
		if err != nil || len(names) == 0 {
			t.Fatalf("no files in testdata/%s: %v", kind, err)
		}
		for _, name := range names {
			if input, isWant := strings.CutSuffix(name, ".want"); isWant {
				if !slices.Contains(names, input) {
					t.Errorf("testdata/%s belongs to no file: remove it", name)
				}
				continue
			}
			t.Run(name, func(t *testing.T) { golden(t, filepath.Join("testdata", name), kind == "good") })
		}
	}
}

func golden(t *testing.T, file string, good bool) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(filepath.Base(file), data)
	var got string
	switch {
	case (err == nil) != good || (c != nil) != good:
		t.Fatalf("Parse = %v, %v; want it to be good: %v", c, err, good)
	case good:
		got = reread(t, c)
	default:
		got = err.Error() + "\n"
	}
	if *update {
		if err := os.WriteFile(file+".want", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file + ".want")
	if err != nil {
		t.Fatalf("%v: run the tests with -update and look at what it says", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("not as in %s.want (-want +got):\n%s", file, diff)
	}
}

// reread writes a configuration, reads that and wants the same again.
func reread(t *testing.T, c *Config) string {
	t.Helper()
	out, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("written.yaml", out)
	if err != nil {
		t.Fatalf("what was written can't be read: %v\n%s", err, out)
	}
	if diff := cmp.Diff(c, again, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("changed by writing and reading (-before +after):\n%s", diff)
	}
	return string(out)
}

const header = "apiVersion: " + configfile.APIVersion + "\nkind: " + Kind + "\n"

func TestDefaultIsTheLeastFile(t *testing.T) {
	c, err := Parse("least.yaml", []byte(header))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), c); diff != "" {
		t.Errorf("the smallest file isn't the default (-default +file):\n%s", diff)
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	m.Reloaded(nil)
	m.Reloaded(errors.New("bad"))
	want := `# HELP initguard_config_last_reload_successful 1 when the configuration file in force is the newest one, 0 when a newer one was refused.
# TYPE initguard_config_last_reload_successful gauge
initguard_config_last_reload_successful 0
# HELP initguard_config_reloads_total Attempts to take over a changed configuration file.
# TYPE initguard_config_reloads_total counter
initguard_config_reloads_total{result="refused"} 1
initguard_config_reloads_total{result="taken"} 1
`
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if diff := cmp.Diff(want, answer.Body.String()); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

const pageFile = "../../docs/responder-config.md"

func page(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestPageNamesEveryField wants a table row for each field, and none for a field
// that isn't.
func TestPageNamesEveryField(t *testing.T) {
	want := configfile.Fields[Config]()
	var got []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(page(t), -1) {
		got = append(got, row[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields with a row in %s (-types +page):\n%s", pageFile, diff)
	}
}

// TestPageFilesAreGood reads every file that the page shows; the first is the
// default, with every field.
func TestPageFilesAreGood(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page(t), -1)
	if len(blocks) == 0 {
		t.Fatal("the page shows no file")
	}
	for i, block := range blocks {
		c, err := Parse(pageFile, []byte(block[1]))
		if err != nil {
			t.Errorf("file %d of the page: %v", i+1, err)
			continue
		}
		if diff := cmp.Diff(Default(), c, cmpopts.EquateEmpty()); i == 0 && diff != "" {
			t.Errorf("the first file of the page is not the default (-default +page):\n%s", diff)
		}
	}
	for _, field := range configfile.Fields[Config]() {
		name := field[strings.LastIndex(field, ".")+1:]
		if !regexp.MustCompile(`(?m)(^|[ {])` + regexp.QuoteMeta(name) + `:`).MatchString(blocks[0][1]) {
			t.Errorf("the file with every default lacks %s", field)
		}
	}
}

// TestPageText wants the message that the page shows to be the real one.
func TestPageText(t *testing.T) {
	_, err := Parse("responder.yaml", []byte(header+"alerts:\n  podLabel: [pod]\n  maxKiB: 9000\n"))
	if err == nil || !strings.Contains(page(t), err.Error()+"\n") {
		t.Errorf("%s lacks %q", pageFile, err)
	}
}

// FuzzParse gives foreign bytes: no panic, and what is accepted means the same
// after it was written and read.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds in %s: %v", pattern, err)
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
		var all *configfile.Error
		switch {
		case err == nil:
			reread(t, c)
		case !errors.As(err, &all) || len(all.Faults) == 0:
			t.Fatalf("%T: %v; want a *configfile.Error with some faults", err, err)
		}
	})
}
