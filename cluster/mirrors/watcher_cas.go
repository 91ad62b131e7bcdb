package mirrors

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/imageinspect/mirror"
)

// readCAs reads the ConfigMap of CAs that the image configuration names. It is
// read by name, so that the right to read that one object is enough. What can't
// be read keeps what was there before.
func (w *Watcher) readCAs(ctx context.Context, image *imageConfig) {
	const what = "CAs"
	if image == nil || image.caConfigMap == "" {
		w.cas = nil
		w.clear(what)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	resource := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	object, err := w.objects.Resource(resource).Namespace(caNamespace).Get(ctx, image.caConfigMap, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		w.cas = nil
		w.note(what, fmt.Errorf("the image configuration names the ConfigMap %s/%s for CAs, which is not there", caNamespace, image.caConfigMap))
	case err != nil:
		w.note(what, fmt.Errorf("CAs that the image configuration names can't be read: %w; add the component openshift-registries", err))
	default:
		w.clear(what)
		w.cas, _, _ = unstructured.NestedStringMap(object.Object, "data")
	}
}

// note logs what is wrong with a part once, until it changes or is cleared.
func (w *Watcher) note(part string, err error) {
	key := part + ": " + err.Error()
	if !w.told[key] {
		w.clear(part)
		w.told[key] = true
		w.options.Log.Error(err, "registries of the cluster")
	}
}

// clear forgets what was wrong with a part.
func (w *Watcher) clear(part string) {
	for key := range w.told {
		if strings.HasPrefix(key, part+": ") {
			delete(w.told, key)
		}
	}
}

// tell logs notes that weren't there before.
func (w *Watcher) tell(notes []string) {
	const part = "object"
	now := map[string]bool{}
	for _, n := range notes {
		key := part + ": " + n
		now[key] = true
		if !w.told[key] {
			w.told[key] = true
			w.options.Log.Info("an entry about registries is not followed", "why", n)
		}
	}
	for key := range w.told {
		if strings.HasPrefix(key, part+": ") && !now[key] {
			delete(w.told, key)
		}
	}
}

// stopAll ends all informers and waits for them.
func (w *Watcher) stopAll() {
	for k, i := range w.informers {
		i.stop()
		<-i.done
		delete(w.informers, k)
	}
}

// compareSets gives sets an order that does not depend on the objects' in
// memory.
func compareSets(a, b mirror.Set) int {
	return cmp.Or(
		strings.Compare(a.Source, b.Source), strings.Compare(string(a.Pull), string(b.Pull)),
		strings.Compare(strings.Join(a.Mirrors, " "), strings.Join(b.Mirrors, " ")),
	)
}

// doneIn is closed when ctx is done or after d.
func doneIn(ctx context.Context, d time.Duration) <-chan struct{} {
	ctx, cancel := context.WithTimeout(ctx, d)
	context.AfterFunc(ctx, cancel)
	return ctx.Done()
}
