//go:build e2e

package mailserver

import (
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify"
	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/debroot"
	"github.com/initguard/initguard/test/poll"
)

func start(t *testing.T, o Options) *Server {
	t.Helper()
	cache, err := debroot.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	group, err := process.New(t.Context(), t.TempDir(), "mail")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := group.Stop(); err != nil {
			t.Error(err)
		}
	})
	s, err := Start(t.Context(), group, &debroot.Builder{Dir: cache, Logf: t.Logf}, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func channel(t *testing.T, s *Server, o Options) *notify.Mail {
	t.Helper()
	m := notify.DefaultMail()
	m.Host, m.Port, m.CAFile, m.From, m.PerMinute = s.Host, s.Port, s.CAFile, "initguard (test) <initguard@example.org>", 6000
	if o.User != "" {
		m.UserFile, m.PasswordFile = filepath.Join(t.TempDir(), "user"), filepath.Join(t.TempDir(), "password")
		for name, text := range map[string]string{m.UserFile: o.User, m.PasswordFile: o.Password} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, err := notify.NewMail(notify.MailOptions{Settings: m, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.Run(t.Context()) }()
	return c
}

func to(addresses ...string) []notice.Contact {
	var list []notice.Contact
	for _, a := range addresses {
		list = append(list, notice.Contact{Role: "technical-lead", Address: a})
	}
	return list
}

func result(t *testing.T, c notice.Channel) notice.Result {
	t.Helper()
	var told []notice.Result
	poll.Until(t, 10*time.Millisecond, 30*time.Second, "the result", func() error {
		if told = c.Told(); len(told) == 0 {
			return os.ErrNotExist
		}
		return nil
	})
	return told[0]
}

// TestExim: a digest arrives with a mail server that people run, over STARTTLS
// and with a login, at those that the server has.
func TestExim(t *testing.T) {
	for name, o := range map[string]Options{"login": {User: "mailer", Password: "secret"}, "anybody": {Name: "127.0.0.1"}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, o)
			c := channel(t, s, o)
			d := notify.Sample("shop", to("a@example.org", "nobody@example.org", "b@example.org"), time.Now())
			c.Tell(d)
			if r := result(t, c); r.Failed != "" {
				t.Fatalf("%+v\n%s", r, s.Logs(50))
			}
			mails, err := s.Wait(t.Context(), 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range mails {
				m, err := mail.ReadMessage(strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				h := m.Header
				if h.Get("Message-ID") != "<"+d.ID+"@example.org>" || h.Get("Return-path") != "<initguard@example.org>" || !strings.Contains(h.Get("Subject"), "2,341 zombies") ||
					!strings.Contains(h.Get("Received"), "tls") || h.Get("To") != "a@example.org, nobody@example.org, b@example.org" {
					t.Errorf("%v", h)
				}
			}
			c.Tell(notify.Sample("shop", to("nobody@example.org"), time.Now()))
			if r := result(t, c); !strings.Contains(r.Failed, "no such user") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestEximRefusesPassword: a wrong password reaches nobody, and stopping does not
// wait for better times.
func TestEximRefusesPassword(t *testing.T) {
	s := start(t, Options{User: "mailer", Password: "secret"})
	c := channel(t, s, Options{User: "mailer", Password: "wrong"})
	if _, err := c.Try(t.Context(), notify.Sample("shop", to("a@example.org"), time.Now())); err == nil || !strings.Contains(err.Error(), "login: 535") {
		t.Errorf("%v", err)
	}
	tried, err := channel(t, s, Options{}).Try(t.Context(), notify.Sample("shop", to("a@example.org"), time.Now()))
	if err != nil || len(tried.Refused) != 1 || len(tried.Accepted) != 0 {
		t.Errorf("without a login: %+v, %v", tried, err)
	}
	if mails, err := s.Mails(); err != nil || len(mails) > 0 {
		t.Errorf("%d mails, %v", len(mails), err)
	}
}

// TestStop: nothing of it listens any more.
func TestStop(t *testing.T) {
	s := start(t, Options{})
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, 50*time.Millisecond, 10*time.Second, "the port is closed", func() error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", net.JoinHostPort(s.Host, fmt.Sprint(s.Port)))
		if err != nil {
			return nil //nolint:nilerr // that is what is waited for
		}
		_ = conn.Close()
		return fmt.Errorf("%s:%d still takes connections", s.Host, s.Port)
	})
}
