package notify

import (
	"fmt"
	"log/slog"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"
)

func TestModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []TLSMode{StartTLS, ImplicitTLS, NoTLS} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := serve(t, mode)
			r := start(t, s.settings(mode))
			if !r.mail.Tell(digest("d1", "a@example.org", "b@example.org", "a@example.org")) {
				t.Fatal("no room")
			}
			if got := results(t, r.mail, 1); got[0].ID != "d1" || got[0].Failed != "" {
				t.Fatalf("%+v\n%s", got, r.log)
			}
			got := s.got()
			if len(got) != 1 || got[0].from != "initguard@example.org" || !slices.Equal(got[0].to, []string{"a@example.org", "b@example.org"}) || got[0].encrypted != (mode != NoTLS) {
				t.Fatalf("%+v", got)
			}
			m, err := mail.ReadMessage(strings.NewReader(got[0].data))
			if err != nil || m.Header.Get("Message-ID") != "<d1@example.org>" || m.Header.Get("To") != "a@example.org, b@example.org" {
				t.Errorf("%v, %v", err, m.Header)
			}
			if r.counter(t, "initguard_mails_total", "sent") != 1 || r.counter(t, "initguard_mail_recipients_total", "accepted") != 2 || r.counter(t, "initguard_notice_queue", "mail") != 0 {
				t.Error("not counted")
			}
		})
	}
}

// TestEncryptionIsRequired: nothing is said to a server that can't encrypt, or
// whose certificate nobody vouches for.
func TestEncryptionIsRequired(t *testing.T) {
	t.Parallel()
	plain, encrypted := serve(t, NoTLS), serve(t, StartTLS)
	settings := map[string]MailSettings{"does not offer STARTTLS": plain.settings(StartTLS), "certificate": encrypted.settings(StartTLS)}
	for want, s := range settings {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s.CAFile, s.RetryFor = "", time.Minute
			r := start(t, s, func(m *Mail) { m.o.Settings.RetryFor = 20 * time.Millisecond })
			r.mail.Tell(digest("d1", "a@example.org"))
			if got := results(t, r.mail, 1); !strings.Contains(got[0].Failed, "not taken within") || !strings.Contains(got[0].Failed, want) {
				t.Errorf("%+v", got)
			}
			if r.counter(t, "initguard_mail_failures_total", "tls") == 0 || r.counter(t, "initguard_mails_total", "failed") != 1 {
				t.Error("not counted")
			}
		})
	}
	if len(plain.got())+len(encrypted.got()) > 0 {
		t.Error("a mail was sent all the same")
	}
}

// TestLogin: a password that is wrong is no reason to lose a mail, and files are
// read again.
func TestLogin(t *testing.T) {
	t.Parallel()
	server := serve(t, StartTLS)
	dir := t.TempDir()
	s := server.settings(StartTLS)
	s.UserFile, s.PasswordFile = write(t, filepath.Join(dir, "user"), "mailer\n"), write(t, filepath.Join(dir, "password"), "wrong\n")
	r := start(t, s)
	r.mail.Tell(digest("d1", "a@example.org"))
	waitFor(t, func() bool { return r.counter(t, "initguard_mail_failures_total", "login") > 0 })
	if got := r.mail.Told(); len(got) > 0 {
		t.Fatalf("%+v", got)
	}
	write(t, s.PasswordFile, "secret")
	if got := results(t, r.mail, 1); got[0].Failed != "" || server.got()[0].user != "mailer" {
		t.Errorf("%+v, %+v", got, server.got())
	}
	if log := r.log.String(); strings.Contains(log, "wrong") || strings.Contains(log, "secret") {
		t.Errorf("the log has a password:\n%s", log)
	}
	lacks(t, r.log.String(), "stage=login", "the mail server works again")
}

