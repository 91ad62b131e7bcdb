package configfile

import (
	"encoding"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
)

// sample is a format that has a field of each kind. What is said about bad
// files as such is held by webhook/config, file by file.
type sample struct {
	APIVersion string           `yaml:"apiVersion"`
	Kind       string           `yaml:"kind"`
	Text       string           `yaml:"text"`
	Flag       bool             `yaml:"flag"`
	Count      int              `yaml:"count"`
	Wait       time.Duration    `yaml:"wait"`
	Texts      []string         `yaml:"texts"`
	Nets       []netip.Prefix   `yaml:"nets"`
	Words      []Word           `yaml:"words"`
	Deep       deep             `yaml:"deep"`
	List       []deep           `yaml:"list"`
	Unread     map[string]*deep `yaml:"unread"`
}

type deep struct {
	Word Word   `yaml:"word"`
	Text string `yaml:"text"`
}

// Word reads itself.
type Word string

const red, green, blue = Word("red"), Word("green"), Word("blue")

var _ encoding.TextUnmarshaler = new(Word)

func (w *Word) UnmarshalText(text []byte) error {
	if !slices.Contains([]Word{red, green, blue}, Word(text)) {
		return fmt.Errorf("%s is none of red, green, blue", Quote(string(text)))
	}
	*w = Word(text)
	return nil
}

const head = "apiVersion: " + APIVersion + "\nkind: Sample\n"

func format() Format[sample] {
	return Format[sample]{
		Kind: "Sample",
		Default: func() *sample {
			return &sample{APIVersion: APIVersion, Kind: "Sample", Count: 3, Deep: deep{Word: red}, Texts: []string{"a"}}
		},
		Check: func(r *Report, s *sample) {
			r.Between("count", s.Count, 1, 10)
			r.Within("wait", s.Wait, 0, time.Hour)
			r.Names("texts", s.Texts, 3, func(string) string { return "" })
			for i, d := range s.List {
				at := fmt.Sprintf("list[%d].text", i)
				r.Matches(at, d.Text, true, func(s string) string {
					if s == "bad" {
						return "is bad"
					}
					return ""
				})
				if !r.Given(at) {
					s.List[i].Text = "none"
				}
			}
			r.Prose("text", s.Text, r.Given("text"))
		},
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing but the header", "", ""},
		{"all", "text: a clause\nflag: true\ncount: 4\nwait: 1m\ntexts: [x, y]\nnets: [10.0.0.0/8]\nwords: [red]\ndeep: {word: blue}\nlist: [{word: red, text: x}]\n", ""},
		{"null is the default", "count: null\ndeep:\n", ""},
		{"another kind", "kind: Sample2\n", `f:3: kind: is set twice, first in line 2`},
		{"a field unknown", "txet: a\n", `f:3: txet: unknown field; did you mean "text"?`},
		{"deep unknown", "deep: {wrod: red}\n", `f:3: deep.wrod: unknown field; did you mean "word"?`},
		{"no word", "words: [red, pink]\n", `f:3: words[1]: "pink" is none of red, green, blue`},
		{"out of range", "count: 11\nwait: 2h\n", "f:3: count: 11 must be from 1 to 10\nf:4: wait: 2h must be from 0s to 1h"},
		{"unread is said once", "count: x\n", `f:3: count: "x" must be a whole number, without quotes`},
		{"missing in a list", "list:\n- {word: red}\n", "f:4: list[0].text: is missing"},
		{"bad in a list", "list: [{text: bad}]\n", `f:3: list[0].text: "bad" is bad`},
		{"twice", "texts: [x, x]\n", `f:3: texts[1]: "x" is in texts[0] already`},
		{"too many", "texts: [a, b, c, d]\n", `f:3: texts: holds 4 entries; the most is 3`},
		{"prose", "text: \"a\\nb\"\n", `f:3: text: "a?b" must be one line of at most 120 printable characters, without double quotes`},
		{"empty prose", "text: \"\"\n", `f:3: text: is empty; leave it out or say why`},
		{"a kind of field that none has", "unread: {a: {}}\n", `f:3: unread: is a mapping; must be a single value`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := format().Parse("f", []byte(head+tt.text))
			if (got == nil) == (err == nil) {
				t.Fatalf("Parse = %v, %v; want one of the two", got, err)
			}
			said := ""
			if err != nil {
				said = err.Error()
			}
			if said != tt.want {
				t.Errorf("Parse says\n%s\nwant\n%s", said, tt.want)
			}
		})
	}
}

func TestParseSets(t *testing.T) {
	got, err := format().Parse("f", []byte(head+"flag: true\nwait: 90s\nnets: [10.0.0.1]\ntexts: []\nlist: [{word: blue, text: x}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := format().Default()
	want.Flag, want.Wait, want.Nets, want.Texts = true, 90*time.Second, []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}, nil
	want.List = []deep{{blue, "x"}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("not as written (-want +got):\n%s", diff)
	}
}

func TestParseNamesTheKind(t *testing.T) {
	for text, want := range map[string]string{
		"":            `f:1: the file is empty; the least that it must hold is "apiVersion: ` + APIVersion + `" and "kind: Sample"`,
		"kind: Other": "f:1: apiVersion: is missing; must be " + APIVersion + "\nf:1: kind: \"Other\" is not supported; must be Sample",
	} {
		if _, err := format().Parse("f", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("Parse(%q) = %v, want %s", text, err, want)
		}
	}
}

func TestFields(t *testing.T) {
	want := []string{"apiVersion", "kind", "text", "flag", "count", "wait", "texts", "nets", "words", "deep.word", "deep.text", "list[].word", "list[].text", "unread"}
	if diff := cmp.Diff(want, Fields[sample]()); diff != "" {
		t.Errorf("Fields (-want +got):\n%s", diff)
	}
}

// FuzzParse gives foreign bytes: no panic, no error that isn't fit for a log, and
// what is accepted means the same after it was written and read.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "count: 4", "nets: [10.0.0.1, ::/0]", "deep: &a {word: red}\nlist: [*a]", "list: [{text: x}, null]", "wait: 1h\n---\n", "\xff", "? [a]\n: b",
	} {
		f.Add([]byte(head + text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := format().Parse("f", data)
		if (s == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v; want one of the two", s, err)
		}
		if err == nil {
			out, err := yaml.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := format().Parse("f", out); err == nil && !cmp.Equal(s, again, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{})) {
				t.Errorf("%s means something else when it is read again", out)
			}
			return
		}
		var all *Error
		if !errors.As(err, &all) || len(all.Faults) == 0 || len(all.Faults) > MaxFaults {
			t.Fatalf("%T: %v; want an *Error with some faults", err, err)
		}
		for _, fault := range all.Faults {
			line := strings.ReplaceAll(fault.In("f"), `"`, "")
			if len([]rune(line)) > 1000 || Printable(line, len(line)) != line {
				t.Errorf("%q is not fit for a log", line)
			}
		}
	})
}
