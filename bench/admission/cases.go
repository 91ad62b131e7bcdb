package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/stack"
)

// namespace is labelled so that both webhooks judge what is in it: none
// short-circuits.
const namespace = `apiVersion: v1
kind: Namespace
metadata:
  name: bench
  labels:
    pod-security.kubernetes.io/enforce: baseline
    pod-security.kubernetes.io/audit: restricted
    pod-security.kubernetes.io/warn: restricted
    initguard.dev/warn: possible
    initguard.dev/audit: possible
`

// What the two containers of the cases are made of: the first of each pair
// leads to findings of both webhooks, the second to none.
const (
	plainPod = `
securityContext: {fsGroup: 2000}
containers:
  - {name: app, image: REGISTRY/bench/web:1.4, ports: [{containerPort: 8080}], env: [{name: PORT, value: "8080"}, {name: LOG_LEVEL, value: info}], resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}, readinessProbe: {exec: {command: [sh, -c, "curl -fs localhost:8080/ready | grep ok"]}}}
  - {name: proxy, image: REGISTRY/bench/proxy:2, ports: [{containerPort: 8443}], volumeMounts: [{name: scratch, mountPath: /tmp}]}
volumes: [{name: scratch, emptyDir: {}}]
`
	cleanPod = `
securityContext: {fsGroup: 2000, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
containers:
  - {name: app, image: REGISTRY/bench/web-tini:1.4, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, ports: [{containerPort: 8080}], env: [{name: PORT, value: "8080"}, {name: LOG_LEVEL, value: info}], resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}, readinessProbe: {exec: {command: [sh, -c, "curl -fs localhost:8080/ready | grep ok"]}}}
  - {name: proxy, image: REGISTRY/bench/proxy-script:2, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, ports: [{containerPort: 8443}], volumeMounts: [{name: scratch, mountPath: /tmp}]}
volumes: [{name: scratch, emptyDir: {}}]
`
)

// entrypoint is a script whose last step is an init.
const entrypoint = `#!/bin/sh
set -e
if [ "${1#-}" != "$1" ]; then
	set -- server "$@"
fi
exec tini -- "$@"
`

// images are those of the cases.
func images() map[string]imagetest.Spec {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NODE_VERSION=20.11.1", "YARN_VERSION=1.22.19"}
	return map[string]imagetest.Spec{
		"bench/web:1.4":      {Entrypoint: []string{"docker-entrypoint.sh"}, Cmd: []string{"node", "server.js"}, Env: env, WorkingDir: "/app", Layers: script("usr/local/bin/docker-entrypoint.sh", "#!/bin/sh\nset -e\nexec \"$@\"\n")},
		"bench/web-tini:1.4": {Entrypoint: []string{"/usr/bin/tini", "--"}, Cmd: []string{"node", "server.js"}, Env: env, WorkingDir: "/app"},
		"bench/proxy:2":      {Entrypoint: []string{"java", "-jar", "/proxy.jar"}, Env: env},
		"bench/proxy-script:2": {
			Entrypoint: []string{"/entrypoint.sh"}, Cmd: []string{"server"}, Env: env, Layers: script("entrypoint.sh", entrypoint),
		},
	}
}

func script(name, text string) []imagetest.Layer {
	return []imagetest.Layer{imagetest.Files(imagetest.Program(name, text))}
}

// testCase is one review that both are sent.
type testCase struct {
	name   string
	review []byte
	// warnings is whether both have something to say.
	warnings bool
}

// makeCases pushes the images and makes the reviews.
func makeCases(ctx context.Context, s *stack.Stack) ([]testCase, error) {
	for image, spec := range images() {
		amd64, arm64 := spec, spec
		amd64.Platform, arm64.Platform = "linux/amd64", "linux/arm64"
		if _, err := s.Registry.PushSpecs(ctx, image, amd64, arm64); err != nil {
			return nil, fmt.Errorf("push %s: %w", image, err)
		}
	}
	if _, err := kubectl(ctx, s, namespace, "apply", "-f", "-"); err != nil {
		return nil, err
	}
	var cases []testCase
	for _, c := range []struct {
		name, manifest string
		warnings       bool
	}{
		{"Pod, findings", pod(plainPod), true},
		{"Pod, none", pod(cleanPod), false},
		{"Deployment, findings", deployment(plainPod), true},
		{"Deployment, none", deployment(cleanPod), false},
	} {
		review, err := makeReview(ctx, s, c.manifest)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		cases = append(cases, testCase{c.name, review, c.warnings})
	}
	return cases, nil
}

func indent(spec, by string) string {
	return strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n"+by)
}

func pod(spec string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: bench, labels: {app: web}}\nspec:\n  " + indent(spec, "  ") + "\n"
}

func deployment(spec string) string {
	return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: bench, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {prometheus.io/scrape: "true", prometheus.io/port: "8080"}}
    spec:
      ` + indent(spec, "      ") + "\n"
}

// makeReview has the API server complete an object, defaults and managed fields
// included, and wraps it as that server does for a webhook.
func makeReview(ctx context.Context, s *stack.Stack, manifest string) ([]byte, error) {
	object, err := kubectl(ctx, s, manifest, "apply", "-f", "-", "--dry-run=server", "-o", "json", "--show-managed-fields")
	if err != nil {
		return nil, err
	}
	var head struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        metav1.ObjectMeta `json:"metadata"`
	}
	if err := json.Unmarshal(object, &head); err != nil {
		return nil, err
	}
	group, version, _ := strings.Cut(head.APIVersion, "/")
	if version == "" {
		group, version = "", group
	}
	kind := metav1.GroupVersionKind{Group: group, Version: version, Kind: head.Kind}
	resource := metav1.GroupVersionResource{Group: group, Version: version, Resource: strings.ToLower(head.Kind) + "s"}
	dry := false
	return json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: types.UID("705ab4f5-6393-11e8-b7cc-42010a800002"), Kind: kind, Resource: resource, RequestKind: &kind, RequestResource: &resource,
			Name: head.Metadata.Name, Namespace: head.Metadata.Namespace, Operation: admissionv1.Create, DryRun: &dry,
			UserInfo: authenticationv1.UserInfo{Username: "system:serviceaccount:ci:deployer", UID: "1234", Groups: []string{
				"system:serviceaccounts", "system:serviceaccounts:ci", "system:authenticated",
			}},
			Object:  runtime.RawExtension{Raw: object},
			Options: runtime.RawExtension{Raw: []byte(`{"apiVersion":"meta.k8s.io/v1","fieldManager":"kubectl-client-side-apply","fieldValidation":"Strict","kind":"CreateOptions"}`)},
		},
	})
}

func kubectl(ctx context.Context, s *stack.Stack, manifest string, args ...string) ([]byte, error) {
	cmd := s.Cluster.Kubectl(ctx, args...)
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(manifest, "REGISTRY", s.Registry.Host()))
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("kubectl %s: %w: %s", args[0], err, exit.Stderr)
	}
	return out, err
}
