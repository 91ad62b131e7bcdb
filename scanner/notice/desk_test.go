package notice_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/responder"
)

const web, api = "deployment-web", "deployment-api"

// TestWhoIsTold: contacts, the platform where there are none, and a problem where
// there is nobody at all.
func TestWhoIsTold(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.spaces["shop-prod"] = notice.Namespace{Annotations: map[string]string{
		"contact.initguard.dev/technical-lead": "lead@example.com, lead@example.net, Ann <ann@example.com>",
		"contact.initguard.dev/product-owner":  "owner@example.com",
	}}
	o.spaces["bank"] = notice.Namespace{}
	o.has("n1", "shop-prod", map[string]int32{"web": 2000, "api": 100})
	o.has("n2", "bank", map[string]int32{"web": 100})
	o.pass(t.Context(), time.Minute)
	if len(w.inbox) != 2 {
		t.Fatalf("%+v", w.inbox)
	}
	for _, d := range w.inbox {
		var to []string
		for _, c := range d.to {
			to = append(to, c.Role+" "+c.Address)
		}
		want := map[string]string{"shop-prod": "technical-lead lead@example.com, product-owner owner@example.com", "bank": "platform platform@example.com"}[d.namespace]
		if got := strings.Join(to, ", "); got != want {
			t.Errorf("%s: %s", d.namespace, got)
		}
	}
	kinds := make(map[string]int)
	for _, p := range o.desk.Problems() {
		kinds[p.Kind]++
	}
	if kinds[notice.ProblemAddress] != 1 || kinds[notice.ProblemDomain] != 1 || len(o.desk.Problems()) != 0 {
		t.Errorf("%v", kinds)
	}
}

// TestNobody: without anybody to mail to, Events are written all the same.
func TestNobody(t *testing.T) {
	w, settings := newWorld(), quick()
	settings.Platform = ""
	o := newOffice(t, w, epoch(), settings)
	o.has("n1", "shop", map[string]int32{"web": 100})
	o.pass(t.Context(), time.Minute)
	if n := o.notice(t, "shop", web); len(w.inbox) != 0 || len(w.events) != 1 || n.Last == nil || n.Pending != nil {
		t.Errorf("%d mails, %d Events, %+v", len(w.inbox), len(w.events), n)
	}
	if p := o.desk.Problems(); len(p) != 1 || p[0].Kind != notice.ProblemNobody {
		t.Errorf("nobody gets a mail, and nobody is told why: %+v", p)
	}
}

// TestOptOut: a namespace that wants critical news alone has that.
func TestOptOut(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.spaces["shop"] = notice.Namespace{Annotations: map[string]string{notice.AnnotationNotify: "critical"}}
	o.has("n1", "shop", map[string]int32{"web": 2000, "api": 100})
	o.pass(t.Context(), time.Minute)
	if len(w.inbox) != 1 || len(w.inbox[0].items) != 1 || w.inbox[0].items[web] != "Firing Critical" {
		t.Errorf("%+v", w.inbox)
	}
}

