package remedy

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/initguard/initguard/configfile"
)

func page(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/remedy.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// section is what stands below a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(page(t), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/remedy.md has no section %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// TestPageNamesEveryReason wants the table of reasons to be the code's.
func TestPageNamesEveryReason(t *testing.T) {
	var want strings.Builder
	for _, w := range Reasons() {
		fmt.Fprintf(&want, "| `%s` | %s |\n", w.Reason, w.Text)
	}
	if text := section(t, "Why is nothing done?"); !strings.Contains(text, want.String()) {
		t.Errorf("docs/remedy.md lacks the table\n%s", want.String())
	}
}

// TestPageNamesEverySetting wants a row for each field, and none for a field
// that isn't.
func TestPageNamesEverySetting(t *testing.T) {
	var got []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section(t, "Settings"), -1) {
		got = append(got, row[1])
	}
	if diff := cmp.Diff(configfile.Fields[Settings](), got); diff != "" {
		t.Errorf("fields with a row in docs/remedy.md (-types +page):\n%s", diff)
	}
}

// TestPageShowsTheDefault reads the section that the page shows.
func TestPageShowsTheDefault(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(remedy:.*?)```").FindStringSubmatch(section(t, "Settings"))
	if block == nil {
		t.Fatal("docs/remedy.md shows no section remedy")
	}
	var file struct {
		Remedy Settings `yaml:"remedy"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(block[1]))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), file.Remedy); diff != "" {
		t.Errorf("the page's section is not the default (-default +page):\n%s", diff)
	}
}
