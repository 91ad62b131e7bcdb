package notify

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	good := func() MailSettings {
		s := DefaultMail()
		s.Host, s.From = "mail.example.org", "initguard <initguard@example.org>"
		return s
	}
	for name, tc := range map[string]struct {
		change func(*MailSettings)
		paths  []string
	}{
		"defaults and what is required": {func(*MailSettings) {}, nil},
		"an address as host":            {func(s *MailSettings) { s.Host = "192.0.2.1" }, nil},
		"IPv6":                          {func(s *MailSettings) { s.Host = "2001:db8::1" }, nil},
		"no mail":                       {func(s *MailSettings) { *s = DefaultMail() }, nil},
		"no host":                       {func(s *MailSettings) { s.Host = "" }, []string{"host"}},
		"host":                          {func(s *MailSettings) { s.Host = "mail example" }, []string{"host"}},
		"host and port":                 {func(s *MailSettings) { s.Host = "smtp.example.org:587" }, []string{"host"}},
		"IPv6 as host":                  {func(s *MailSettings) { s.Host = "2001:db8::1" }, nil},
		"host of lines":                 {func(s *MailSettings) { s.Host = "a:\nb" }, []string{"host"}},
		"port":                          {func(s *MailSettings) { s.Port = 70000 }, []string{"port"}},
		"tls":                           {func(s *MailSettings) { s.TLS = "ssl" }, []string{"tls"}},
		"CA without TLS":                {func(s *MailSettings) { s.TLS, s.CAFile = NoTLS, "/ca" }, []string{"caFile"}},
		"no from":                       {func(s *MailSettings) { s.From = "" }, []string{"from"}},
		"from":                          {func(s *MailSettings) { s.From = "x\r\nBcc: a@b" }, []string{"from"}},
		"from in quotes":                {func(s *MailSettings) { s.From = `"a b"@example.org` }, []string{"from"}},
		"reply to":                      {func(s *MailSettings) { s.ReplyTo = "nobody" }, []string{"replyTo"}},
		"envelope":                      {func(s *MailSettings) { s.EnvelopeFrom = "A <a@b>" }, []string{"envelopeFrom"}},
		"domain":                        {func(s *MailSettings) { s.MessageIDDomain = "a>b" }, []string{"messageIDDomain"}},
		"hello":                         {func(s *MailSettings) { s.HelloName = "a b" }, []string{"helloName"}},
		"cluster":                       {func(s *MailSettings) { s.ClusterName = "a\nb" }, []string{"clusterName"}},
		"fixes":                         {func(s *MailSettings) { s.FixesURL = "http://a/" }, []string{"fixesURL"}},
		"fixes without slash":           {func(s *MailSettings) { s.FixesURL = "https://a/b" }, []string{"fixesURL"}},
		"no fixes":                      {func(s *MailSettings) { s.FixesURL = "" }, nil},
		"user alone":                    {func(s *MailSettings) { s.UserFile = "/u" }, []string{"passwordFile"}},
		"password alone":                {func(s *MailSettings) { s.PasswordFile = "/p" }, []string{"userFile"}},
		"method":                        {func(s *MailSettings) { s.UserFile, s.PasswordFile, s.Auth = "/u", "/p", "ntlm" }, []string{"auth"}},
		"method without user":           {func(s *MailSettings) { s.Auth = AuthPlain }, []string{"auth"}},
		"readable password":             {func(s *MailSettings) { s.UserFile, s.PasswordFile, s.Auth, s.TLS = "/u", "/p", AuthLogin, NoTLS }, []string{"auth"}},
		"numbers": {func(s *MailSettings) { s.Timeout, s.RetryFor, s.PerMinute, s.Queue, s.QueueMiB = 0, 0, 0, 0, 0 }, []string{
			"timeout", "retryFor", "perMinute", "queue", "queueMiB",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			tc.change(&s)
			var paths []string
			for _, f := range s.Validate() {
				paths = append(paths, f.Path)
				if f.Text == "" || strings.ContainsAny(f.Text, "\n\r") {
					t.Errorf("%q", f.Text)
				}
			}
			if !slices.Equal(paths, tc.paths) {
				t.Errorf("%q, want %q: %v", paths, tc.paths, s.Validate())
			}
			if _, err := NewMail(MailOptions{Settings: s, Log: slog.Default(), Now: time.Now}); (err == nil) != (len(tc.paths) == 0 && s.Host != "") {
				t.Errorf("NewMail: %v", err)
			}
		})
	}
	if f := (EventSettings{}).Validate(); len(f) != 2 {
		t.Errorf("%v", f)
	}
	if f := DefaultEvents().Validate(); len(f) != 0 {
		t.Errorf("%v", f)
	}
}

// TestPorts: each mode has its own.
func TestPorts(t *testing.T) {
	for mode, want := range map[TLSMode]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25} {
		s := DefaultMail()
		s.Host, s.From, s.TLS = "localhost", "a@example.org", mode
		m, err := NewMail(MailOptions{Settings: s, Log: slog.Default(), Now: time.Now})
		if err != nil || m.relay.settings.Port != want {
			t.Errorf("%s: %v", mode, err)
		}
	}
}
