package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// deployment is a manifest of one container.
func deployment(name, image, command string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %s}
spec:
  template:
    spec:
      containers:
      - name: app
        image: %s
        command: [%s]
---
`, name, image, command)
}

// mixed holds something of everything, for the golden files.
const mixed = `# What a team applies
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {initguard.dev/enforce: exposed}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers:
      - name: app
        image: registry.example/web:1
        readinessProbe:
          exec: {command: [sh, -c, "curl localhost | grep ok"]}
      - name: sidecar
        image: registry.example/sidecar:1
        command: [neat]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly-report-of-everything-that-was-sold-in-the-shop}
spec:
  jobTemplate:
    spec:
      template:
        metadata:
          annotations: {initguard.dev/exempt-containers: "known"}
        spec:
          containers:
          - name: report
            image: registry.example/report:1
            command: [leaky, --secret=hunter2]
          - {name: known, image: registry.example/known:1, command: [leaky]}
          - {name: script, image: registry.example/known:1, command: [/run.sh, leaky]}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web}
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: db}
  spec:
    template:
      spec:
        containers:
        - name: db
          image: registry.example/db:1
          command: [touchy]
---
apiVersion: v1
kind: Pod
metadata: {name: shared}
spec:
  shareProcessNamespace: true
  containers: [{name: app, image: registry.example/web:1}]
---
apiVersion: v1
kind: Pod
metadata: {name: win}
spec:
  os: {name: windows}
  containers: [{name: app, image: registry.example/win:1}]
