//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/initguard/initguard/test/selfsigned"
)

// installMost bounds the building, pushing and installing of initguard itself.
const installMost = 5 * time.Minute

// productName is initguard's image in the open registry.
const productName = "initguard:e2e"

// pushProduct pushes initguard's own image, which buildah makes of the Dockerfile.
func (e *env) pushProduct() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), installMost)
	defer cancel()
	folder, err := os.MkdirTemp("", "initguard-e2e-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // in the temporary directory
	image, err := e.builder.Product(ctx, filepath.Join(folder, "image"))
	if err != nil {
		return "", err
	}
	if _, err := e.open.Push(ctx, productName, image); err != nil {
		return "", err
	}
	return e.open.Reference(productName), nil
}

// installScanner applies the scanner's component with that image, scanning every
// second. It stays: injection is done on nodes alone where the image ran.
func (e *env) installScanner() (responder tls.Certificate, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), installMost)
	defer cancel()
	image, err := e.product()
	if err != nil {
		return responder, err
	}
	folder, err := os.MkdirTemp("", "initguard-e2e-")
	if err != nil {
		return responder, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // in the temporary directory
	certs, overlay := filepath.Join(folder, "certs"), filepath.Join(folder, "overlay")
	for _, dir := range []string{certs, overlay} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return responder, err
		}
	}
	if responder, err = selfsigned.Write(certs, responderName); err != nil {
		return responder, err
	}
	component, err := filepath.Abs(filepath.Join(e.builder.Repo, "manifests/components/scanner"))
	if err != nil {
		return responder, err
	}
	// kustomize takes no absolute path.
	if component, err = filepath.Rel(overlay, component); err != nil {
		return responder, err
	}
	repository, tag, _ := strings.Cut(strings.TrimPrefix(image, e.open.Host()), ":")
	kustomization := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
components: [%q]
images: [{name: initguard, newName: %q, newTag: %q}]
patches:
  - target: {kind: DaemonSet}
    patch: '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--interval=1s"}]'
`, component, e.open.Host()+repository, tag)
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		return responder, err
	}
	for _, args := range [][]string{
		{"apply", "-k", overlay},
		{"create", "secret", "generic", "initguard-scanner-tls", "--from-file=" + certs},
	} {
		out, err := e.cluster.Kubectl(ctx, append([]string{"-n", nodeNamespace}, args...)...).CombinedOutput()
		if err != nil {
			return responder, fmt.Errorf("kubectl %q: %w: %s", args, err, out)
		}
	}
	return responder, nil
}
