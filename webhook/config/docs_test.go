package config

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/initguard/initguard/configfile"
)

func page(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestPageNamesEveryField wants a table row for each field, and none for a
// field that isn't.
func TestPageNamesEveryField(t *testing.T) {
	want := configfile.Fields[Config]()
	want = append(want, namespaceLabels()...)
	want = append(want, templateAnnotations()...)
	want = append(want, AnnotationInjected)
	var got []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(page(t), -1) {
		if name := row[1]; strings.ContainsAny(name, ".[") || slices.Contains(want, name) {
			got = append(got, name)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(slices.Compact(want), slices.Compact(got)); diff != "" {
		t.Errorf("fields with a row in docs/configuration.md (-types +page):\n%s", diff)
	}
}

// TestPageFilesAreGood reads every file that the page shows; the first two are
// the default.
func TestPageFilesAreGood(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page(t), -1)
	if len(blocks) < 3 {
		t.Fatalf("the page shows %d files, want at least 3", len(blocks))
	}
	for i, block := range blocks {
		c, err := Parse("docs/configuration.md", []byte(block[1]))
		if err != nil {
			t.Errorf("file %d of the page: %v", i+1, err)
			continue
		}
		if i < 2 {
			if diff := cmp.Diff(Default(), c, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("file %d of the page is not the default (-default +page):\n%s", i+1, diff)
			}
		}
	}
	if keys := regexp.MustCompile(`(?m)^[a-zA-Z]+:`).FindAllString(blocks[1][1], -1); len(keys) != reflect.TypeFor[Config]().NumField() {
		t.Errorf("the file with every default sets %v, want every field of Config", keys)
	}
}

// TestPageTexts wants the messages that the page shows to be the real ones.
func TestPageTexts(t *testing.T) {
	_, problems := Default().ModesFor(map[string]string{LabelWarn: "yes", KeyPrefix + "warning": "x"})
	for _, p := range problems {
		if !strings.Contains(page(t), p.Text+"\n") {
			t.Errorf("the page lacks %q", p.Text)
		}
	}
	_, err := Parse("config.yaml", []byte(header+"unknown: {}\ndefaults:\n  wran: never\n\n\ninspection:\n  deadline: 11s\n"))
	if err == nil || !strings.Contains(page(t), err.Error()+"\n") {
		t.Errorf("the page lacks %q", err)
	}
}
