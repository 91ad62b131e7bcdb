package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail/smtp"
)

// The stages of a session, as errors, logs and metrics name them.
const (
	stageDial        = "connect"
	stageTLS         = "tls"
	stageGreeting    = "greeting"
	stageHello       = "hello"
	stageLogin       = "login"
	stageSender      = "sender"
	stageRecipients  = "recipients"
	stageData        = "data"
	stageAnswer      = "answer" // all was sent, and nobody knows whether it was taken
	sessionPatiences = 20       // how many times the timeout a session may take
)

// stageError is a session that failed, and where.
type stageError struct {
	stage string
	err   error
}

// Error says both.
func (e *stageError) Error() string { return e.stage + ": " + printable(e.err.Error()) }

// Unwrap is the error.
func (e *stageError) Unwrap() error { return e.err }

// server says whether it is the server, or what it was told of itself, and not
// this one mail: the next would fail alike.
func (e *stageError) server() bool {
	switch e.stage {
	case stageRecipients, stageData, stageAnswer:
		return false
	}
	return true
}

// printable is a server's answer, fit for a log.
func printable(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// refusal is an address that the server does not take mail for.
type refusal struct{ address, answer string }

// verdict is what a server said of a mail.
type verdict struct {
	accepted []string
	refused  []refusal
	// later are those that it would not take now, and why it took none of them.
	later  []string
	answer string
}

// relay is a mail server.
type relay struct {
	settings MailSettings
	// sender and hello are those of settings, with what is left out put in.
	sender, hello string
}

// send has one mail sent, in a session of its own. Without an error every
// address is in the verdict; with one, nobody is known to have got it.
func (r relay) send(ctx context.Context, to []string, message []byte) (verdict, error) {
	s, err := r.open(ctx)
	if err != nil {
		return verdict{}, err
	}
	defer s.close()
	if err := s.client.Mail("<" + r.sender + ">"); err != nil {
		return verdict{}, &stageError{stageSender, err}
	}
	v, err := s.recipients(to)
	if err != nil || len(v.accepted) == 0 {
		s.quit()
		return v, err
	}
	w, err := s.client.Data()
	if err != nil {
		return s.judge(v, stageData, err)
	}
	if _, err := w.Write(message); err != nil {
		return verdict{}, &stageError{stageData, err}
	}
	if err := w.Close(); err != nil {
		return s.judge(v, stageAnswer, err)
	}
	s.quit()
	return v, nil
}

// session is a connection that is ready for a mail.
type session struct {
	client *smtp.Client
	conn   net.Conn
	stop   func() bool
}

func (s *session) close() {
	s.stop()
	_ = s.conn.Close()
}

// quit is polite; what comes of it does not matter.
func (s *session) quit() { _ = s.client.Quit() }

// open connects, has the connection encrypted, and logs in. When ctx ends, so
// does the session.
func (r relay) open(ctx context.Context) (*session, error) {
	dialer := net.Dialer{Timeout: r.settings.Timeout}
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(r.settings.Host, strconv.Itoa(r.settings.Port)))
	if err != nil {
		return nil, &stageError{stageDial, err}
	}
	conn := net.Conn(&guarded{Conn: raw, patience: r.settings.Timeout, end: time.Now().Add(sessionPatiences * r.settings.Timeout)})
	s := &session{conn: raw, stop: context.AfterFunc(ctx, func() { _ = raw.Close() })}
	config, err := r.settings.tlsConfig()
	if err != nil {
		s.close()
		return nil, &stageError{stageTLS, err}
	}
	if r.settings.TLS == ImplicitTLS {
		encrypted := tls.Client(conn, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			s.close()
			return nil, &stageError{stageTLS, err}
		}
		conn = encrypted
	}
	if s.client, err = smtp.NewClient(conn, r.settings.Host); err != nil {
		s.close()
		return nil, &stageError{stageGreeting, err}
	}
	if err := r.introduce(s.client, config); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// introduce says hello, has the connection encrypted where it begins in plain
// text, and logs in.
func (r relay) introduce(c *smtp.Client, config *tls.Config) error {
	c.SkipSMTPUTF8(true) // all addresses are ASCII, and a server further on may not know it
	if err := c.Hello(r.hello); err != nil {
		return &stageError{stageHello, err}
	}
	if r.settings.TLS == StartTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return &stageError{stageTLS, errors.New("the server does not offer STARTTLS; where its port is encrypted from the first byte, set tls: implicit")}
		}
		if err := c.StartTLS(config); err != nil {
			return &stageError{stageTLS, err}
		}
	}
	if r.settings.UserFile == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	var state *tls.ConnectionState
	if now, ok := c.TLSConnectionState(); ok {
		state = &now
	}
	auth, err := r.settings.login(offered, state)
	if err != nil {
		return &stageError{stageLogin, err}
	}
	if err := c.Auth(auth); err != nil {
		return &stageError{stageLogin, err}
	}
	return nil
}

// recipients names them. An answer about one of them is not about the others.
func (s *session) recipients(to []string) (verdict, error) {
	var v verdict
	for _, address := range to {
		err := s.client.Rcpt("<" + address + ">")
		switch code := answerCode(err); {
		case err == nil:
			v.accepted = append(v.accepted, address)
		case code == 0:
			return verdict{}, &stageError{stageRecipients, err}
		case code >= 500 && code != tooMany:
			v.refused = append(v.refused, refusal{address, printable(err.Error())})
		default:
			v.later, v.answer = append(v.later, address), printable(err.Error())
		}
	}
	return v, nil
}

// tooMany is what old servers say to one recipient too many: RFC 5321, 4.5.3.1.10.
const tooMany = 552

// judge is the verdict on those whom the server took, after it did not take the
// mail itself.
func (s *session) judge(v verdict, stage string, err error) (verdict, error) {
	code := answerCode(err)
	switch {
	case code == 0:
		return verdict{}, &stageError{stage, err}
	case code >= 500:
		for _, address := range v.accepted {
			v.refused = append(v.refused, refusal{address, printable(err.Error())})
		}
	default:
		v.later, v.answer = append(v.later, v.accepted...), printable(err.Error())
	}
	v.accepted = nil
	s.quit()
	return v, nil
}

// answerCode is the code of a server's answer; 0 where there was none.
func answerCode(err error) int {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

var errNoMailbox = fmt.Errorf("is no mail address: ADDRESS or NAME <ADDRESS>, in ASCII, without quotes in ADDRESS")
