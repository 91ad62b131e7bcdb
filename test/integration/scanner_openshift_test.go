package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/test/openshift"
)

// scc are the fields that the scanner's pod is held against.
type scc struct {
	AllowHostPID, AllowHostDirVolumePlugin, AllowHostIPC, AllowHostNetwork, AllowHostPorts, AllowPrivilegedContainer, AllowPrivilegeEscalation bool
	ReadOnlyRootFilesystem                                                                                                                     bool
	AllowedCapabilities, RequiredDropCapabilities, Volumes, Users, Groups                                                                      []string
	RunAsUser                                                                                                                                  struct{ UID int64 }
	FSGroup                                                                                                                                    struct{ Ranges []struct{ Min, Max int64 } }
}

// TestScannerOnOpenShift has an API server with the kind take the component, and
// holds the DaemonSet's pod against it: hostPID, and nothing else.
func TestScannerOnOpenShift(t *testing.T) {
	apply(t, openshift.SCC)
	established(t, "securitycontextconstraints.security.openshift.io")
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	components, err := filepath.Abs("../../manifests/components")
	if err != nil {
		t.Fatal(err)
	}
	if components, err = filepath.Rel(overlay, components); err != nil { // kustomize takes no absolute path
		t.Fatal(err)
	}
	text := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\ncomponents: [%[1]s/scanner, %[1]s/scanner-openshift]\n", components)
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := kubectl(t, "", "apply", "-k", overlay, "--validate=strict"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var template corev1.PodTemplateSpec
	read(t, &template, "daemonset", "initguard-scanner", "-n", "initguard-node", "-o", "jsonpath={.spec.template}")
	name := template.Annotations["openshift.io/required-scc"]
	var c scc
	read(t, &c, "securitycontextconstraints", name, "-o", "json")
	if c.AllowHostDirVolumePlugin || c.AllowHostIPC || c.AllowHostNetwork || c.AllowHostPorts || c.AllowPrivilegedContainer ||
		c.AllowPrivilegeEscalation || len(c.AllowedCapabilities)+len(c.Users)+len(c.Groups) > 0 {
		t.Errorf("it allows more than the scanner needs: %+v", c)
	}
	pod := template.Spec
	if pod.HostPID != c.AllowHostPID || *pod.SecurityContext.RunAsUser != c.RunAsUser.UID ||
		len(c.FSGroup.Ranges) != 1 || *pod.SecurityContext.FSGroup != c.FSGroup.Ranges[0].Min || c.FSGroup.Ranges[0].Min != c.FSGroup.Ranges[0].Max {
		t.Errorf("%+v does not let the pod in: %+v", c, pod.SecurityContext)
	}
	for _, v := range pod.Volumes {
		if v.Secret == nil || !slices.Contains(c.Volumes, "secret") {
			t.Errorf("volume %s is not allowed", v.Name)
		}
	}
	for _, container := range pod.Containers {
		s := container.SecurityContext
		if !*s.ReadOnlyRootFilesystem || !c.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || len(s.Capabilities.Drop) != 1 ||
			!slices.Equal(c.RequiredDropCapabilities, []string{string(s.Capabilities.Drop[0])}) {
			t.Errorf("%+v does not let container %s in: %+v", c, container.Name, s)
		}
	}
	out, err := kubectl(t, "", "auth", "can-i", "use", "securitycontextconstraints/"+name, "-n", "initguard-node", "--as=system:serviceaccount:initguard-node:initguard-scanner")
	if err != nil {
		t.Errorf("the scanner may not use it: %v: %s", err, out)
	}
}

// read gets an object, or a part of one, as JSON.
func read(t *testing.T, into any, args ...string) {
	t.Helper()
	out, err := kubectl(t, "", append([]string{"get"}, args...)...)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
}
