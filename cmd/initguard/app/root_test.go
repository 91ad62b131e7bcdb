package app_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/app"
)

func TestUsageErrors(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"unknown command", []string{"chekc"}, []string{`unknown command "chekc"`, "check", "see initguard --help"}},
		{"unknown flag", []string{"check", "--fial-on", "x"}, []string{"unknown flag: --fial-on", "see initguard check --help"}},
		{"nothing to check", []string{"check"}, []string{"-f", "see initguard check --help"}},
		{"stdin twice", []string{"check", "-f", "-", "-f", "-"}, []string{"only once"}},
		{"fail-on", []string{"check", "-f", "-", "--fail-on", "all"}, []string{`--fail-on: "all" is none of possible, exposed, observed, never`}},
		{"output", []string{"check", "-f", "-", "-o", "xml"}, []string{`--output: "xml" is none of table, json, yaml, sarif`}},
		{"all at once", []string{"check", "-f", "-", "-o", "xml", "--fail-on", "all"}, []string{"--output", "--fail-on"}},
		{"image", []string{"check", "-f", "-", "--image", "web"}, []string{`--image: "web" is not NAME=SOURCE`}},
		{"image from a registry", []string{"check", "-f", "-", "--image", "web=x.example/web"}, []string{"is not NAME=SOURCE"}},
		{"no image", []string{"image"}, []string{"want one IMAGE before --, got 0", "see initguard image --help"}},
		{"two images", []string{"image", "a", "b"}, []string{"want one IMAGE before --, got 2"}},
		{"args alone", []string{"image", "--", "a"}, []string{"want one IMAGE before --, got 0"}},
		{"env", []string{"image", "a", "--env", "A"}, []string{`--env: "A" is not NAME=VALUE`}},
		{"uid", []string{"image", "a", "--run-as-user", "root"}, []string{`--run-as-user: "root" is not a uid`}},
		{"platform", []string{"image", "a", "--platform", "arm64"}, []string{`--platform: "arm64" is not os/arch`}},
		{"timeout", []string{"image", "a", "--timeout", "0s"}, []string{"--timeout: 0s is not between"}},
		{"plain http", []string{"image", "a", "--plain-http", "http://a"}, []string{"is not host or host:port"}},
		{"missing configuration", []string{"image", "a", "--config", "/nowhere/at/all"}, []string{"--config", "/nowhere/at/all"}},
		{"version", []string{"version", "x"}, []string{"see initguard version --help"}},
		{"control characters", []string{"image", "a", "--env", "\x1b[2J"}, []string{`--env: "\x1b[2J"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, "", append([]string{"initguard"}, test.args...)...)
			if got.code != 2 || got.out != "" || !strings.HasPrefix(got.err, "Error: ") {
				t.Errorf("exit code %d, stdout %q, stderr %q, want 2 and an error on stderr alone", got.code, got.out, got.err)
			}
			for _, want := range test.want {
				if !strings.Contains(got.err, want) {
					t.Errorf("stderr %q lacks %q", got.err, want)
				}
			}
		})
	}
}

func TestBrokenConfiguration(t *testing.T) {
	file := configFile(t, "defaults: {wran: never}\n")
	for _, args := range [][]string{{"image", "a"}, {"check", "-f", "-"}} {
		got := run(t, "", append(append([]string{"initguard"}, args...), "--config", file)...)
		if got.code != 2 || !strings.Contains(got.err, file+":") || !strings.Contains(got.err, "wran") {
			t.Errorf("%v: exit code %d, stderr %q, want 2 and the field", args, got.code, got.err)
		}
	}
}

func TestPluginCallsItselfByItsName(t *testing.T) {
	for _, name := range []string{"kubectl-initguard", "/usr/local/bin/kubectl-initguard", "kubectl-initguard.exe"} {
		for _, args := range [][]string{{"--help"}, {"check", "--help"}, {"image", "--help"}} {
			got := run(t, "", append([]string{name}, args...)...)
			if got.code != 0 || !strings.Contains(got.out, "kubectl initguard check") && !strings.Contains(got.out, "kubectl initguard image") {
				t.Errorf("%s %v: exit code %d, help\n%s", name, args, got.code, got.out)
			}
			for _, line := range strings.Split(got.out, "\n") {
				if strings.HasPrefix(strings.TrimSpace(line), "initguard ") {
					t.Errorf("%s %v: the help calls the program initguard: %q", name, args, line)
				}
			}
		}
		if got := run(t, "", name, "check"); !strings.Contains(got.err, "see kubectl initguard check --help") {
			t.Errorf("%s: stderr %q", name, got.err)
		}
	}
	if got := run(t, "", "initguard", "check", "--help"); strings.Contains(got.out, "kubectl initguard") {
		t.Errorf("called as initguard, the help says\n%s", got.out)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := run(t, "", "initguard", "completion", shell); got.code != 0 || !strings.Contains(got.out, "initguard") {
			t.Errorf("%s: exit code %d, %d bytes, stderr %q", shell, got.code, len(got.out), got.err)
		}
	}
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"initguard", "__complete", "che"}, "check\t"},
		{[]string{"initguard", "__complete", "check", "--fail-on", ""}, "observed\n"},
		{[]string{"initguard", "__complete", "check", "-o", ""}, "sarif\n"},
		{[]string{"initguard", "__complete", "image", "-o", ""}, "yaml\n"},
		{[]string{"initguard", "__complete", "version", "-o", ""}, "json\n"},
		{[]string{"/bin/kubectl_complete-initguard", "check", "--fail-on", ""}, "exposed\n"},
	}
	for _, test := range tests {
		if got := run(t, "", test.args...); got.code != 0 || !strings.Contains(got.out, test.want) {
			t.Errorf("%v: exit code %d, completions %q, want %q", test.args, got.code, got.out, test.want)
		}
	}
	if got := run(t, "", "initguard", "completion", "--help"); !strings.Contains(got.out, "kubectl_complete-initguard") {
		t.Errorf("the help does not say how kubectl completes:\n%s", got.out)
	}
}

func TestVersion(t *testing.T) {
	if got := run(t, "", "initguard", "version"); got.code != 0 || !strings.HasPrefix(got.out, "initguard "+app.Version()) {
		t.Errorf("exit code %d, %q", got.code, got.out)
	}
	var v map[string]any
	got := run(t, "", "initguard", "version", "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &v); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"version", "go", "platform"} {
		if s, ok := v[field].(string); !ok || s == "" {
			t.Errorf("no %s in %s", field, got.out)
		}
	}
}

func TestEveryCommandIsDocumented(t *testing.T) {
	pages := app.Docs()
	again := app.Docs()
	root := app.NewRoot(false, app.Streams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard})
	for _, cmd := range root.Commands() {
		if cmd.Hidden || cmd.Name() == "help" {
			continue
		}
		name := "initguard_" + cmd.Name() + ".md"
		text := pages[name]
		if text == "" {
			t.Errorf("no page %s", name)
		}
		if text != again[name] {
			t.Errorf("%s differs from run to run", name)
		}
		for _, flag := range flagNames(cmd) {
			if !strings.Contains(text, "--"+flag) {
				t.Errorf("%s lacks --%s", name, flag)
			}
		}
	}
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
