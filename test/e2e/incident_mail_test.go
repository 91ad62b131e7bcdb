//go:build e2e

package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/poll"
)

// letter is a mail as it arrived.
type letter struct {
	raw  string
	head mail.Header
	text string
	to   []string // whom it was delivered to
}

// arrived waits for so many different mails, and gives all.
func (i *incident) arrived(t *testing.T, n int) []letter {
	t.Helper()
	var found []letter
	poll.Until(t, time.Second, incidentMost, fmt.Sprintf("%d mails", n), func() error {
		raw, err := i.mails.Mails()
		if err != nil {
			return err
		}
		found = nil
		for _, one := range raw {
			m, err := mail.ReadMessage(strings.NewReader(one))
			if err != nil {
				return err
			}
			id, to := m.Header.Get("Message-ID"), m.Header.Get("Envelope-to")
			if at := slices.IndexFunc(found, func(l letter) bool { return l.head.Get("Message-ID") == id }); at >= 0 {
				found[at].to = append(found[at].to, to)
				continue
			}
			text, err := plain(m)
			if err != nil {
				return err
			}
			found = append(found, letter{raw: one, head: m.Header, text: text, to: []string{to}})
		}
		if len(found) < n {
			return fmt.Errorf("%d mails\n%s", len(found), i.mails.Logs(10))
		}
		return nil
	})
	for at := range found {
		slices.Sort(found[at].to)
	}
	return found
}

// plain is the text part of a mail.
func plain(m *mail.Message) (string, error) {
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	part, err := multipart.NewReader(m.Body, parameters["boundary"]).NextRawPart()
	if err != nil {
		return "", err
	}
	var body io.Reader = part
	switch part.Header.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(part)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, part)
	}
	text, err := io.ReadAll(body)
	return string(text), err
}