`

func TestCheckGolden(t *testing.T) {
	web := ociLayout(t, scripted(dropsRoot, "forky"))
	known := ociLayout(t, imagetest.Spec{
		Entrypoint: []string{"neat"}, Layers: []imagetest.Layer{imagetest.Files(imagetest.Program("run.sh", byHostname))},
	})
	dir := t.TempDir()
	writeFile(t, dir, "mixed.yaml", mixed)
	t.Chdir(dir)
	config := configFile(t, "")
	back := repository(t)
	tests := []struct {
		name string
		args []string
	}{
		{"check-table.txt", nil},
		{"check-verbose.txt", []string{"-v"}},
		{"check.json", []string{"-o", "json"}},
		{"check.yaml", []string{"-o", "yaml"}},
		{"check.sarif", []string{"-o", "sarif"}},
	}
	var names []string
	for _, test := range tests {
		names = append(names, test.name)
		t.Run(test.name, func(t *testing.T) {
			args := []string{
				"initguard", "check", "-f", "mixed.yaml", "--config", config,
				"--image", "registry.example/web:1=oci:" + web, "--image", "registry.example/known:1=oci:" + known,
			}
			got := run(t, "", append(args, test.args...)...)
			if got.code != 2 || got.err != "" {
				t.Errorf("exit code %d, stderr %q, want 2 for the script and silence", got.code, got.err)
			}
			back(t, func() { golden(t, test.name, got.out) })
			if test.name == "check.sarif" {
				validSARIF(t, got.out)
			}
		})
	}
	back(t, func() { extraGolden(t, "check*", names) })
}

// repository returns a func that runs another in the folder of the test's
// package: t.Chdir leads away from testdata.
func repository(t *testing.T) func(*testing.T, func()) {
	t.Helper()
	return func(t *testing.T, f func()) {
		t.Helper()
		t.Chdir(packageDir)
		f()
	}
}

func validSARIF(t *testing.T, text string) {
	t.Helper()
	report, err := sarif.FromString(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Validate(); err != nil {
		t.Error(err)
	}
}

func TestCheckExitCodes(t *testing.T) {
	config := configFile(t, "")
	bad := "a: [\n"
	tests := []struct {
		name  string
		input string
		flags []string
		want  int
	}{
		{"clean", deployment("a", "x.example/a", "neat"), nil, 0},
		{"no workloads", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", nil, 0},
		{"finding", deployment("a", "x.example/a", "leaky"), nil, 1},
		{"finding below the level", deployment("a", "x.example/a", "leaky"), []string{"--fail-on", "exposed"}, 0},
		{"finding at the level", deployment("a", "x.example/a", "forky"), []string{"--fail-on", "exposed"}, 1},
		{"finding below observed", deployment("a", "x.example/a", "forky"), []string{"--fail-on", "observed"}, 0},
		{"never", deployment("a", "x.example/a", "forky"), []string{"--fail-on", "never"}, 0},
		{"harmed", deployment("a", "x.example/a", "touchy"), nil, 1},
		{"unknown", deployment("a", "x.example/a", "/mnt/x.sh") + "\n", []string{"--image", "x.example/a=LAYOUT"}, 2},
		{"unknown ignored", deployment("a", "x.example/a", "/mnt/x.sh"), []string{"--image", "x.example/a=LAYOUT", "--ignore-unknown"}, 0},
		{
			"unknown wins over a finding", deployment("a", "x.example/a", "/mnt/x.sh") + deployment("b", "x.example/b", "leaky"),
			[]string{"--image", "x.example/a=LAYOUT"}, 2,
		},
		{
			"finding beside ignored unknown", deployment("a", "x.example/a", "/mnt/x.sh") + deployment("b", "x.example/b", "leaky"),
			[]string{"--image", "x.example/a=LAYOUT", "--ignore-unknown"}, 1,
		},
		{"unknown and never", deployment("a", "x.example/a", "/mnt/x.sh"), []string{"--image", "x.example/a=LAYOUT", "--fail-on", "never"}, 2},
		{"bad input", bad, nil, 2},
		{"bad input wins over a finding", deployment("b", "x.example/b", "leaky") + bad, nil, 2},
		{"bad input wins over clean", deployment("b", "x.example/b", "neat") + bad, []string{"--ignore-unknown", "--fail-on", "never"}, 2},
		{"empty input", "", nil, 2},
		{"comments only", "# nothing\n---\n# more\n", nil, 2},
	}
	layout := ociLayout(t, imagetest.Spec{Entrypoint: []string{"neat"}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"initguard", "check", "-f", "-", "--config", config}
			for _, flag := range test.flags {
				args = append(args, strings.ReplaceAll(flag, "LAYOUT", "oci:"+layout))
			}
			if got := run(t, test.input, args...); got.code != test.want {
				t.Errorf("exit code %d, want %d\n%s%s", got.code, test.want, got.out, got.err)
			}
		})
	}
}

func TestCheckKinds(t *testing.T) {
	config := configFile(t, "workloads:\n- {group: argoproj.io, kind: Rollout}\n")
	template := "{spec: {containers: [{name: app, image: x.example/a, command: [leaky]}]}}"
	kinds := map[string]string{
		"v1 Pod":                                "spec: {containers: [{name: app, image: x.example/a, command: [leaky]}]}",
		"v1 PodTemplate":                        "template: " + template,
		"v1 ReplicationController":              "spec: {template: " + template + "}",
		"apps/v1 ReplicaSet":                    "spec: {template: " + template + "}",
		"apps/v1 Deployment":                    "spec: {template: " + template + "}",
		"apps/v1 StatefulSet":                   "spec: {template: " + template + "}",
		"apps/v1 DaemonSet":                     "spec: {template: " + template + "}",
		"batch/v1 Job":                          "spec: {template: " + template + "}",
		"batch/v1 CronJob":                      "spec: {jobTemplate: {spec: {template: " + template + "}}}",
		"apps.openshift.io/v1 DeploymentConfig": "spec: {template: " + template + "}",
		"argoproj.io/v1alpha1 Rollout":          "spec: {template: " + template + "}",
	}
	for gvk, body := range kinds {
		t.Run(gvk, func(t *testing.T) {
			version, kind, _ := strings.Cut(gvk, " ")
			input := fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: a}\n%s\n", version, kind, body)
			got := run(t, input, "initguard", "check", "-f", "-", "--config", config)
			if got.code != 1 || !strings.Contains(got.out, kind+"/a") {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
			}
		})
	}
}

func TestCheckExemptions(t *testing.T) {
	podWith := func(meta, spec string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: p" + meta + "}\nspec: {containers: [{name: app, image: x.example/a, command: [leaky]" + spec + "}\n"
	}
	tests := []struct {
		name, input string
		flags       []string
		want        string
	}{
		{"kube-system", podWith(", namespace: kube-system", "}]"), nil, "exempt: namespace kube-system"},
		{"namespace by flag", podWith("", "}]"), []string{"-n", "kube-system"}, "exempt: namespace kube-system"},
		{"windows", podWith("", "}], nodeSelector: {kubernetes.io/os: windows}"), nil, "exempt: windows"},
		{"interactive", podWith("", ", stdin: true, tty: true}]"), nil, "exempt: interactive-pod"},
		{"container", podWith(", annotations: {initguard.dev/exempt-containers: app}", "}]"), nil, "exempts this container"},
	}
	config := configFile(t, "")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, test.input, append([]string{"initguard", "check", "-v", "-f", "-", "--config", config}, test.flags...)...)
			if got.code != 0 || !strings.Contains(got.out, test.want) || !strings.Contains(got.out, "1 exempt") {
				t.Errorf("exit code %d, want 0 and %q\n%s%s", got.code, test.want, got.out, got.err)
			}
		})
	}
}

func TestCheckExemptContainerThatIsDenied(t *testing.T) {
	input := "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {initguard.dev/enforce: possible}}\n---\n" +
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ns, annotations: {initguard.dev/exempt-containers: app}}\n" +
		"spec: {containers: [{name: app, image: x.example/a, command: [leaky]}]}\n"
	got := run(t, input, "initguard", "check", "-f", "-", "--config", configFile(t, ""))
	if got.code != 1 || !strings.Contains(got.out, "deny") {
		t.Errorf("exit code %d, want 1 and deny\n%s%s", got.code, got.out, got.err)
	}
	lenient := configFile(t, "exemptions: {containersUnderEnforce: true}\n")
	if got := run(t, input, "initguard", "check", "-f", "-", "--config", lenient); got.code != 0 {
		t.Errorf("exit code %d where the configuration lets containers be exempt, want 0\n%s%s", got.code, got.out, got.err)
	}
}
