package letter

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
)

func headOf(to ...string) Head {
	return Head{
		From: mail.Address{Name: "initguard (silver)", Address: "initguard@example.org"}, ReplyTo: &mail.Address{Address: "platform@example.org"},
		To: to, ID: "d7f0c2", Domain: "mail.example.org", Namespace: "be1c6b-prod", Date: noon(),
	}
}

// headers are all that a message has, in order.
var headers = []string{
	"Date", "From", "Reply-To", "To", "Subject", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted", "Precedence",
	"X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
}

// read takes a message apart as a mail program does, and says what no message
// may be.
func read(t *testing.T, raw []byte) (m *mail.Message, plain, html string) {
	t.Helper()
	top, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var names []string
	for line := range strings.SplitSeq(string(top), "\r\n") {
		if name, _, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, " ") {
			names = append(names, name)
		}
	}
	if !slices.Equal(names, headers) {
		t.Fatalf("headers %q", names)
	}
	if bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) || bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\r")) {
		t.Fatal("a line does not end in CRLF")
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 || slices.ContainsFunc(line, func(b byte) bool { return b >= 0x80 || b < ' ' && b != '\t' }) {
			t.Fatalf("a line that SMTP does not take: %q", line)
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s: %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	var bodies []string
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // It is what a reader says at its end.
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(text))
	}
	if len(bodies) != 2 {
		t.Fatalf("%d parts", len(bodies))
	}
	return m, bodies[0], bodies[1]
}

func TestMessage(t *testing.T) {
	l := Write(samples()["firing"], settings())
	m, plain, html := read(t, Message(l, headOf("owner@example.org", "lead@example.org")))
	for name, want := range map[string]string{
		"Message-ID": "<d7f0c2@mail.example.org>", "References": "<zombies.be1c6b-prod@mail.example.org>", "List-Id": "<be1c6b-prod.zombies.mail.example.org>",
		"Auto-Submitted": "auto-generated", "Precedence": "bulk", "Date": "Wed, 25 Nov 2026 12:00:00 +0000", "Subject": l.Subject,
		"From": `"initguard (silver)" <initguard@example.org>`, "Reply-To": "platform@example.org",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 2 || to[1].Address != "lead@example.org" {
		t.Errorf("To: %v, %v", to, err)
	}
	if lf := func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }; strings.TrimSpace(lf(plain)) != strings.TrimSpace(l.Text) ||
		strings.TrimSpace(lf(html)) != strings.TrimSpace(l.HTML) {
		t.Error("the bodies are others")
	}
}

func TestFromNames(t *testing.T) {
	for _, name := range []string{"", "initguard", `a "quoted" \ one`, "Zömbies, GmbH", strings.Repeat("ü", 300), "a\r\nBcc: x@example.org", "=?utf-8?q?x?="} {
		h := headOf("owner@example.org")
		h.From.Name = name
		m, _, _ := read(t, Message(Write(samples()["resolved"], settings()), h))
		from, err := m.Header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Address != h.From.Address || name != "" && from[0].Name == "" {
			t.Errorf("%q: %v, %v", name, from, err)
		}
	}
}