// TestOneAddressIsRefused: the others get the mail, once.
func TestOneAddressIsRefused(t *testing.T) {
	t.Parallel()
	server := serve(t, StartTLS)
	server.rcpt = func(address string, _ int) error {
		if address == "gone@example.org" {
			return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "no such\r\nuser"}
		}
		return nil
	}
	r := start(t, server.settings(StartTLS))
	r.mail.Tell(digest("d1", "gone@example.org", "a@example.org"))
	if got := results(t, r.mail, 1); got[0].Failed != "" || len(server.got()) != 1 || !slices.Equal(server.got()[0].to, []string{"a@example.org"}) {
		t.Errorf("%+v, %+v", got, server.got())
	}
	lacks(t, r.log.String(), "takes no mail for an address", "gone@example.org")
	if r.counter(t, "initguard_mail_recipients_total", "refused") != 1 {
		t.Error("not counted")
	}
	r.mail.Tell(digest("d2", "gone@example.org"))
	if got := results(t, r.mail, 1); !strings.Contains(got[0].Failed, "550") || len(server.got()) != 1 {
		t.Errorf("all refused: %+v, %+v", got, server.got())
	}
}

// TestGreylisting: whom the server puts off gets the mail later, and those who
// have it don't get it again.
func TestGreylisting(t *testing.T) {
	t.Parallel()
	server := serve(t, NoTLS)
	server.rcpt = func(address string, n int) error {
		if address == "late@example.org" && n < 4 {
			return &gosmtp.SMTPError{Code: 451, Message: "come again"}
		}
		return nil
	}
	r := start(t, server.settings(NoTLS))
	r.mail.Tell(digest("d1", "late@example.org", "a@example.org"))
	if got := results(t, r.mail, 1); got[0].Failed != "" {
		t.Fatalf("%+v", got)
	}
	got := server.got()
	if len(got) != 2 || !slices.Equal(got[0].to, []string{"a@example.org"}) || !slices.Equal(got[1].to, []string{"late@example.org"}) || got[0].data != got[1].data {
		t.Errorf("%+v", got)
	}
}

func TestContentAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code, times, mails int
		failed             string
	}{
		"put off":     {452, 3, 1, ""},
		"not wanted":  {554, 1, 0, "554"},
		"put off for": {421, 1000, 0, "not taken within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, NoTLS)
			server.data = func(n int) error {
				if n <= tc.times {
					return &gosmtp.SMTPError{Code: tc.code, Message: "no"}
				}
				return nil
			}
			r := start(t, server.settings(NoTLS), func(m *Mail) {
				if tc.times == 1000 {
					m.o.Settings.RetryFor = 50 * time.Millisecond
				}
			})
			r.mail.Tell(digest("d1", "a@example.org"))
			if got := results(t, r.mail, 1); (got[0].Failed == "") != (tc.failed == "") || !strings.Contains(got[0].Failed, tc.failed) || len(server.got()) != tc.mails {
				t.Errorf("%+v, %d mails", got, len(server.got()))
			}
		})
	}
}

// TestOneMailDoesNotHoldUpTheOthers: a mail that is put off waits by itself.
func TestOneMailDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	server := serve(t, NoTLS)
	server.rcpt = func(address string, _ int) error {
		if address == "never@example.org" {
			return &gosmtp.SMTPError{Code: 450, Message: "later"}
		}
		return nil
	}
	r := start(t, server.settings(NoTLS), func(m *Mail) { m.again, m.againMost = time.Hour, time.Hour })
	r.mail.Tell(digest("d0", "never@example.org"))
	for n := range 20 {
		r.mail.Tell(digest(fmt.Sprintf("d%d", n+1), "a@example.org"))
	}
	results(t, r.mail, 20)
	if n := len(server.got()); n != 20 {
		t.Errorf("%d mails", n)
	}
}

// TestOnce: a digest that is handed over again is not sent again, and its result
// is there again for who has lost it.
func TestOnce(t *testing.T) {
	t.Parallel()
	server := serve(t, NoTLS)
	r := start(t, server.settings(NoTLS))
	for range 5 {
		if !r.mail.Tell(digest("d1", "a@example.org")) {
			t.Fatal("no room")
		}
	}
	results(t, r.mail, 1)
	empty := digest("d0", "a@example.org")
	empty.Items = nil
	if !r.mail.Tell(empty) || results(t, r.mail, 1)[0].Failed == "" {
		t.Error("a digest without anything in it")
	}
	r.mail.Tell(digest("d1", "a@example.org"))
	if again := results(t, r.mail, 1); again[0].ID != "d1" || len(server.got()) != 1 {
		t.Errorf("%+v, %d mails", again, len(server.got()))
	}
}

