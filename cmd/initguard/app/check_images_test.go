package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/initguard/initguard/cmd/initguard/app"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

func TestCheckImages(t *testing.T) {
	layout := ociLayout(t, imagetest.Spec{Entrypoint: []string{"leaky"}})
	input := "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: app, image: web}]}\n"
	config := configFile(t, "")
	t.Run("any way to write the name", func(t *testing.T) {
		got := run(t, input, "initguard", "check", "-f", "-", "--config", config, "--image", "docker.io/library/web:latest=oci:"+layout)
		if got.code != 1 || got.err != "" {
			t.Errorf("exit code %d, want 1\n%s%s", got.code, got.out, got.err)
		}
	})
	t.Run("unused", func(t *testing.T) {
		got := run(t, deployment("a", "x.example/a", "neat"), "initguard", "check", "-f", "-", "--config", config, "--image", "wbe=oci:"+layout)
		if got.code != 0 || !strings.Contains(got.err, "Warning: --image wbe") {
			t.Errorf("exit code %d, stderr %q, want 0 and a warning", got.code, got.err)
		}
	})
	t.Run("missing", func(t *testing.T) {
		got := run(t, input, "initguard", "check", "-f", "-", "--image", "web=oci:/nowhere/at/all")
		if got.code != 2 || !strings.Contains(got.err, "/nowhere/at/all: no such file") {
			t.Errorf("exit code %d, stderr %q", got.code, got.err)
		}
	})
	t.Run("twice", func(t *testing.T) {
		got := run(t, input, "initguard", "check", "-f", "-", "--image", "web=oci:"+layout, "--image", "web:latest=oci:"+layout)
		if got.code != 2 || !strings.Contains(got.err, "are the same image") {
			t.Errorf("exit code %d, stderr %q", got.code, got.err)
		}
	})
}

func TestCheckOrderIsStable(t *testing.T) {
	registry := imagetest.New(t, imagetest.Options{})
	var input strings.Builder
	for i := range 40 {
		image := fmt.Sprintf("team/web:%d", i)
		registry.MustPush(t, image, imagetest.Spec{Cmd: []string{"leaky", fmt.Sprint(i)}})
		fmt.Fprintf(&input, "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d}\nspec: {containers: [{name: app, image: %q}]}\n---\n", i, registry.Reference(image))
	}
	config := configFile(t, "")
	first := run(t, input.String(), "initguard", "check", "-f", "-", "--config", config)
	if first.code != 1 {
		t.Fatalf("exit code %d\n%s%s", first.code, first.out, first.err)
	}
	at := 0
	for i := range 40 {
		next := strings.Index(first.out[at:], fmt.Sprintf("Pod/p%d ", i))
		if next < 0 {
			t.Fatalf("Pod/p%d is missing or out of order in\n%s", i, first.out)
		}
		at += next
	}
}

func TestCheckHostileText(t *testing.T) {
	evil := `\e[2J\r\u202e`
	layout := ociLayout(t, imagetest.Spec{Entrypoint: []string{"\x1b[2J\u202e"}})
	input := fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: \"p%[1]s\", namespace: \"n%[1]s\"}\nspec: {containers: [{name: \"c%[1]s\", image: \"i%[1]s\", command: [leaky]}, {name: d, image: web}]}\n---\nkind: \"%[1]s\n", evil)
	file := writeFile(t, t.TempDir(), "\x1b[2J.yaml", input)
	for _, flag := range []string{"--verbose=false", "--verbose"} {
		got := run(t, "", "initguard", "check", "-f", file, flag, "--config", configFile(t, ""), "--image", "web=oci:"+layout)
		for _, text := range []string{got.out, got.err} {
			if strings.ContainsAny(text, "\x1b\r\u202e\u009b") {
				t.Errorf("a control character reaches the terminal: %q", text)
			}
		}
	}
}

// pod is a manifest of a pod whose image decides.
func pod(name, image string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: app, image: %q}]}\n---\n", name, image)
}

func TestCheckRegistryFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault imagetest.Fault
		want  string
	}{
		{"refused", imagetest.Status(http.StatusForbidden), "403"},
		{"not there", imagetest.Status(http.StatusNotFound), "404"},
		{"hangs", imagetest.Hang(), "no answer"},
		{"garbage", imagetest.Body("text/plain", "garbage"), "could not be inspected"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			registry := imagetest.New(t, imagetest.Options{})
			registry.Break(test.fault)
			input := pod("p", registry.Reference("team/web:1")) + deployment("other", "x.example/a", "leaky")
			got := run(t, input, "initguard", "check", "-f", "-", "--config", configFile(t, ""), "--timeout", "200ms")
			if got.code != 2 || !strings.Contains(got.out, test.want) || !strings.Contains(got.out, "Deployment/other") {
				t.Errorf("exit code %d, want 2, %q and the other finding\n%s%s", got.code, test.want, got.out, got.err)
			}
		})
	}
}

func TestCheckLogsIn(t *testing.T) {
	registry := imagetest.New(t, imagetest.Options{Username: "u", Password: "p", Token: true})
	registry.MustPush(t, "team/web:1", imagetest.Spec{Cmd: []string{"leaky"}})
	home := t.TempDir()
	writeFile(t, home, "config.json", string(registry.DockerConfig()))
	config := configFile(t, "")
	t.Setenv("DOCKER_CONFIG", home)
	var out, errOut bytes.Buffer
	code := app.Run(t.Context(), []string{"initguard", "check", "-f", "-", "--config", config},
		app.Streams{In: strings.NewReader(pod("p", registry.Reference("team/web:1"))), Out: &out, ErrOut: &errOut})
	if code != 1 {
		t.Errorf("exit code %d, want 1\n%s%s", code, out.String(), errOut.String())
	}
}

func TestCheckShowsProgressOnTerminalsOnly(t *testing.T) {
	for _, live := range []bool{false, true} {
		var out, errOut bytes.Buffer
		input := deployment("a", "x.example/a", "leaky") + deployment("b", "x.example/b", "leaky")
		app.Run(t.Context(), []string{"initguard", "check", "-f", "-", "--config", configFile(t, "")},
			app.Streams{In: strings.NewReader(input), Out: &out, ErrOut: &errOut, Live: live})
		if got := strings.Contains(errOut.String(), "2/2"); got != live {
			t.Errorf("live %v: stderr %q", live, errOut.String())
		}
		if live && !strings.HasSuffix(errOut.String(), "\r\x1b[K") {
			t.Errorf("the line is not cleared: %q", errOut.String())
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("progress on stdout: %q", out.String())
		}
	}
}

func TestInterrupt(t *testing.T) {
	registry := imagetest.New(t, imagetest.Options{})
	reference := registry.Reference("team/web:1")
	for _, args := range [][]string{{"image", reference}, {"check", "-f", "-"}} {
		ctx, cancel := context.WithCancel(t.Context())
		// The question is under way when it is interrupted.
		registry.Break(func(_ http.ResponseWriter, req *http.Request) bool {
			cancel()
			<-req.Context().Done()
			return true
		})
		var out, errOut bytes.Buffer
		code := app.Run(ctx, append([]string{"initguard"}, args...),
			app.Streams{In: strings.NewReader(pod("p", reference)), Out: &out, ErrOut: &errOut})
		if code != 2 || strings.Count(out.String()+errOut.String(), "interrupted") != 1 {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q, want 2 and, once, that it was interrupted", args, code, out.String(), errOut.String())
		}
	}
}
