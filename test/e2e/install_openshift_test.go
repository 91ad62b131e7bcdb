//go:build e2e

package e2e

import (
	"context"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/initguard/initguard/test/openshift"
)

// withServiceCA reproduces what the overlay leans on: the service CA's effects,
// OpenShift's kinds, its namespace for the cluster's CAs, the service CA's
// certificate beside each ServiceAccount's token, and the uid out of a range that
// restricted-v2 sets. No OpenShift runs here.
func withServiceCA(t *testing.T, in *installation) string {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", in.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{openshift.SCC, openshift.DeploymentConfig} {
		in.run(t, kind, "apply", "-f", "-")
		in.run(t, kind, "wait", "--for=condition=Established", "--timeout=1m", "-f", "-")
	}
	in.run(t, "", "create", "namespace", "openshift-config")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- (&openshift.ServiceCA{Client: clients}).Run(ctx, 200*time.Millisecond) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return `patches:
  - target: {kind: Deployment, name: initguard-(webhook|responder)}
    patch: |
      - {op: add, path: /spec/template/spec/securityContext/runAsUser, value: 1000650000}
      - {op: add, path: /spec/template/spec/securityContext/fsGroup, value: 1000650000}
  - target: {kind: Deployment, name: initguard-webhook}
    patch: |
      - {op: add, path: /spec/template/spec/containers/0/volumeMounts/-, value: {name: kube-api-access, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}}
      - op: add
        path: /spec/template/spec/volumes/-
        value:
          name: kube-api-access
          projected:
            sources:
              - serviceAccountToken: {path: token}
              - configMap: {name: kube-root-ca.crt}
              - configMap: {name: openshift-service-ca.crt}
              - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
`
}

// withDeploymentConfig applies what OpenShift's users have in place of Deployments.
func withDeploymentConfig(t *testing.T, in *installation) {
	t.Helper()
	in.wantWarning(t, `apiVersion: apps.openshift.io/v1
kind: DeploymentConfig
metadata: {name: web, namespace: default}
spec:
  selector: {app: web}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: nobody.example.com/none, command: [sleep, infinity]}]}
`)
}
