package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// Files is the source whose files somebody else keeps fresh, such as
// cert-manager or OpenShift's service CA: they are read again when they change.
// They may come later than the source itself.
type Files struct {
	dir     string
	now     func() time.Time
	watcher atomic.Pointer[certwatcher.CertWatcher]
}

// NewFiles reads the pair in a directory, if it is there.
func NewFiles(dir string) *Files {
	f := &Files{dir: dir, now: time.Now}
	_ = f.open() // Problem tells it, and Run tries again
	return f
}

func (f *Files) open() error {
	watcher, err := certwatcher.New(filepath.Join(f.dir, CertFile), filepath.Join(f.dir, KeyFile))
	if err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	f.watcher.Store(watcher)
	return nil
}

// Certificate is what is served now; nil before the files are there.
func (f *Files) Certificate() *tls.Certificate {
	watcher := f.watcher.Load()
	if watcher == nil {
		return nil
	}
	pair, err := watcher.GetCertificate(nil)
	if err != nil {
		return nil
	}
	return pair
}

// Problem says in one sentence what is wrong with the files as they are now.
func (f *Files) Problem() error { return Check(f.dir, f.now()) }

// lookForFiles is how often files are looked for that are not there yet.
const lookForFiles = time.Second

// Run reads the files once they are there, and again when they change, until ctx
// ends.
func (f *Files) Run(ctx context.Context) error {
	tick := time.NewTicker(lookForFiles)
	defer tick.Stop()
	for f.watcher.Load() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = f.open() // Problem tells it
		}
	}
	if err := f.watcher.Load().Start(ctx); err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	return nil
}
