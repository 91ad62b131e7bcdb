package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/initguard/initguard/test/openshift"
)

// crd is a stub of a kind that the control plane lacks; initguard only reads
// the pod template in it.
func crd(group, plural, kind string) string {
	return fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[2]s.%[1]s}
spec:
  group: %[1]s
  scope: Namespaced
  names: {plural: %[2]s, singular: %[4]s, kind: %[3]s}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`, group, plural, kind, strings.ToLower(kind))
}

func TestEveryKindWarns(t *testing.T) {
	namespace(t, "kinds", "")
	apply(t, openshift.DeploymentConfig)
	if out, err := kubectl(t, "", "wait", "--for=condition=Established", "crd/deploymentconfigs.apps.openshift.io", "--timeout=30s"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const (
		meta     = "metadata: {name: web, namespace: kinds}\n"
		selector = "selector: {matchLabels: {app: web}}, "
		labels   = "metadata: {labels: {app: web}}, "
	)
	spec := "spec: {containers: [" + exposedContainer + "]}"
	never := "spec: {restartPolicy: Never, containers: [" + exposedContainer + "]}"
	tests := map[string]struct{ manifest, path string }{
		"Pod":                   {"apiVersion: v1\nkind: Pod\n" + meta + spec, "spec"},
		"PodTemplate":           {"apiVersion: v1\nkind: PodTemplate\n" + meta + "template: {" + labels + spec + "}", "template.spec"},
		"ReplicationController": {"apiVersion: v1\nkind: ReplicationController\n" + meta + "spec: {selector: {app: web}, template: {" + labels + spec + "}}", "spec.template.spec"},
		"ReplicaSet":            {"apiVersion: apps/v1\nkind: ReplicaSet\n" + meta + "spec: {" + selector + "template: {" + labels + spec + "}}", "spec.template.spec"},
		"Deployment":            {"apiVersion: apps/v1\nkind: Deployment\n" + meta + "spec: {" + selector + "template: {" + labels + spec + "}}", "spec.template.spec"},
		"StatefulSet":           {"apiVersion: apps/v1\nkind: StatefulSet\n" + meta + "spec: {" + selector + "serviceName: x, template: {" + labels + spec + "}}", "spec.template.spec"},
		"DaemonSet":             {"apiVersion: apps/v1\nkind: DaemonSet\n" + meta + "spec: {" + selector + "template: {" + labels + spec + "}}", "spec.template.spec"},
		"Job":                   {"apiVersion: batch/v1\nkind: Job\n" + meta + "spec: {template: {" + never + "}}", "spec.template.spec"},
		"CronJob":               {"apiVersion: batch/v1\nkind: CronJob\n" + meta + "spec: {schedule: '0 * * * *', jobTemplate: {spec: {template: {" + never + "}}}}", "spec.jobTemplate.spec.template.spec"},
		"DeploymentConfig":      {"apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\n" + meta + "spec: {template: {" + labels + spec + "}}", "spec.template.spec"},
	}
	for kind, test := range tests {
		out := apply(t, test.manifest)
		want := `Warning: initguard: container "app": PID 1 will be node, which does not reap zombies, and its exec readinessProbe can leave orphans; fix: ` +
			test.path + ".shareProcessNamespace: true"
		if !strings.HasPrefix(out, want) || strings.Count(out, "Warning:") != 1 {
			t.Errorf("%s: got %q, want one warning %q...", kind, out, want)
		}
	}
	if out := apply(t, "apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\nmetadata: {name: none, namespace: kinds}\nspec: {replicas: 1}"); strings.Contains(out, "Warning") {
		t.Errorf("a DeploymentConfig without a template: %s", out)
	}
}

func TestSilence(t *testing.T) {
	namespace(t, "silence", "")
	tests := map[string]string{
		"init in the image":   "{containers: [{name: app, image: REGISTRY/shop/web-tini:1.4, livenessProbe: {exec: {command: [sh]}}}]}",
		"init in the command": "{containers: [{name: app, image: REGISTRY/shop/web:1.4, command: [dumb-init, node]}]}",
		"shared":              "{shareProcessNamespace: true, containers: [" + exposedContainer + "]}",
		"host":                "{hostPID: true, containers: [" + exposedContainer + "]}",
		"script":              "{containers: [{name: app, image: REGISTRY/shop/report:2.0}]}",
	}
	i := 0
	for name, spec := range tests {
		i++
		if out := apply(t, fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: p%d, namespace: silence}\nspec: %s", i, spec)); strings.Contains(out, "Warning") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestManyContainers(t *testing.T) {
	namespace(t, "many", "")
	var list []string
	for i := range 300 {
		list = append(list, fmt.Sprintf("{name: c%d, image: REGISTRY/shop/web:1.4}", i))
	}
	out := apply(t, deployment("many", "web", strings.Join(list, ", ")))
	if strings.Count(out, "Warning:") != 1 || !strings.Contains(out, "also in c1 and 298 more") {
		t.Errorf("got %s", out)
	}
}