// TestFullQueue: what has no room is refused at once and counted, by number and
// by bytes, and an empty queue takes any digest.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	r := &rig{log: &logs{}, metrics: prometheus.NewRegistry()}
	counts, err := NewMetrics(r.metrics)
	if err != nil {
		t.Fatal(err)
	}
	s := DefaultMail()
	s.Host, s.From, s.Queue, s.QueueMiB = "localhost", "a@example.org", 3, 1
	m, err := NewMail(MailOptions{Settings: s, Metrics: counts, Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 { // nothing runs
		if got, want := m.Tell(digest(fmt.Sprintf("d%d", n), "a@example.org")), n < 3; got != want {
			t.Errorf("digest %d: %v", n, got)
		}
	}
	if n := r.counter(t, "initguard_notice_queue_full_total", "mail"); n != 2 {
		t.Errorf("%v counted", n)
	}
	lacks(t, r.log.String(), "queue of mails is full")
	m.queue = newQueue(1000, 1<<20)
	big := digest("big", "a@example.org")
	for len(big.Items) < 2000 {
		big.Items = append(big.Items, big.Items[0])
	}
	if !m.Tell(big) || m.Tell(digest("small", "a@example.org")) {
		t.Error("an empty queue takes any digest, a full one none")
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("it never happens")
		}
		<-tick.C
	}
}

// TestNoAddress: a contact that is no address is logged and counted, and its
// mail does not go to anybody else.
func TestNoAddress(t *testing.T) {
	t.Parallel()
	server := serve(t, NoTLS)
	r := start(t, server.settings(NoTLS))
	evil := []string{"a@example.org>\r\nRCPT TO:<x@example.org", "a@example.org\nBcc: x@example.org", "nobody", "", "a b@example.org"}
	r.mail.Tell(digest("d1", evil...))
	if got := results(t, r.mail, 1); !strings.Contains(got[0].Failed, "no address") {
		t.Errorf("%+v", got)
	}
	r.mail.Tell(digest("d2", append(evil, "ok@example.org")...))
	results(t, r.mail, 1)
	if got := server.got(); len(got) != 1 || !slices.Equal(got[0].to, []string{"ok@example.org"}) || strings.Contains(got[0].data, "Bcc") {
		t.Errorf("%+v", got)
	}
	if n := r.counter(t, "initguard_mail_recipients_total", "no address"); n != 10 {
		t.Errorf("%v counted", n)
	}
}

// TestManyRecipients: a hundred at a time, each once.
func TestManyRecipients(t *testing.T) {
	t.Parallel()
	server := serve(t, NoTLS)
	r := start(t, server.settings(NoTLS))
	var to []string
	for n := range 250 {
		to = append(to, fmt.Sprintf("a%d@example.org", n))
	}
	r.mail.Tell(digest("d1", to...))
	if got := results(t, r.mail, 1); got[0].Failed != "" {
		t.Fatalf("%+v", got)
	}
	var all []string
	for _, m := range server.got() {
		all = append(all, m.to...)
	}
	if len(server.got()) != 3 || !slices.Equal(all, to) {
		t.Errorf("%d mails to %d", len(server.got()), len(all))
	}
}

func TestPerMinute(t *testing.T) {
	t.Parallel()
	server := serve(t, NoTLS)
	s := server.settings(NoTLS)
	s.PerMinute = 600 // one each 100 ms
	r := start(t, s)
	begun := time.Now()
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() { r.mail.Tell(digest(fmt.Sprintf("d%d", n), "a@example.org")) })
	}
	all.Wait()
	results(t, r.mail, 4)
	if d := time.Since(begun); d < 300*time.Millisecond {
		t.Errorf("four mails in %v", d)
	}
}
