package notice_test

import (
	"testing"
	"time"

	"github.com/initguard/initguard/scanner/alerts"
	"github.com/initguard/initguard/scanner/notice"
)

// TestChannelsAreTurnedOff: a digest on its way does not hang for ever, which
// would keep its report, and an alert on late digests, and its news is told when
// there are channels again.
func TestChannelsAreTurnedOff(t *testing.T) {
	w := newWorld()
	o := newOffice(t, w, epoch(), quick())
	o.mail.down, o.events.down = true, true
	o.has("n1", "shop", map[string]int32{"web": 100, "api": 100})
	o.pass(t.Context(), time.Minute)
	before := o.notice(t, "shop", web).Pending
	if before == nil {
		t.Fatal("nothing is on its way")
	}

	off := newOffice(t, w, o.now, quick())
	rules, _ := notice.New(quick())
	off.desk = notice.NewDesk(notice.Options{
		Rules: func() *notice.Rules { return rules }, Namespaces: func(string) (notice.Namespace, bool) { return notice.Namespace{}, true },
	})
	off.shelf = alerts.NewShelf(off.desk.Turn)
	off.pass(t.Context(), 29*time.Minute)
	if n := off.notice(t, "shop", web); n.Pending == nil || n.Pending.ID != before.ID {
		t.Errorf("given up at once: %+v", n)
	}
	off.pass(t.Context(), 2*time.Minute)
	for _, name := range []string{web, api} {
		if n := off.notice(t, "shop", name); n.Pending != nil || n.Last != nil || n.Failed != nil || n.Since == nil {
			t.Errorf("%s: %+v", name, n)
		}
	}
	if p := off.desk.Problems(); len(p) != 0 {
		t.Errorf("nobody is to be told, and it complains: %+v", p)
	}
	writes := w.writes
	off.pass(t.Context(), time.Hour)
	if w.writes > writes+4 {
		t.Errorf("%d writes in an hour in which nothing happens", w.writes-writes)
	}

	on := newOffice(t, w, off.now, quick())
	on.pass(t.Context(), 2*time.Minute)
	if n := on.notice(t, "shop", web); len(w.inbox) != 1 || len(w.inbox[0].items) != 2 || n.Last == nil || n.Pending != nil {
		t.Errorf("%d mails, %+v", len(w.inbox), n)
	}
}