func TestDeliverable(t *testing.T) {
	for address, want := range map[string]bool{
		"a@example.org": true, "a.b+c@sub.example.org": true, "o'hara@example.org": true, "root@localhost": true,
		"": false, "a": false, "a@": false, "@b": false, "a b@example.org": false, "a@b@c": false, "<a@example.org>": false, "A <a@example.org>": false,
		"a@example.org\r\nBcc: b@example.org": false, "a@example.org>\r\nDATA": false, "a@example.org\n": false, "a,b@example.org": false, `"a b"@example.org`: false,
		"a@[127.0.0.1]": false, "ä@example.org": false, "a@-example.org": false, ".a@example.org": false, "a..b@example.org": false,
		strings.Repeat("a", 250) + "@example.org": false, "a@example.org,b@example.org": false, "a%b@example.org SIZE=1": false,
	} {
		if got := Deliverable(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}

// tag is what HTML has for a parser that takes everything for one.
var tag = regexp.MustCompile(`<[^>]*>`)

// hostile is a report whose every text is that of the attacker.
func hostile(evil string) *v1alpha1.ZombieReport {
	r := report()
	s := &r.Status
	r.Namespace, s.Workload.Kind, s.Workload.Name = evil, evil, evil
	s.Summary.Cause, s.Summary.Parent, s.Summary.PerHour, s.Summary.PIDLimitIn = evil, evil, evil, evil
	p := &s.Pods[0]
	p.Name, p.Node = evil, evil
	c := &p.Containers[0]
	c.Name = evil
	for _, cause := range []string{"ParentNotWaiting", "PID1Ambiguous", evil} {
		g := c.Causes[0]
		g.Cause, g.Parent, g.Children = cause, evil, []v1alpha1.Children{{Name: evil, Count: 1}, {Name: "x" + evil, Count: 2}}
		g.StartedBy = &v1alpha1.Starter{Container: "x" + evil, Field: evil, Certainty: evil}
		c.Causes = append(c.Causes, g)
	}
	s.Remedy = &v1alpha1.Remedy{Stopped: &v1alpha1.Stop{Reason: evil}, Acts: []v1alpha1.Act{{Pod: evil, Phase: "Refused", Reason: evil}, {Pod: evil, Phase: evil}}}
	s.Notice = &v1alpha1.Notice{Alert: &v1alpha1.Alert{Name: evil, Pod: evil}}
	return r
}

// skeleton are the tags of the same mail with names that do nothing.
func skeleton(d func(string) notice.Digest) []string {
	return tag.FindAllString(Write(d("a"), settings()).HTML, -1)
}

func hostileDigest(evil string) notice.Digest {
	d := digest(firing(hostile(evil), "Critical"), resolved(hostile(evil)))
	d.Namespace, d.NoContact, d.Items[0].Reasons = evil, evil, []string{evil}
	d.To[0].Role = evil
	return d
}

// FuzzHostileNames: whatever processes, pods and roles are called, the message has the
// same headers and the HTML the same tags, and nothing in it is invisible.
func FuzzHostileNames(f *testing.F) {
	for _, evil := range []string{
		"a", "a\r\nBcc: evil@example.org", "\n\n<script>alert(1)</script>", `"><img src=x onerror=1>`, "\u202egnp.exe", "=?utf-8?q?=0d=0aBcc:_x?=", "\xff\xfe",
		"--=_d7f0c2\r\nContent-Type: text/html\r\n\r\nx", strings.Repeat("a", 5000), "\x1b[31m", "日本語", "&lt;b&gt;", "\r\n.\r\nMAIL FROM:<x>", "\u0000", "</pre></td>",
	} {
		f.Add(evil)
	}
	f.Fuzz(func(t *testing.T, evil string) {
		l := Write(hostileDigest(evil), settings())
		for _, text := range []string{l.Subject, l.Text, l.HTML} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("not printable: %q", text)
			}
		}
		if strings.Contains(l.Subject, "\n") || len(l.HTML) > 100_000 {
			t.Errorf("subject %q, %d bytes of HTML", l.Subject, len(l.HTML))
		}
		h := headOf("owner@example.org")
		h.ID, h.Namespace, h.Domain, h.From.Name = evil, evil, evil, evil
		m, _, html := read(t, Message(l, h))
		if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 {
			t.Errorf("To: %v, %v", to, err)
		}
		if _, err := (&mime.WordDecoder{}).DecodeHeader(m.Header.Get("Subject")); err != nil {
			t.Errorf("subject: %v", err)
		}
		shape := func(tags []string) []string {
			// What a command, a link or a container's fix would add depends on the
			// name being one; only tags of our own can be there.
			return slices.Compact(slices.Sorted(slices.Values(tags)))
		}
		known := shape(append(skeleton(hostileDigest), skeleton(func(string) notice.Digest { return samples()["firing"] })...))
		for _, one := range shape(tag.FindAllString(html, -1)) {
			if !slices.Contains(known, one) {
				t.Errorf("a tag that is not ours: %q", one)
			}
		}
		if _, err := json.Marshal(l); err != nil {
			t.Error(err)
		}
	})
}
