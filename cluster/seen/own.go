package seen

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/cluster/kubeapi"
)

// Own knows which image initguard itself runs: the one that its own Pod names,
// whoever wrote it there. It is safe for concurrent use.
type Own struct {
	client               rest.Interface
	namespace, pod, name string
	fault                func(image string) string
	found                func()
	log                  logr.Logger
	image                atomic.Pointer[string]
}

const (
	// askOwn is how long to wait before the Pod is read again, and askMost
	// bounds one reading.
	askOwn  = 10 * time.Second
	askMost = 5 * time.Second
)

// OwnOptions say which Pod is initguard's own.
type OwnOptions struct {
	// Namespace and Pod name the Pod, Container the container in it.
	Namespace, Pod, Container string
	// Fault says in words that follow its name why an image can't be used; empty
	// where it can.
	Fault func(image string) string
	// Found is called once an image that can be used is known.
	Found func()
	Log   logr.Logger
}

// NewOwn makes what reads the Pod; Run has to be called.
func NewOwn(cluster *rest.Config, o OwnOptions) (*Own, error) {
	client, err := kubeapi.New(cluster, corev1.SchemeGroupVersion, corev1.AddToScheme)
	if err != nil {
		return nil, err
	}
	return &Own{client: client, namespace: o.Namespace, pod: o.Pod, name: o.Container, fault: o.Fault, found: o.Found, log: o.Log}, nil
}

// Image is initguard's own image; empty while it is not known, and for good
// where it can't be used.
func (o *Own) Image() string {
	if image := o.image.Load(); image != nil {
		return *image
	}
	return ""
}

// Run reads the Pod until that succeeds or ctx ends.
func (o *Own) Run(ctx context.Context) error {
	again := time.NewTicker(askOwn)
	defer again.Stop()
	said := ""
	for {
		image, err := o.read(ctx)
		if err == nil {
			o.take(image)
			return nil
		}
		if ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			o.log.Error(err, "initguard's own image is not known yet: wrap is refused where injection.wrap.image is not set")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

func (o *Own) take(image string) {
	if fault := o.fault(image); fault != "" {
		o.log.Info("initguard's own image can't be injected, so wrap is refused where injection.wrap.image is not set: the Deployment's image "+fault, "image", image)
		return
	}
	o.image.Store(&image)
	o.log.Info("initguard's own image is known: tini is taken from it where injection.wrap.image is not set", "image", image)
	o.found()
}

func (o *Own) read(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askMost)
	defer cancel()
	pod := &corev1.Pod{}
	if err := o.client.Get().Namespace(o.namespace).Resource("pods").Name(o.pod).Do(ctx).Into(pod); err != nil {
		return "", fmt.Errorf("read Pod %s/%s: %w", o.namespace, o.pod, err)
	}
	for _, c := range pod.Spec.Containers { // others may have put containers beside it
		if c.Name == o.name {
			return c.Image, nil
		}
	}
	return "", fmt.Errorf("the Pod %s/%s has no container %s", o.namespace, o.pod, o.name)
}
