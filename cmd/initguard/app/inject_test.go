package app_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const injectImage = "registry.example/initguard:v1"

// TestInjectOutputs writes out what becomes of every kind of document.
func TestInjectOutputs(t *testing.T) {
	t.Chdir("testdata/inject")
	for golden, args := range map[string][]string{
		"all.yaml.out": nil, "all.json.out": {"-o", "json"}, "all.patch.out": {"-o", "patch"}, "all.diff.out": {"--diff"},
	} {
		args = append([]string{"initguard", "inject", "-f", "all.yaml", "--config", configFile(t, ""), "--inject-image", injectImage}, args...)
		got := run(t, "", args...)
		if got.code != 0 {
			t.Errorf("%s: exit code %d: %s", golden, got.code, got.err)
		}
		text := got.out
		if golden == "all.yaml.out" {
			text = got.err + "\n" + text
		}
		if *update {
			if err := os.WriteFile(golden, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text); diff != "" {
			t.Errorf("not as in %s (-want +got):\n%s", golden, diff)
		}
	}
}

// TestInjectAgain: what was injected into is left alone the next time.
func TestInjectAgain(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "inject", "all.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	config := configFile(t, "")
	once := run(t, string(text), "initguard", "inject", "-f", "-", "--config", config, "--inject-image", injectImage)
	twice := run(t, once.out, "initguard", "inject", "-f", "-", "--config", config, "--inject-image", injectImage)
	if diff := cmp.Diff(once.out, twice.out); diff != "" || twice.code != 0 {
		t.Errorf("exit code %d\n%s", twice.code, diff)
	}
}

func TestInjectExitCodes(t *testing.T) {
	pod := func(spec string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: " + spec
	}
	const leaky, two = "{containers: [{name: app, image: x, command: [leaky]}]}", "{containers: [{name: app, image: x, command: [leaky]}, {name: b, image: x, command: [neat]}]}"
	tests := map[string]struct {
		input string
		args  []string
		code  int
		said  string
	}{
		"share-pid":        {pod(leaky), nil, 0, "stdin:1: Pod/p: share-pid: app"},
		"reaps":            {pod("{containers: [{name: app, image: x, command: [neat]}]}"), nil, 0, "nothing to do: every PID 1 reaps"},
		"refused":          {pod(two), nil, 1, "not injected: not with share-pid: the pod has 2 containers that run on; not with wrap: no image of initguard is configured"},
		"not known":        {pod("{containers: [{name: app, image: x, command: [./mystery]}]}"), []string{"--timeout", "1ms"}, 2, "who PID 1 will be is not known"},
		"ignored":          {pod("{containers: [{name: app, image: x, command: [./mystery]}]}"), []string{"--timeout", "1ms", "--ignore-unknown"}, 0, "who PID 1 will be is not known"},
		"unreadable":       {pod("[]"), nil, 2, "the pod template can't be read"},
		"wrong annotation": {"apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {initguard.dev/inject: sometimes}}\nspec: " + leaky, nil, 2, `"sometimes" is none of auto, share-pid, wrap, never`},
		"no objects":       {"# nothing\n", nil, 2, "holds no objects"},
		"exempt":           {pod("{nodeSelector: {kubernetes.io/os: windows}, containers: [{name: app, image: x, command: [leaky]}]}"), nil, 0, "left alone, as in the cluster"},
		"other strategy":   {pod(leaky), []string{"--strategy", "wrap"}, 1, "no image of initguard is configured"},
		"no such strategy": {pod(leaky), []string{"--strategy", "magic"}, 2, `--strategy: "magic" is none of`},
		"not pinned":       {pod(leaky), []string{"--inject-image", "x"}, 2, "must be pinned"},
		"two formats":      {pod(leaky), []string{"--diff", "-o", "json"}, 2, "--diff: shows YAML"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"initguard", "inject", "-f", "-", "--config", configFile(t, "")}, test.args...)
			if got := run(t, test.input, args...); got.code != test.code || !strings.Contains(got.err, test.said) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", got.code, test.code, got.err, test.said)
			}
		})
	}
}

// TestInjectPatchFits: -o patch is what kubectl patch takes.
func TestInjectPatchFits(t *testing.T) {
	got := run(t, deployment("a", "x.example/a", "leaky"), "initguard", "inject", "-f", "-", "--config", configFile(t, ""), "-o", "patch")
	var operations []struct{ Op, Path string }
	if err := json.Unmarshal([]byte(got.out), &operations); err != nil || len(operations) == 0 || operations[0].Path != "/spec/template/spec/shareProcessNamespace" {
		t.Errorf("%v: %s", err, got.out)
	}
}
