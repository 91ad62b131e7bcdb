package letter

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"
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

// The characters of names. They are no regular expressions, which would take
// memory in every process that holds this package, the webhook's too.
const (
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	// ofAtoms are those of the parts of a local part: RFC 5322, 3.2.3.
	ofAtoms = alphanumeric + "!#$%&'*+/=?^_`{|}~-"
)

// consists says whether a text is not empty and has no other characters.
func consists(s, of string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(of, r) })
}

// maxAddress is that of RFC 5321, in bytes.
const maxAddress = 254

// Deliverable says whether a mail may be sent to an address: one whose every
// character is one that a header and an SMTP command take as it is. No quoted
// local part, no literal, ASCII alone.
func Deliverable(address string) bool {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || len(address) > maxAddress {
		return false
	}
	for part := range strings.SplitSeq(local, ".") {
		if !consists(part, ofAtoms) {
			return false
		}
	}
	for label := range strings.SplitSeq(domain, ".") {
		if !consists(label, alphanumeric+"-") || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// token is a name that may stand in a Message-ID, a List-Id or a boundary. It is
// one already, unless somebody else chose it.
func token(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(alphanumeric+".-", r) {
			return r
		}
		return '_'
	}, s)
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
	case consists(name, alphanumeric+" "):
		return name + " <" + a.Address + ">"
	case !strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }):
		return strconv.Quote(name) + " <" + a.Address + ">"
	default:
		return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", name), "?= =?", "?=\r\n =?") + " <" + a.Address + ">"
	}
}
