package notify

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/initguard/initguard/test/selfsigned"
)

// does is what a server does in place of its answer.
type does func(c net.Conn)

func hangs(c net.Conn) {
	_, _ = io.Copy(io.Discard, c) // until the client goes
}

func closes(c net.Conn) { _ = c.Close() }

// talks never comes to the end of a line.
func talks(c net.Conn) {
	text := []byte(strings.Repeat("x", 1<<16))
	for {
		if _, err := c.Write(text); err != nil {
			return
		}
	}
}

// drips sends a byte at a time, each in time.
func drips(c net.Conn) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := c.Write([]byte("2")); err != nil {
			return
		}
	}
}

func says(answer string) does {
	return func(c net.Conn) { _, _ = fmt.Fprintf(c, "%s\r\n", answer) }
}

// script is a mail server that does as it is told at one stage of its first
// sessions, and is well behaved otherwise.
type script struct {
	stage    string
	do       does
	sessions int
	tls      *tls.Config

	mu       sync.Mutex
	begun    int
	messages []string
}

func (s *script) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.begun++
		bad := s.begun <= s.sessions
		s.mu.Unlock()
		go func() {
			defer func() { _ = c.Close() }()
			s.session(c, bad)
		}()
	}
}

// session answers one client, and does what the script says at its stage.
func (s *script) session(c net.Conn, bad bool) {
	answer := func(stage, text string) bool {
		if bad && stage == s.stage {
			s.do(c)
			return !strings.HasPrefix(text, "354") // a mail is not sent then
		}
		_, err := fmt.Fprintf(c, "%s\r\n", text)
		return err == nil
	}
	in := bufio.NewReader(c)
	ok := answer("greeting", "220 here")
	for ok {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.Fields(line + " x")[0]); verb {
		case "EHLO", "HELO":
			offers := "250-AUTH PLAIN\r\n250 8BITMIME"
			if _, encrypted := c.(*tls.Conn); !encrypted {
				offers = "250 STARTTLS"
			}
			ok = answer("EHLO", "250-here\r\n"+offers)
		case "STARTTLS":
			if ok = answer("STARTTLS", "220 go"); bad && s.stage == "STARTTLS" {
				continue
			}
			c = tls.Server(c, s.tls)
			in = bufio.NewReader(c)
			if bad && s.stage == "handshake" {
				s.do(c.(*tls.Conn).NetConn())
				return
			}
		case "AUTH":
			ok = answer(verb, "235 welcome")
		case "DATA":
			if ok = answer(verb, "354 go"); ok {
				ok = s.data(c, in, answer)
			}
		case "QUIT":
			answer(verb, "221 bye")
			return
		default:
			ok = answer(verb, "250 well")
		}
	}
}

func (s *script) data(_ net.Conn, in *bufio.Reader, answer func(string, string) bool) bool {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(line)
	}
	s.mu.Lock()
	s.messages = append(s.messages, text.String())
	s.mu.Unlock()
	return answer("dot", "250 taken")
}

// TestServersThatMisbehave: whatever a server does, and wherever, the attempt ends
// in time, is counted by its stage, and the mail is sent as soon as the server
// has recovered; under one Message-ID, however often.
func TestServersThatMisbehave(t *testing.T) {
	t.Parallel()
	stages := map[string]string{
		"greeting": stageGreeting, "EHLO": stageHello, "STARTTLS": stageTLS, "handshake": stageTLS, "AUTH": stageLogin, "MAIL": stageSender,
		"RCPT": stageRecipients, "DATA": stageData, "dot": stageAnswer,
	}
	for stage, counted := range stages {
		for name, do := range map[string]does{"hangs": hangs, "closes": closes, "talks": talks, "drips": drips, "speaks something else": says("\x00\xff HTTP/1.1 400 Bad Request")} {
			if slow := name == "talks" || name == "drips"; slow && stage != "greeting" && stage != "EHLO" && stage != "dot" {
				continue // they are the same everywhere, and take their time
			}
			t.Run(stage+" "+name, func(t *testing.T) {
				t.Parallel()
				misbehaves(t, &script{stage: stage, do: do, sessions: 1}, counted)
			})
		}
	}
}

func misbehaves(t *testing.T, s *script, counted string) {
	t.Helper()
	settings := s.start(t)
	r := start(t, settings, func(m *Mail) { m.relay.settings.Timeout = 100 * time.Millisecond })
	r.mail.Tell(digest("d1", "a@example.org"))
	if got := results(t, r.mail, 1); got[0].Failed != "" {
		t.Fatalf("%+v\n%s", got, r.log)
	}
	if n := r.counter(t, "initguard_mail_failures_total", counted); n < float64(s.sessions) {
		t.Errorf("%v failures counted at %s\n%s", n, counted, r.log)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m != s.messages[0] || !strings.Contains(m, "Message-ID: <d1@example.org>\r\n") {
			t.Error("a mail that was repeated is another one")
		}
	}
}

// start has the script listen; its sessions begin in plain text.
func (s *script) start(t *testing.T) MailSettings {
	t.Helper()
	dir := t.TempDir()
	certificate, err := selfsigned.Write(dir, "localhost")
	if err != nil {
		t.Fatal(err)
	}
	s.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	l := listen(t)
	go s.serve(l)
	m := DefaultMail()
	m.Host, m.Port, m.From, m.CAFile, m.PerMinute = "localhost", l.Addr().(*net.TCPAddr).Port, "i@example.org", filepath.Join(dir, "ca.crt"), 6000
	m.UserFile, m.PasswordFile = write(t, filepath.Join(dir, "user"), "u"), write(t, filepath.Join(dir, "password"), "p")
	return m
}

// TestRefusals: a server that says no before it was told of anybody is tried
// again: what it does not like is the configuration.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for stage, counted := range map[string]string{"greeting": stageGreeting, "EHLO": stageHello, "STARTTLS": stageTLS, "AUTH": stageLogin, "MAIL": stageSender} {
		for _, answer := range []string{"421 later", "554 no"} {
			t.Run(stage+" "+answer, func(t *testing.T) {
				t.Parallel()
				misbehaves(t, &script{stage: stage, do: says(answer), sessions: 2}, counted)
			})
		}
	}
}

// TestAnswerIsLost: the server has taken the mail, and the connection breaks
// before it says so: the mail is sent again, with the same Message-ID.
func TestAnswerIsLost(t *testing.T) {
	t.Parallel()
	s := &script{stage: "dot", do: closes, sessions: 1}
	r := start(t, s.start(t))
	r.mail.Tell(digest("d1", "a@example.org"))
	results(t, r.mail, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.messages) != 2 || s.messages[0] != s.messages[1] || !strings.Contains(s.messages[1], "Message-ID: <d1@example.org>") {
		t.Errorf("%d mails", len(s.messages))
	}
}

// TestNobodyListens: a server that is not there keeps all mails waiting, and
// stopping does not wait for it.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l := listen(t)
	m := DefaultMail()
	m.Host, m.Port, m.TLS, m.From = "127.0.0.1", l.Addr().(*net.TCPAddr).Port, NoTLS, "i@example.org"
	_ = l.Close()
	r := start(t, m)
	for n := range 3 {
		r.mail.Tell(digest(fmt.Sprint("d", n), "a@example.org"))
	}
	waitFor(t, func() bool { return r.counter(t, "initguard_mail_failures_total", stageDial) >= 2 })
	if got := r.mail.Told(); len(got) != 0 || r.counter(t, "initguard_notice_queue", "mail") != 3 {
		t.Errorf("%+v", got)
	}
}
