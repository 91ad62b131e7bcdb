package app

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"

	"github.com/initguard/initguard/cluster/events"
)

// place tells of an installation whose parts are in several namespaces, in the
// log and as an Event on the own Pod. It needs no manager: one that lacks rights
// waits for ever before it starts what was added to it.
type place struct {
	namespace, pod string // the own Pod; empty where it is not known
	wanted         string // the namespace that everything is made for
	recorder       *events.Recorder
	log            logr.Logger
	unread         sync.Once
}

func newPlace(cluster *rest.Config, o *WebhookOptions, log logr.Logger) (*place, error) {
	p := &place{wanted: o.Namespace, log: log}
	p.namespace, p.pod = o.ownPod()
	var err error
	p.recorder, err = events.New(cluster, p.pod)
	return p, err
}

// fault says in one sentence that this runs where it can't work.
func (p *place) fault() error {
	if p.pod == "" || p.namespace == p.wanted {
		return nil
	}
	return fmt.Errorf("this Pod runs in namespace %s, but initguard's Service, Secret and rights are made for %s: install it there, with the manifests as they are", p.namespace, p.wanted)
}

// check tells of the wrong namespace, and gives what keeps it from being ready.
func (p *place) check(ctx context.Context) healthz.Checker {
	fault := p.fault()
	if fault != nil {
		p.tell(ctx, "WrongNamespace", fault)
	}
	return func(*http.Request) error { return fault }
}

// watchFailed tells, once, that a right is lacking without which it never starts.
func (p *place) watchFailed(ctx context.Context, r *toolscache.Reflector, err error) {
	if apierrors.IsForbidden(err) {
		p.unread.Do(func() {
			p.tell(ctx, "RightsMissing", fmt.Errorf("not ready: initguard lacks a right: are its ServiceAccount and its rights of one namespace, as the manifests have them?: %w", err))
		})
	}
	toolscache.DefaultWatchErrorHandler(ctx, r, err)
}

func (p *place) tell(ctx context.Context, reason string, problem error) {
	p.log.Error(problem, "this installation can't work", "reason", reason)
	if p.pod == "" {
		return
	}
	if err := p.recorder.TellSelf(ctx, p.namespace, p.pod, reason, problem.Error()); err != nil {
		p.log.Info("there is no Event of it", "error", err.Error())
	}
}
