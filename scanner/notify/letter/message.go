package letter

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Head is what a message says in its headers beside the subject.
type Head struct {
	From    mail.Address
	ReplyTo *mail.Address
	// To are addresses, each one that Deliverable takes.
	To []string
	// ID is the digest's, Domain what stands behind it in Message-ID: together
	// they are the same whenever the digest is sent.
	ID, Domain string
	// Namespace is what the digest is about: all its mails are one thread, and
	// one list.
	Namespace string
	Date      time.Time
}

// deliverable is an address whose every character is one that a header and an
// SMTP command take as it is: no quoted local part, no literal, ASCII alone.
var deliverable = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@" +
	`[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

// maxAddress is that of RFC 5321, in bytes.
const maxAddress = 254

// Deliverable says whether a mail may be sent to an address.
func Deliverable(address string) bool {
	return len(address) <= maxAddress && deliverable.MatchString(address)
}

// notToken is what may not stand in a Message-ID, a List-Id or a boundary.
var notToken = regexp.MustCompile(`[^A-Za-z0-9.-]`)

// token is a name that is one already, unless somebody else chose it.
func token(s string, limit int) string {
	s = notToken.ReplaceAllString(s, "_")
	return s[:min(len(s), limit)]
}

// The longest tokens, in bytes. A boundary may have 70.
const (
	maxID     = 64
	maxDomain = 253
)

// MessageID is that of a digest, with its angle brackets.
func MessageID(id, domain string) string {
	return "<" + token(id, maxID) + "@" + token(domain, maxDomain) + ">"
}

// thread is the id that all mails of a namespace refer to. There is no such
// mail: mail programs make it the root of the thread all the same.
func thread(namespace, domain string) string {
	return "<zombies." + token(namespace, maxID) + "@" + token(domain, maxDomain) + ">"
}

// Message is the whole mail as it goes over SMTP: lines end in CRLF and have at
// most 998 bytes.
func Message(l Letter, h Head) []byte {
	var out bytes.Buffer
	field := func(name, value string) { fmt.Fprintf(&out, "%s: %s\r\n", name, value) }
	field("Date", h.Date.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	field("From", address(h.From))
	if h.ReplyTo != nil {
		field("Reply-To", address(*h.ReplyTo))
	}
	field("To", strings.Join(h.To, ",\r\n "))
	field("Subject", encoded(l.Subject))
	field("Message-ID", MessageID(h.ID, h.Domain))
	field("In-Reply-To", thread(h.Namespace, h.Domain))
	field("References", thread(h.Namespace, h.Domain))
	field("List-Id", "<"+token(h.Namespace, maxID)+".zombies."+token(h.Domain, maxDomain)+">")
	field("Auto-Submitted", "auto-generated")
	field("Precedence", "bulk")
	field("X-Auto-Response-Suppress", "All")
	field("MIME-Version", "1.0")
	boundary := "=_" + token(h.ID, maxID) // no quoted-printable text holds "=_"
	field("Content-Type", "multipart/alternative;\r\n boundary=\""+boundary+"\"")
	out.WriteString("\r\n")
	for _, part := range []struct{ kind, body string }{{"text/plain", l.Text}, {"text/html", l.HTML}} {
		fmt.Fprintf(&out, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", boundary, part.kind)
		w := quotedprintable.NewWriter(&out)
		_, _ = w.Write([]byte(part.body)) // a buffer takes all
		_ = w.Close()
		out.WriteString("\r\n")
	}
	fmt.Fprintf(&out, "--%s--\r\n", boundary)
	return out.Bytes()
}

// encoded is a text as a header has it, folded where it is long. A name that
// looks encoded already is not to be decoded.
func encoded(s string) string {
	s = strings.ReplaceAll(clean(s, maxSubject), "=?", "= ?")
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

// address is a name and an address as a header has them.
func address(a mail.Address) string {
	if a.Name == "" {
		return a.Address
	}
	name := clean(a.Name, maxName)
	switch {
	case plainName.MatchString(name):
		return name + " <" + a.Address + ">"
	case ascii.MatchString(name):
		return strconv.Quote(name) + " <" + a.Address + ">"
	default:
		return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", name), "?= =?", "?=\r\n =?") + " <" + a.Address + ">"
	}
}

// ascii is what a quoted string takes, " and \ behind a backslash.
var ascii = regexp.MustCompile(`^[ -~]+$`)

// plainName needs no quotes.
var plainName = regexp.MustCompile(`^[A-Za-z0-9 ]+$`)
