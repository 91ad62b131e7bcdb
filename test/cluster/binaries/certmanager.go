package binaries

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
)

// CertManager is the name of the program that runs cert-manager's controllers and
// its cainjector. Only the test of the overlay for cert-manager needs it.
const CertManager = "certmanager"

const (
	certManagerPin    = "certmanager"
	certManagerModule = "github.com/cert-manager/cert-manager"
)

// FindCertManager returns that program, which is built, never taken from
// ready-made ones, and the folder with the manifests of cert-manager's kinds in
// the same version. That folder may be fetched first.
func FindCertManager(ctx context.Context, opts Options) (program, crds string, err error) {
	p, err := find(programs(), CertManager)
	if err != nil {
		return "", "", err
	}
	if program, err = build(ctx, p, opts); err != nil {
		return "", "", err
	}
	pins, err := pinsFolder(ctx)
	if err != nil {
		return "", "", err
	}
	out, err := runGo(ctx, filepath.Join(pins, certManagerPin), "mod", "download", "-json", certManagerModule)
	if err != nil {
		return "", "", fmt.Errorf("fetch %s: %w", certManagerModule, err)
	}
	var fetched struct{ Dir string }
	if err := json.Unmarshal(out, &fetched); err != nil {
		return "", "", fmt.Errorf("go mod download -json: %w", err)
	}
	return program, filepath.Join(fetched.Dir, "deploy", "crds"), nil
}
