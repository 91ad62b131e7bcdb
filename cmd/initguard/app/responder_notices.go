package app

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/scanner/config"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify"
	"github.com/initguard/initguard/scanner/responder"
)

// The channels' names, in metrics.
const (
	mailChannel  = "mail"
	eventChannel = "events"
)

// teller has people told: the desk that decides on it, and its channels. Those
// are made anew when their sections of the configuration change; a digest that is
// on its way then may come twice, under the same ID.
type teller struct {
	current    func() *config.Config
	namespaces func(name string) (notice.Namespace, bool)
	contacts   func() notice.Directory
	pods       notify.Pods
	owners     notify.Owners
	events     notify.EventWriter
	instance   string
	programs   *initdb.DB
	told       *notify.Metrics
	decided    *notice.Metrics
	log        *slog.Logger

	mu      sync.Mutex
	made    *telling
	changed chan struct{} // has one entry when made did change
}

// telling is what was made of one configuration.
type telling struct {
	of    *config.Config
	rules *notice.Rules
	desk  *notice.Desk
	runs  []func(context.Context) error
}

// newTeller makes one out of what the responder has.
func newTeller(
	live client.Client, current func() *config.Config, namespaces func(string) (notice.Namespace, bool), contacts func() notice.Directory,
	owners *responder.Owners, instance string, r prometheus.Registerer, log *slog.Logger,
) (*teller, error) {
	t := &teller{
		current: current, namespaces: namespaces, contacts: contacts, pods: notify.APIPods{Reader: live}, owners: owners,
		events: notify.APIEvents{Writer: live}, instance: instance, log: log, changed: make(chan struct{}, 1),
	}
	var err error
	if t.programs, err = initdb.New(); err != nil {
		return nil, err
	}
	if t.told, err = notify.NewMetrics(r); err != nil {
		return nil, err
	}
	if t.decided, err = notice.NewMetrics(r, mailChannel, eventChannel); err != nil {
		return nil, err
	}
	return t, nil
}

// Turn decides what is kept in reports, and hands digests to the channels.
func (t *teller) Turn(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
	made := t.telling()
	if made == nil {
		return nil
	}
	keep := made.desk.Turn(now, stored)
	for _, p := range made.desk.Problems() {
		t.log.Warn("people can't be told as they should be", "namespace", p.Namespace, "kind", p.Kind, "problem", p.Text)
	}
	return keep
}

// telling is what the configuration in force wants; nil where nothing can tell.
func (t *teller) telling() *telling {
	c := t.current()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made != nil && t.made.of == c {
		return t.made
	}
	rules, faults := notice.New(c.Notices)
	if len(faults) > 0 { // The file was checked: there are none.
		t.log.Error("notices can't be used: the former ones stay in force", "field", faults[0].Path, "problem", faults[0].Text)
		return t.made
	}
	if former := t.made; former != nil && sameChannels(former.of, c) {
		t.made = &telling{of: c, rules: rules, desk: former.desk, runs: former.runs}
		return t.made
	}
	next := &telling{of: c, rules: rules}
	channels, err := t.channels(c, next)
	if err != nil { // as above
		t.log.Error("mail and events can't be used: the former ones stay in force", "error", err)
		return t.made
	}
	next.desk = notice.NewDesk(notice.Options{
		Rules: t.rules, Namespaces: t.namespaces, Directory: t.contacts, Channels: channels, Metrics: t.decided,
	})
	t.made = next
	if c.Mail.Host != "" && c.Notices.Platform == "" && len(c.Notices.Domains) == 0 {
		t.log.Warn("there is a mail server, and nobody whom a mail may go to: set notices.platform, and the mail domains of contacts in notices.domains")
	}
	select {
	case t.changed <- struct{}{}:
	default:
	}
	return next
}

// rules are asked by a desk in its turn, which comes after telling.
func (t *teller) rules() *notice.Rules {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.made.rules
}

// sameChannels says whether two configurations have people told in the same way.
// Where others may be told, mails that wait are not for the right ones any more.
func sameChannels(a, b *config.Config) bool {
	return reflect.DeepEqual(a.Mail, b.Mail) && a.Events == b.Events && a.Notices.OptOut == b.Notices.OptOut &&
		a.Notices.Platform == b.Notices.Platform && slices.Equal(a.Notices.Domains, b.Notices.Domains)
}

// channels are mail, where there is a server, and Events.
func (t *teller) channels(c *config.Config, next *telling) ([]notice.Named, error) {
	var channels []notice.Named
	if c.Mail.Host != "" {
		mail, err := notify.NewMail(notify.MailOptions{
			Settings: c.Mail, Pods: t.pods, Situation: seenSituation(t.programs), OptOut: c.Notices.OptOut, Metrics: t.told, Log: t.log, Now: time.Now,
		})
		if err != nil {
			return nil, err
		}
		channels = append(channels, notice.Named{Name: mailChannel, Channel: mail})
		next.runs = append(next.runs, mail.Run)
	}
	if c.Events.Enabled {
		events, err := notify.NewEvents(notify.EventOptions{
			Settings: c.Events, Writer: t.events, Pods: t.pods, Owners: t.owners, Instance: t.instance, Metrics: t.told, Log: t.log, Now: time.Now,
		})
		if err != nil {
			return nil, err
		}
		channels = append(channels, notice.Named{Name: eventChannel, Channel: events, Contactless: true})
		next.runs = append(next.runs, events.Run)
	}
	return channels, nil
}

// Run has the channels work until ctx ends; in the leader alone.
func (t *teller) Run(ctx context.Context) error {
	for more := t.await(ctx); more; {
		more = t.work(ctx)
	}
	return nil
}

// await waits until the channels are others; false when ctx ended.
func (t *teller) await(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-t.changed:
		return true
	}
}

// work has the channels that there are now work until there are others. It returns
// when they have ended, so that none is worked by two, and what waited in them is
// counted no more: it comes again.
func (t *teller) work(ctx context.Context) bool {
	inner, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer t.told.Empty()
	defer running.Wait()
	defer stop()
	t.mu.Lock()
	runs := t.made.runs
	t.mu.Unlock()
	for _, run := range runs {
		running.Go(func() {
			if err := run(inner); err != nil && inner.Err() == nil {
				t.log.Error("a way of telling people ended", "error", err)
			}
		})
	}
	return t.await(ctx)
}
