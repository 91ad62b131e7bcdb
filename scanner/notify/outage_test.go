package notify

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

// TestLongOutage: all mails that are too old are given up at once, however seldom
// the server is tried, so that none of them is sent as news when it is back.
func TestLongOutage(t *testing.T) {
	t.Parallel()
	const mails = 20
	l := listen(t)
	s := DefaultMail()
	s.Host, s.Port, s.TLS, s.From = "127.0.0.1", l.Addr().(*net.TCPAddr).Port, NoTLS, "i@example.org"
	_ = l.Close()
	r := start(t, s, func(m *Mail) {
		m.o.Settings.RetryFor, m.pause, m.pauseMost = time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
		for n := range mails {
			m.Tell(digest(fmt.Sprint("d", n), "a@example.org"))
		}
	})
	for _, result := range results(t, r.mail, mails) {
		if !strings.Contains(result.Failed, "not taken within") {
			t.Errorf("%+v", result)
		}
	}
	if n := r.counter(t, "initguard_mail_failures_total", stageDial); n > mails/2 {
		t.Errorf("it took %v attempts to give up %d mails", n, mails)
	}
}

// TestWaitingMailIsRenewed: what waits says what was true when it was last handed
// over, not when it was first.
func TestWaitingMailIsRenewed(t *testing.T) {
	t.Parallel()
	server := serve(t, NoTLS)
	r := start(t, server.settings(NoTLS), func(m *Mail) {
		for _, zombies := range []int32{341, 77} {
			d := digest("d1", "a@example.org")
			d.Items[0].Report.Status.Summary.Zombies = zombies
			if !m.Tell(d) {
				t.Error("no room")
			}
		}
		if n, bytes := m.queue.size(); n != 1 || bytes != weight(digest("d1", "a@example.org")) {
			t.Errorf("%d mails of %d bytes wait", n, bytes)
		}
	})
	results(t, r.mail, 1)
	if got := server.got(); len(got) != 1 || !strings.Contains(got[0].data, "Subject: Critical: 77 zombies") {
		t.Errorf("%+v", got)
	}
}

// TestFullQueueIsSaidOnce: what finds no room comes again every few seconds.
func TestFullQueueIsSaidOnce(t *testing.T) {
	t.Parallel()
	q := newQueue(1, 1<<20)
	now := time.Now()
	if n, say := q.refused(now); !say || n != 1 {
		t.Errorf("the first: %v, %d", say, n)
	}
	for range 100 {
		if _, say := q.refused(now.Add(time.Second)); say {
			t.Fatal("said again")
		}
	}
	if n, say := q.refused(now.Add(fullAgain)); !say || n != 101 {
		t.Errorf("after a minute: %v, %d", say, n)
	}
}

// TestSomeNeverGotIt: whom a mail was never taken for is said where others got it.
func TestSomeNeverGotIt(t *testing.T) {
	t.Parallel()
	server := serve(t, NoTLS)
	server.rcpt = func(address string, _ int) error {
		if address == "late@example.org" {
			return &gosmtp.SMTPError{Code: 451, Message: "come again"}
		}
		return nil
	}
	r := start(t, server.settings(NoTLS), func(m *Mail) { m.o.Settings.RetryFor = time.Millisecond })
	r.mail.Tell(digest("d1", "late@example.org", "a@example.org"))
	if got := results(t, r.mail, 1); got[0].Failed != "" || len(server.got()) != 1 {
		t.Errorf("%+v, %+v", got, server.got())
	}
	lacks(t, r.log.String(), "given up", "late@example.org")
	if r.counter(t, "initguard_mail_recipients_total", "refused") != 1 {
		t.Error("not counted")
	}
}
