package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/scanner/config"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify"
)

// oneMap is an API server with one ConfigMap, or with nothing but an error: the
// first one is answered once, the other one then.
type oneMap struct {
	client.Reader
	data        map[string]string
	first, then error
	asked       bool
}

func (o *oneMap) Get(_ context.Context, _ client.ObjectKey, to client.Object, _ ...client.GetOption) error {
	err := o.first
	if o.asked {
		err = o.then
	}
	if o.asked = true; err != nil {
		return err
	}
	m := to.(*corev1.ConfigMap)
	m.ResourceVersion, m.Data = "1", o.data
	return nil
}

// TestContactsAreReadFirst: whoever begins to lead tells nobody before it knows
// whom, and does not wait for that for ever.
func TestContactsAreReadFirst(t *testing.T) {
	missing := apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, contactsName)
	for name, tc := range map[string]struct {
		first, then error
		after       time.Duration
		contacts    int
	}{
		"there":               {nil, nil, time.Second, 1},
		"there is none":       {missing, missing, time.Second, 0},
		"read at the second":  {errors.New("no answer"), nil, contactsAgain + time.Second, 1},
		"may never be read":   {errors.New("forbidden"), errors.New("forbidden"), contactsPatience + time.Minute, 0},
		"gone while it leads": {nil, missing, 2 * contactsEvery, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				api := &oneMap{data: map[string]string{"shop": "technical-lead: ann@example.com"}, first: tc.first, then: tc.then}
				c := &contacts{reader: api, name: types.NamespacedName{Namespace: "x", Name: contactsName}, log: slog.New(slog.DiscardHandler)}
				known := c.before(func(string) (notice.Namespace, bool) { return notice.Namespace{}, true })
				if _, ok := known("shop"); ok {
					t.Error("a namespace is known before its contacts were asked for")
				}
				go func() { _ = c.Run(ctx) }()
				synctest.Wait()
				if _, ok := known("shop"); ok != (tc.first == nil || apierrors.IsNotFound(tc.first)) {
					t.Errorf("after the first answer it is known: %v", ok)
				}
				<-time.After(tc.after)
				if _, ok := known("shop"); !ok || len(c.Directory()) != tc.contacts {
					t.Errorf("known: %v, %d contacts", ok, len(c.Directory()))
				}
				stop()
			})
		})
	}
	if contactsPatience >= 10*time.Minute {
		t.Error("news would have gone to the platform meanwhile")
	}
}

// TestOthersMayBeTold: mails that wait are for those who might be told before.
func TestOthersMayBeTold(t *testing.T) {
	for name, change := range map[string]func(c *config.Config){
		"domains":  func(c *config.Config) { c.Notices.Domains = []string{"example.org"} },
		"platform": func(c *config.Config) { c.Notices.Platform = "other@example.com" },
		"server":   func(c *config.Config) { c.Mail.Host = "smtp.example.com" },
		"events":   func(c *config.Config) { c.Events.Enabled = false },
	} {
		c := config.Default()
		if !sameChannels(config.Default(), c) {
			t.Fatal("the same is not the same")
		}
		if change(c); sameChannels(config.Default(), c) {
			t.Errorf("%s: the channels stay", name)
		}
	}
}

// TestChannelsEndBeforeOthersBegin: a queue is worked by one, however fast
// configurations follow one another.
func TestChannelsEndBeforeOthersBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counts, err := notify.NewMetrics(prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		var working, begun atomic.Int32
		run := func(ctx context.Context) error {
			begun.Add(1)
			if working.Add(1) > 1 {
				t.Error("two work at once")
			}
			<-ctx.Done()
			<-time.After(time.Second) // what is on its way
			working.Add(-1)
			return nil
		}
		tell := &teller{made: &telling{runs: []func(context.Context) error{run}}, changed: make(chan struct{}, 1), told: counts, log: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			_ = tell.Run(ctx)
			close(done)
		}()
		for range 3 {
			tell.changed <- struct{}{}
			synctest.Wait()
		}
		<-time.After(10 * time.Second)
		stop()
		<-done
		if begun.Load() != 3 || working.Load() != 0 {
			t.Errorf("%d began, %d still work", begun.Load(), working.Load())
		}
	})
}
