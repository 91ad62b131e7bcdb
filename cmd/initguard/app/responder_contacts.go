package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/scanner/notice"
)

const (
	// contactsName is the ConfigMap of contacts, which need not be there;
	// contactsEvery is how often it is read.
	contactsName  = "initguard-contacts"
	contactsEvery = time.Minute
	readMost      = 15 * time.Second
	// contactsAgain is how soon it is tried again before it was read for the first
	// time, contactsPatience how long nobody is told until then. It is below the
	// ten minutes after which news of a namespace goes to the platform.
	contactsAgain    = 5 * time.Second
	contactsPatience = 5 * time.Minute
)

// contacts are those of the platform's ConfigMap, beside those in annotations.
type contacts struct {
	reader client.Reader
	name   types.NamespacedName
	counts *notice.Metrics
	log    *slog.Logger

	known atomic.Pointer[notice.Directory]
	// ready says that it is known what it has, or that it was waited for long
	// enough.
	ready atomic.Bool
	// version and failure are what was last read, and said.
	version, failure string
}

// Directory is as it was last read.
func (c *contacts) Directory() notice.Directory {
	if d := c.known.Load(); d != nil {
		return *d
	}
	return nil
}

// Run reads it again and again until ctx ends; in the leader alone.
func (c *contacts) Run(ctx context.Context) error {
	began := time.Now()
	for {
		c.read(ctx)
		every := contactsEvery
		if !c.ready.Load() {
			every = contactsAgain
			if time.Since(began) >= contactsPatience {
				c.log.Error("people are told without the contacts of the ConfigMap, which can't be read", "configmap", c.name.String())
				c.ready.Store(true)
			}
		}
		timer := time.NewTimer(every)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// before has namespaces be unknown, so that their news waits, until it is known
// who their contacts are: whoever has just begun to lead would tell the platform
// instead.
func (c *contacts) before(namespaces func(string) (notice.Namespace, bool)) func(string) (notice.Namespace, bool) {
	return func(name string) (notice.Namespace, bool) {
		if !c.ready.Load() {
			return notice.Namespace{}, false
		}
		return namespaces(name)
	}
}

// read takes over what the ConfigMap has now. What can't be read leaves what was
// known; a ConfigMap that is gone leaves nothing.
func (c *contacts) read(ctx context.Context) {
	most, cancel := context.WithTimeout(ctx, readMost)
	defer cancel()
	var m corev1.ConfigMap
	err := c.reader.Get(most, c.name, &m)
	switch {
	case apierrors.IsNotFound(err):
		c.known.Store(nil)
		c.version, c.failure = "", ""
		c.ready.Store(true)
		return
	case ctx.Err() != nil:
		return
	case err != nil:
		if text := err.Error(); text != c.failure {
			c.log.Warn("contacts not read: those that are known stay", "configmap", c.name.String(), "error", text)
			c.failure = text
		}
		return
	}
	c.failure = ""
	defer c.ready.Store(true)
	if m.ResourceVersion == c.version {
		return
	}
	d, problems := notice.ParseDirectory(m.Data)
	c.counts.Data(problems)
	for _, p := range problems {
		c.log.Warn("contact left out", "configmap", c.name.String(), "namespace", p.Namespace, "problem", p.Text)
	}
	c.log.Info("contacts read", "configmap", c.name.String(), "namespaces", len(d))
	c.known.Store(&d)
	c.version = m.ResourceVersion
}

// namespaceNotes gives labels and annotations of namespaces from the informer's
// memory, until ctx ends.
func namespaceNotes(ctx context.Context, cached cache.Cache) func(name string) (notice.Namespace, bool) {
	return func(name string) (notice.Namespace, bool) {
		object := namespaceObject()
		if err := cached.Get(ctx, client.ObjectKey{Name: name}, object); err != nil {
			return notice.Namespace{}, false // not there, or not read yet
		}
		return notice.Namespace{Labels: object.Labels, Annotations: object.Annotations}, true
	}
}
