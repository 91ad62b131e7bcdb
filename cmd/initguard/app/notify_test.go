package app_test

import (
	"fmt"
	"io"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// inbox is a mail server that keeps what it gets, and has no user nobody.
type inbox struct{ mails chan string }

func (i *inbox) NewSession(*smtp.Conn) (smtp.Session, error) { return i, nil }
func (*inbox) Reset()                                        {}
func (*inbox) Logout() error                                 { return nil }
func (*inbox) Mail(string, *smtp.MailOptions) error          { return nil }

func (*inbox) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, Message: "no such user"}
	}
	return nil
}

func (i *inbox) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	i.mails <- string(text)
	return err
}

func mailConfig(t *testing.T, port int, tls string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "responder.yaml")
	text := fmt.Sprintf(`apiVersion: config.initguard.dev/v1alpha1
kind: ResponderConfig
mail:
  {host: 127.0.0.1, port: %d, tls: %s, from: initguard <initguard@example.org>, clusterName: silver}
`, port, tls)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestNotifyTest(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{mails: make(chan string, 10)}
	server := smtp.NewServer(in)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	port := l.Addr().(*net.TCPAddr).Port
	config := mailConfig(t, port, "none")

	got := run(t, "", "initguard", "notify", "test", "--config", config, "--to", "me@example.org", "-n", "shop")
	if got.code != 0 || got.out != "sent to me@example.org\n" || got.err != "" {
		t.Fatalf("%+v", got)
	}
	dry := run(t, "", "initguard", "notify", "test", "--config", config, "--to", "me@example.org", "-n", "shop", "--dry-run")
	for name, text := range map[string]string{"sent": <-in.mails, "printed": dry.out} {
		m, err := mail.ReadMessage(strings.NewReader(text))
		if err != nil || m.Header.Get("Subject") != "[silver] Critical: 2,341 zombies in StatefulSet/example, namespace shop" || m.Header.Get("To") != "me@example.org" {
			t.Errorf("%s: %v, %v", name, err, m)
		}
	}
	if len(in.mails) > 0 || dry.code != 0 {
		t.Error("--dry-run has sent a mail")
	}
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"some refused": {[]string{"--config", config, "--to", "nobody@example.org,me@example.org"}, "takes no mail for some of them"},
		"no address":   {[]string{"--config", config, "--to", "me"}, "is no mail address"},
		"no STARTTLS":  {[]string{"--config", mailConfig(t, port, "starttls"), "--to", "me@example.org"}, "tls: the server does not offer STARTTLS"},
		"no server":    {[]string{"--config", mailConfig(t, 1, "none"), "--to", "me@example.org"}, "connect: "},
		"no file":      {[]string{"--config", "/none", "--to", "me@example.org"}, "/none"},
		"nobody":       {[]string{"--config", config}, "--to is required"},
		"no config":    {[]string{"--to", "me@example.org"}, "--config is required"},
	} {
		if got := run(t, "", append([]string{"initguard", "notify", "test"}, tc.args...)...); got.code != 2 || !strings.Contains(got.err, tc.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestNotifyTestSaysHowToOptOut as far as the file lets a namespace go.
func TestNotifyTestSaysHowToOptOut(t *testing.T) {
	for _, optOut := range []string{"all", "critical", "never"} {
		name := mailConfig(t, 1, "none")
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(text, "notices: {optOut: "+optOut+"}\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
		got := run(t, "", "initguard", "notify", "test", "--config", name, "--to", "me@example.org", "--dry-run")
		if got.code != 0 || strings.Contains(got.out, "initguard.dev/notify") != (optOut != "all") || strings.Contains(got.out, "of nothing") != (optOut == "never") {
			t.Errorf("%s: %+v", optOut, got)
		}
	}
}
