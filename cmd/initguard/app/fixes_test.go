package app_test

import (
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// fixable is a manifest whose containers each have another fix.
const fixable = `apiVersion: apps/v1
kind: Deployment
metadata: {name: one}
spec:
  template:
    spec:
      containers:
      - name: app
        image: registry.example/web:1
        readinessProbe:
          exec: {command: [sh, -c, "curl -fs http://localhost:8080/ready"]}
        livenessProbe:
          exec: {command: [sh, -c, "curl -s localhost:8080/live | grep ok"]}
        lifecycle:
          preStop:
            exec: {command: [sh, -c, sleep 15]}
---
apiVersion: v1
kind: Pod
metadata: {name: two}
spec:
  containers:
  - name: app
    image: registry.example/web:1
    args: [serve]
    livenessProbe:
      exec: {command: [/bin/sh, -c, "pg_isready -U postgres || exit 1"]}
  - name: deaf
    image: registry.example/web:1
    command: [bash, -c, "leaky; echo over"]
`

func TestCheckFixes(t *testing.T) {
	web := ociLayout(t, imagetest.Spec{Entrypoint: []string{"leaky"}, Cmd: []string{"serve", "--all"}})
	config := configFile(t, "")
	for name, flags := range map[string][]string{"fixes.txt": {"-v"}, "fixes.json": {"-o", "json"}} {
		args := []string{"initguard", "check", "-f", "-", "--config", config, "--image", "registry.example/web:1=oci:" + web}
		got := run(t, fixable, append(args, flags...)...)
		if got.code != 1 || got.err != "" {
			t.Errorf("exit code %d, stderr %q, want 1 and silence", got.code, got.err)
		}
		golden(t, name, got.out)
	}
}

// TestWarningsHoldNoPatch: what a probe runs, and argv, is in the exact lines
// alone.
func TestWarningsHoldNoPatch(t *testing.T) {
	web := ociLayout(t, imagetest.Spec{Entrypoint: []string{"leaky"}, Cmd: []string{"--secret=hunter2"}})
	input := strings.ReplaceAll(fixable, "localhost:8080", "user:hunter2@localhost:8080")
	got := run(t, input, "initguard", "check", "-v", "-f", "-", "--config", configFile(t, ""), "--image", "registry.example/web:1=oci:"+web)
	warnings := 0
	for line := range strings.Lines(got.out) {
		if !strings.Contains(line, "Warning: ") {
			continue
		}
		warnings++
		if strings.Contains(line, "hunter2") || strings.Contains(line, "8080") {
			t.Errorf("the warning holds what is not for everyone: %s", line)
		}
	}
	if warnings != 2 {
		t.Errorf("%d warnings in\n%s", warnings, got.out)
	}
}

// TestImageFixes: the fix of an image goes by the files in it.
func TestImageFixes(t *testing.T) {
	files := func(entries ...imagetest.Entry) []imagetest.Layer {
		return []imagetest.Layer{imagetest.Files(entries...)}
	}
	tests := map[string]imagetest.Spec{
		"fixes-entrypoint.text": {
			Entrypoint: []string{"/docker-entrypoint.sh"}, Cmd: []string{"leaky", "--all"},
			Layers: files(
				imagetest.Data("etc/os-release", "ID=debian\n"),
				imagetest.Program("docker-entrypoint.sh", "#!/bin/bash\nset -e\nexec \"$@\"\n"),
			),
		},
		"fixes-exec.text": {
			Cmd:    []string{"/start.sh"},
			Layers: files(imagetest.Program("start.sh", "#!/bin/bash\nset -e\nleaky --all\necho over\n")),
		},
	}
	for name, spec := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, "", "initguard", "image", "oci:"+ociLayout(t, spec), "--config", configFile(t, ""))
			if got.code != 0 || got.err != "" {
				t.Errorf("exit code %d, stderr %q", got.code, got.err)
			}
			golden(t, name, got.out)
		})
	}
}