// TestMailIsDown: Events don't wait for the mail server, news after an hour
// doesn't either, and all of it is mailed when the server is back.
func TestMailIsDown(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.mail.down = true
	o.has("n1", "shop", map[string]int32{"web": 100})
	o.pass(t.Context(), time.Minute)
	o.has("n1", "shop", map[string]int32{"web": 100, "api": 200})
	o.pass(t.Context(), 58*time.Minute)
	if len(w.events) != 1 {
		t.Fatalf("%d Events within an hour", len(w.events))
	}
	o.pass(t.Context(), 3*time.Minute)
	if len(w.events) != 2 || o.notice(t, "shop", web).Last != nil {
		t.Fatalf("%d Events after an hour, %+v", len(w.events), o.notice(t, "shop", web))
	}
	o.mail.down = false
	o.pass(t.Context(), time.Minute)
	if len(w.inbox) != 2 || len(w.inbox[0].items)+len(w.inbox[1].items) != 2 || len(w.events) != 2 {
		t.Fatalf("%+v", w.inbox)
	}
	for _, name := range []string{web, api} {
		if n := o.notice(t, "shop", name); n.Last == nil || n.Pending != nil {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// TestEventsAreDown: mail doesn't wait for them.
func TestEventsAreDown(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.events.full = true
	o.has("n1", "shop", map[string]int32{"web": 100})
	o.pass(t.Context(), 3*time.Minute)
	if n := o.notice(t, "shop", web); len(w.inbox) != 1 || n.Last == nil || n.Pending != nil {
		t.Errorf("%d mails, %+v", len(w.inbox), n)
	}
}

// TestRefused: what no server takes is told anew, in another digest, to the
// platform, too; and a failed repeat does not undo what was told.
func TestRefused(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.spaces["shop"] = notice.Namespace{Annotations: map[string]string{"contact.initguard.dev/technical-lead": "gone@example.com"}}
	o.mail.failed = "550 no such user\r\n"
	o.has("n1", "shop", map[string]int32{"web": 100})
	o.pass(t.Context(), 2*time.Minute)
	n := o.notice(t, "shop", web)
	if n.Failed == nil || n.Last != nil || n.Pending != nil {
		t.Fatalf("%+v", n)
	}
	if p := o.desk.Problems(); len(p) != 1 || p[0].Kind != notice.ProblemFailed || !strings.Contains(p[0].Text, `"550 no such user\r\n"`) {
		t.Errorf("%+v", p)
	}
	o.mail.failed = ""
	failed := n.Failed.ID
	o.pass(t.Context(), 5*time.Hour)
	if len(w.inbox) != 0 {
		t.Fatalf("told anew at %s", w.inbox[0].at)
	}
	o.pass(t.Context(), 65*time.Minute)
	n = o.notice(t, "shop", web)
	if len(w.inbox) != 1 || w.inbox[0].id == failed || len(w.inbox[0].to) != 2 || w.inbox[0].to[1].Role != notice.PlatformRole || w.inbox[0].again[web] || n.Failed != nil || n.Last == nil {
		t.Errorf("%+v, %+v", w.inbox, n)
	}
}

// TestUnknownNamespace: news waits until its contacts are known, and not for
// ever.
func TestUnknownNamespace(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.spaces["another"] = notice.Namespace{}
	o.has("n1", "shop", map[string]int32{"web": 100})
	o.pass(t.Context(), 9*time.Minute)
	if len(w.inbox) != 0 || o.notice(t, "shop", web).Pending != nil {
		t.Fatal("told without knowing whom")
	}
	o.pass(t.Context(), 2*time.Minute)
	if len(w.inbox) != 1 || w.inbox[0].to[0].Role != notice.PlatformRole {
		t.Errorf("%+v", w.inbox)
	}
}

// TestReportIsDeleted by hand, when people were told and when they were not.
func TestReportIsDeleted(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.mail.down = true
	o.has("n1", "shop", map[string]int32{"web": 100, "api": 100})
	o.pass(t.Context(), time.Minute)
	delete(w.reports, responder.Key{Namespace: "shop", Name: api})
	o.has("n1", "shop", map[string]int32{"web": 100})
	if err := o.Reload(t.Context(), o.now); err != nil {
		t.Fatal(err)
	}
	o.mail.down = false
	o.pass(t.Context(), time.Minute)
	if n := o.notice(t, "shop", web); n.Last == nil || n.Pending != nil || len(w.inbox) != 1 {
		t.Errorf("%+v, %d mails", n, len(w.inbox))
	}
	delete(w.reports, responder.Key{Namespace: "shop", Name: web})
	o.has("n1", "shop", nil)
	if err := o.Reload(t.Context(), o.now); err != nil {
		t.Fatal(err)
	}
	o.pass(t.Context(), time.Minute)
	if len(w.inbox) != 1 || len(w.reports) != 0 {
		t.Errorf("%d mails, %d reports", len(w.inbox), len(w.reports))
	}
}

// TestReportCannotBeStored: the others of the digest are told after a while.
func TestReportCannotBeStored(t *testing.T) {
	settings := quick()
	settings.Pause = 2 * time.Hour
	rules, faults := notice.New(settings)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	w, now := newWorld(), epoch()
	mail := newChannel(w, &w.inbox)
	desk := notice.NewDesk(notice.Options{
		Rules: func() *notice.Rules { return rules }, Namespaces: func(string) (notice.Namespace, bool) { return notice.Namespace{}, true },
		Channels: []notice.Named{{Name: "mail", Channel: mail}},
	})
	stored := []*v1alpha1.ZombieReport{report("shop", "a", 100, now), report("shop", "b", 100, now)}
	for range 40 {
		for k, n := range desk.Turn(now, stored) {
			if k.Name == "a" {
				stored[0] = stored[0].DeepCopy()
				stored[0].Status.Notice = n
			}
		}
		mail.deliver(now)
		now = now.Add(time.Minute)
	}
	if len(w.inbox) != 1 || len(w.inbox[0].items) != 1 || stored[0].Status.Notice.Last == nil {
		t.Fatalf("%+v", w.inbox)
	}
	// A write of long ago turns out to have been done after all: b was not in that
	// digest.
	stored[1] = stored[1].DeepCopy()
	stored[1].Status.Notice = stored[0].Status.Notice.DeepCopy()
	stored[1].Status.Notice.Pending, stored[1].Status.Notice.Last = stored[0].Status.Notice.Last, nil
	for range 130 {
		for k, n := range desk.Turn(now, stored) {
			i := strings.Index("ab", k.Name)
			stored[i] = stored[i].DeepCopy()
			stored[i].Status.Notice = n
		}
		mail.deliver(now)
		now = now.Add(time.Minute)
	}
	if len(w.inbox) != 2 || w.inbox[1].id == w.inbox[0].id || w.inbox[1].items["b"] == "" {
		t.Errorf("%+v", w.inbox)
	}
}

// report is one that is stored.
func report(namespace, name string, zombies int32, at time.Time) *v1alpha1.ZombieReport {
	since := metav1.NewTime(at.Truncate(time.Second))
	return &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(namespace + name)},
		Status: v1alpha1.ZombieReportStatus{
			Summary: v1alpha1.Summary{Zombies: zombies, Pods: 1}, History: []v1alpha1.Episode{{From: since}},
			Pods: []v1alpha1.Pod{{Name: name + "-1", Zombies: zombies, OldestSince: since}},
		},
	}
}

// TestWrongClock: times that were stored by a clock which was ahead don't keep
// people from being told.
func TestWrongClock(t *testing.T) {
	w := newWorld()
	ahead := newOffice(t, w, epoch().Add(1000*time.Hour), quick())
	ahead.has("n1", "shop-prod", map[string]int32{"web": 100})
	ahead.pass(t.Context(), time.Minute)
	if len(w.inbox) != 1 {
		t.Fatal("not told")
	}
	o := newOffice(t, w, epoch(), quick())
	o.has("n1", "shop-prod", map[string]int32{"web": 100})
	o.pass(t.Context(), time.Minute)
	writes := w.writes
	o.now = o.now.Add(23 * time.Hour)
	o.pass(t.Context(), 30*time.Minute)
	if len(w.inbox) != 1 {
		t.Errorf("told again %s later", w.inbox[1].at.Sub(epoch()))
	}
	o.pass(t.Context(), time.Hour)
	if len(w.inbox) != 2 || w.writes > writes+10 {
		t.Errorf("%d mails, %d writes", len(w.inbox), w.writes-writes)
	}
}

// TestAlerts: an alert of the platform is told without delay, and is one incident
// with the report's own news.
func TestAlerts(t *testing.T) {
	w, settings := newWorld(), quick()
	settings.Hold, settings.Gather = time.Hour, 10*time.Minute
	o := newOffice(t, w, epoch(), settings)
	o.has("n1", "shop-prod", map[string]int32{"web": 60})
	o.pass(t.Context(), time.Minute)
	alert := v1alpha1.Alert{Fingerprint: "1", Name: "PodHasZombies", Pod: "web-1", StartsAt: metav1.NewTime(epoch().Add(-time.Hour))}
	key := types.NamespacedName{Namespace: "shop-prod", Name: web}
	o.shelf.Offer(key, alert)
	o.pass(t.Context(), time.Minute)
	if n := o.notice(t, "shop-prod", web); n.Alert == nil || len(w.inbox) != 1 || w.inbox[0].items[web] != "Firing Warning" {
		t.Fatalf("%+v, %+v", n.Alert, w.inbox)
	}
	o.pass(t.Context(), 2*time.Hour) // its own thresholds are held by now
	if len(w.inbox) != 1 {
		t.Errorf("%d mails of one incident", len(w.inbox))
	}
	alert.EndsAt = new(metav1.NewTime(o.now))
	o.shelf.Offer(key, alert)
	o.pass(t.Context(), 10*time.Minute)
	if n := o.notice(t, "shop-prod", web); n.Alert.EndsAt == nil || n.Severity != "Warning" || len(w.inbox) != 1 {
		t.Errorf("%+v", n)
	}
}

// TestAlertAlone: where few zombies are there, the alert is the incident, and its
// end is no news before they are gone.
func TestAlertAlone(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.has("n1", "shop", map[string]int32{"web": 3})
	o.pass(t.Context(), time.Minute)
	alert := v1alpha1.Alert{Fingerprint: "1", Name: "PodHasZombies", Pod: "web-1", StartsAt: metav1.NewTime(epoch())}
	key := types.NamespacedName{Namespace: "shop", Name: web}
	o.shelf.Offer(key, alert)
	o.pass(t.Context(), time.Minute)
	alert.EndsAt = new(metav1.NewTime(o.now))
	o.shelf.Offer(key, alert)
	o.pass(t.Context(), 10*time.Minute)
	if n := o.notice(t, "shop", web); len(w.inbox) != 1 || n.Severity != "" {
		t.Errorf("%d mails, %+v", len(w.inbox), n)
	}
	o.has("n1", "shop", nil)
	o.pass(t.Context(), time.Minute)
	if len(w.inbox) != 2 || w.inbox[1].items[web] != "Resolved Warning" {
		t.Errorf("%+v", w.inbox)
	}
}

// TestBusinessHours: what is not critical waits for Monday outside of prod.
func TestBusinessHours(t *testing.T) {
	for _, always := range []bool{false, true} {
		w, settings := newWorld(), quick()
		settings.Environments[1].Hours.CriticalAlways = always
		o := newOffice(t, w, epoch().Add(8*time.Hour), settings) // Friday evening
		o.has("n1", "dev", map[string]int32{"web": 100})
		o.has("n2", "test", map[string]int32{"web": 2000})
		o.has("n3", "shop-prod", map[string]int32{"web": 100})
		o.pass(t.Context(), 5*time.Minute)
		var told []string
		for _, d := range w.inbox {
			told = append(told, d.namespace)
		}
		want := "shop-prod"
		if always {
			want = "shop-prod test"
		}
		if got := strings.Join(told, " "); got != want {
			t.Errorf("always %v: told on Friday evening: %s", always, got)
		}
		o.now = time.Date(2026, 1, 5, 7, 58, 0, 0, time.UTC)
		o.pass(t.Context(), time.Minute)
		before := len(w.inbox)
		o.pass(t.Context(), 4*time.Minute)
		if len(w.inbox) <= before || w.inbox[len(w.inbox)-1].at.Hour() != 8 {
			t.Errorf("always %v: %d mails before eight, %d after", always, before, len(w.inbox))
		}
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.has("n1", "shop", map[string]int32{"web": 100})
	var all sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					o.desk.Problems()
				}
			}
		})
	}
	o.pass(t.Context(), time.Minute)
	close(stop)
	all.Wait()
}
