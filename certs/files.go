package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// Files is the source whose files somebody else keeps fresh, such as
// cert-manager or OpenShift's service CA: they are read again when they change.
type Files struct{ watcher *certwatcher.CertWatcher }

// NewFiles reads the pair in a directory.
func NewFiles(dir string) (*Files, error) {
	watcher, err := certwatcher.New(filepath.Join(dir, CertFile), filepath.Join(dir, KeyFile))
	if err != nil {
		return nil, fmt.Errorf("serving certificate: %w", err)
	}
	return &Files{watcher: watcher}, nil
}

// Certificate is what is served now.
func (f *Files) Certificate() *tls.Certificate {
	pair, err := f.watcher.GetCertificate(nil)
	if err != nil {
		return nil
	}
	return pair
}

// Run reads the files again when they change, until ctx ends.
func (f *Files) Run(ctx context.Context) error {
	if err := f.watcher.Start(ctx); err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	return nil
}
