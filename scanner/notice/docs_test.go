package notice

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"
)

func page(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/notices.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestPageShowsTheDefaults reads the file that the page shows.
func TestPageShowsTheDefaults(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(notices:.*?)```").FindStringSubmatch(page(t))
	if block == nil {
		t.Fatal("the page shows no file")
	}
	var file struct {
		Notices Settings `yaml:"notices"`
	}
	d := yaml.NewDecoder(strings.NewReader(block[1]))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), file.Notices, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the file of the page is not the default (-default +page):\n%s", diff)
	}
	for _, path := range paths(reflect.TypeFor[Settings](), "") {
		name := path[strings.LastIndexByte(path, '.')+1:]
		if !strings.Contains(block[1], name+":") && name != "annotation" {
			t.Errorf("the file of the page does not set %s", path)
		}
	}
}

// paths are the fields of the file that hold a value.
func paths(of reflect.Type, at string) []string {
	switch {
	case of == reflect.TypeFor[time.Duration]():
	case of.Kind() == reflect.Struct:
		var list []string
		for f := range of.Fields() {
			list = append(list, paths(f.Type, strings.TrimPrefix(at+"."+f.Tag.Get("yaml"), "."))...)
		}
		return list
	case of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Struct:
		return paths(of.Elem(), at+"[]")
	}
	return []string{at}
}

// TestPageNamesEveryMetric wants a table row for each, and none for what isn't.
func TestPageNamesEveryMetric(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := NewMetrics(registry, "mail"); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, f := range families {
		want = append(want, f.GetName())
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(initguard_[a-z_]+)`").FindAllStringSubmatch(page(t), -1) {
		got = append(got, row[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics with a row in docs/notices.md (-metrics +page):\n%s", diff)
	}
}

// TestPageNumbers wants the numbers that the page names, and no setting has, to
// be the real ones.
func TestPageNumbers(t *testing.T) {
	if breakAfter != 5*time.Minute || maxAddresses != 10 || MaxItems != 500 || joinFor != 10*time.Minute || storeFor != 30*time.Minute ||
		stuckAfter != time.Hour || othersFor != time.Minute || unknownFor != 10*time.Minute {
		t.Error("say the new number in docs/notices.md and here")
	}
}
