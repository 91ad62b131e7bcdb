package notify

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/initguard/initguard/configfile"
	"github.com/initguard/initguard/scanner/notify/letter"
)

// TLSMode is how a connection to the mail server is encrypted.
type TLSMode string

// The modes.
const (
	// StartTLS begins in plain text and goes on only once it is encrypted.
	StartTLS TLSMode = "starttls"
	// ImplicitTLS is encrypted from its first byte.
	ImplicitTLS TLSMode = "implicit"
	// NoTLS is not encrypted.
	NoTLS TLSMode = "none"
)

// DefaultPort is the port of a mail server where the file names none.
func DefaultPort(m TLSMode) int {
	return map[TLSMode]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}[m]
}

// AuthMethod is how to log in to the mail server.
type AuthMethod string

// The methods.
const (
	// AuthAuto takes the best that the server offers and that keeps the password
	// from whoever reads along.
	AuthAuto        AuthMethod = "auto"
	AuthPlain       AuthMethod = "plain"
	AuthLogin       AuthMethod = "login"
	AuthCRAMMD5     AuthMethod = "cram-md5"
	AuthSCRAMSHA1   AuthMethod = "scram-sha-1"
	AuthSCRAMSHA256 AuthMethod = "scram-sha-256"
	// AuthXOAUTH2 sends the content of the password file as a bearer token.
	AuthXOAUTH2 AuthMethod = "xoauth2"
)

// UnmarshalText reads a mode of a file.
func (m *TLSMode) UnmarshalText(text []byte) error {
	return oneOf(m, string(text), StartTLS, ImplicitTLS, NoTLS)
}

// UnmarshalText reads a method of a file.
func (a *AuthMethod) UnmarshalText(text []byte) error {
	return oneOf(a, string(text), AuthAuto, AuthPlain, AuthLogin, AuthCRAMMD5, AuthSCRAMSHA1, AuthSCRAMSHA256, AuthXOAUTH2)
}

// oneOf takes over a word, if it is one of those.
func oneOf[T ~string](to *T, word string, words ...T) error {
	if !slices.Contains(words, T(word)) {
		list := make([]string, len(words))
		for i, w := range words {
			list[i] = string(w)
		}
		return fmt.Errorf("%q must be one of %s", word, strings.Join(list, ", "))
	}
	*to = T(word)
	return nil
}

// MailSettings are the section mail of the responder's configuration.
type MailSettings struct {
	// Host is the mail server. Empty: no mail is sent. Default: empty.
	Host string `yaml:"host"`
	// Port is its port. From 1 to 65,535. Default: 587, with implicit TLS 465,
	// without TLS 25.
	Port int `yaml:"port"`
	// TLS is starttls, implicit or none. Default: starttls, which is required:
	// nothing is said to a server that does not offer it.
	TLS TLSMode `yaml:"tls"`
	// CAFile is certificates in PEM that vouch for the server beside the
	// system's; read for each mail. Default: none.
	CAFile string `yaml:"caFile"`
	// Auth is auto, plain, login, cram-md5, scram-sha-1, scram-sha-256 or xoauth2.
	// Used where there is a UserFile. Default: auto.
	Auth AuthMethod `yaml:"auth"`
	// UserFile and PasswordFile hold the login, each one line; read for each
	// mail. Default: none, which stands for no login.
	UserFile     string `yaml:"userFile"`
	PasswordFile string `yaml:"passwordFile"`
	// From is whom mails are from: ADDRESS or NAME <ADDRESS>. Required with Host.
	From string `yaml:"from"`
	// ReplyTo is whom answers go to, in the same form. Default: From.
	ReplyTo string `yaml:"replyTo"`
	// EnvelopeFrom is the address to which mails come back that can't be
	// delivered. Default: that of From.
	EnvelopeFrom string `yaml:"envelopeFrom"`
	// HelloName is what the responder calls itself before the server. Default: the
	// domain of From.
	HelloName string `yaml:"helloName"`
	// MessageIDDomain stands behind the @ of Message-ID. Keep it the same: it is
	// how mail programs know a mail that was sent twice, and a thread. Default: the
	// domain of From.
	MessageIDDomain string `yaml:"messageIDDomain"`
	// ClusterName is how people call this cluster, in subject and text. Default:
	// empty, which says nothing.
	ClusterName string `yaml:"clusterName"`
	// FixesURL is the folder of pages that mails point to: https, without query or
	// fragment. Empty: mails hold no URL. Default: DefaultFixesURL.
	FixesURL string `yaml:"fixesURL"`
	// Timeout is how long the server may take for one answer. From 1s to 5m.
	// Default: 30s.
	Timeout time.Duration `yaml:"timeout"`
	// PerMinute is how many mails are sent a minute, at most. From 1 to 6,000.
	// Default: 60.
	PerMinute int `yaml:"perMinute"`
	// Queue is how many mails may wait; QueueMiB is about how much memory they
	// may take. From 1 to 100,000 and to 1,024. Default: 1,000 and 16.
	Queue    int `yaml:"queue"`
	QueueMiB int `yaml:"queueMiB"`
	// RetryFor is how long a mail is tried again. From 1m to 168h. Default: 24h.
	RetryFor time.Duration `yaml:"retryFor"`
}

// DefaultFixesURL is where mails point to unless the file says otherwise.
const DefaultFixesURL = "https://github.com/initguard/initguard/blob/main/docs/fixes/"

// DefaultMail are the settings of a file that says nothing about mail: none is
// sent.
func DefaultMail() MailSettings {
	return MailSettings{
		TLS: StartTLS, Auth: AuthAuto, FixesURL: DefaultFixesURL, Timeout: 30 * time.Second, PerMinute: 60, Queue: 1000, QueueMiB: 16,
		RetryFor: 24 * time.Hour,
	}
}

// EventSettings are the section events of the responder's configuration.
type EventSettings struct {
	// Enabled has an Event written on each workload that a digest tells of.
	// Default: true.
	Enabled bool `yaml:"enabled"`
	// PerSecond is how many are written a second, at most. From 1 to 100.
	// Default: 5.
	PerSecond int `yaml:"perSecond"`
	// Queue is how many digests may wait. From 1 to 100,000. Default: 1,000.
	Queue int `yaml:"queue"`
}

// DefaultEvents are the settings of a file that says nothing about Events.
func DefaultEvents() EventSettings { return EventSettings{Enabled: true, PerSecond: 5, Queue: 1000} }

// Fault is one mistake in a section: the path of the field below it, and what is
// wrong and to be done.
type Fault struct{ Path, Text string }

// faults gathers mistakes.
type faults []Fault

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, Fault{path, fmt.Sprintf(format, args...)})
}

func (f *faults) atMost(path string, n, most int) {
	if n < 1 || n > most {
		f.add(path, "%d must be from 1 to %d", n, most)
	}
}

func (f *faults) within(path string, d, least, most time.Duration) {
	if d < least || d > most {
		f.add(path, "%s must be from %s to %s", d, least, most)
	}
}

// Validate says what can't be meant.
func (s EventSettings) Validate() []Fault {
	var f faults
	f.atMost("perSecond", s.PerSecond, 100)
	f.atMost("queue", s.Queue, 100_000)
	return f
}

// Validate says what can't be meant. Settings without a host are those of
// somebody who wants no mail, or forgot it.
func (s MailSettings) Validate() []Fault {
	var f faults
	if s.Host == "" {
		if s.From != "" || s.UserFile != "" || s.Port != 0 {
			f.add("host", "is empty, so that no mail is sent, but from, userFile or port is set; name the mail server")
		}
		return f
	}
	f.server(s)
	f.login(s)
	f.letters(s)
	f.within("timeout", s.Timeout, time.Second, 5*time.Minute)
	f.within("retryFor", s.RetryFor, time.Minute, 168*time.Hour)
	f.atMost("perMinute", s.PerMinute, 6000)
	f.atMost("queue", s.Queue, 100_000)
	f.atMost("queueMiB", s.QueueMiB, 1024)
	return f
}

func (f *faults) server(s MailSettings) {
	if _, err := netip.ParseAddr(s.Host); err != nil && !letter.Deliverable("a@"+s.Host) {
		f.add("host", "%q is no host name or address; the port goes into mail.port", s.Host)
	}
	if s.Port < 0 || s.Port > 65535 {
		f.add("port", "%d must be from 1 to 65535", s.Port)
	}
	if err := s.TLS.UnmarshalText([]byte(s.TLS)); err != nil {
		f.add("tls", "%s", err)
	}
	if s.TLS == NoTLS && s.CAFile != "" {
		f.add("caFile", "is set, but tls is none: there is no certificate to look at")
	}
	if s.HelloName != "" && !letter.Deliverable("a@"+s.HelloName) {
		f.add("helloName", "%q is no host name", s.HelloName)
	}
}

// readable are the methods that show the password to whoever reads along.
func readable() []AuthMethod { return []AuthMethod{AuthPlain, AuthLogin, AuthXOAUTH2} }

func (f *faults) login(s MailSettings) {
	if err := s.Auth.UnmarshalText([]byte(s.Auth)); err != nil {
		f.add("auth", "%s", err)
	}
	switch {
	case s.UserFile == "" && s.PasswordFile != "":
		f.add("userFile", "is missing beside passwordFile")
	case s.UserFile != "" && s.PasswordFile == "":
		f.add("passwordFile", "is missing beside userFile")
	case s.UserFile == "" && s.Auth != AuthAuto:
		f.add("auth", "%s is set, but there is no userFile to log in with", s.Auth)
	}
	if s.TLS == NoTLS && s.UserFile != "" && slices.Contains(readable(), s.Auth) {
		f.add("auth", "%s sends the password readable, and tls is none; use starttls or implicit", s.Auth)
	}
}

func (f *faults) letters(s MailSettings) {
	if s.From == "" {
		f.add("from", "is required beside host")
	} else if _, err := mailbox(s.From); err != nil {
		f.add("from", "%q %s", s.From, err)
	}
	if s.ReplyTo != "" {
		if _, err := mailbox(s.ReplyTo); err != nil {
			f.add("replyTo", "%q %s", s.ReplyTo, err)
		}
	}
	if s.EnvelopeFrom != "" && !letter.Deliverable(s.EnvelopeFrom) {
		f.add("envelopeFrom", "%q is no mail address without a name", s.EnvelopeFrom)
	}
	if s.MessageIDDomain != "" && !letter.Deliverable("a@"+s.MessageIDDomain) {
		f.add("messageIDDomain", "%q is no domain", s.MessageIDDomain)
	}
	if strings.ContainsFunc(s.ClusterName, unusable) || len(s.ClusterName) > 63 {
		f.add("clusterName", "%q must be one line of at most 63 bytes", s.ClusterName)
	}
	if fault := urlFault(s.FixesURL); fault != "" {
		f.add("fixesURL", "%q %s", s.FixesURL, fault)
	}
}

// Check notes what can't be meant. at is the section's path.
func (s MailSettings) Check(r *configfile.Report, at string) { reject(r, at, s.Validate()) }

// Check notes what can't be meant. at is the section's path.
func (s EventSettings) Check(r *configfile.Report, at string) { reject(r, at, s.Validate()) }

func reject(r *configfile.Report, at string, all []Fault) {
	for _, f := range all {
		r.Reject(at+"."+f.Path, "%s", f.Text)
	}
}

func unusable(r rune) bool { return !unicode.IsPrint(r) }

func urlFault(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		return `must be an https URL, or "" for mails without URLs`
	case u.User != nil || strings.ContainsAny(s, "?#") || !strings.HasSuffix(s, "/"):
		return "must end in / and have no user, query or fragment: page names are put after it"
	case len(s) > 200 || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }):
		return "must be at most 200 characters of printable ASCII"
	}
	return ""
}

// mailbox reads an address, with a name or without.
func mailbox(s string) (mail.Address, error) {
	if strings.ContainsFunc(s, unusable) {
		return mail.Address{}, errNoMailbox
	}
	a, err := mail.ParseAddress(s)
	if err != nil || !letter.Deliverable(a.Address) {
		return mail.Address{}, errNoMailbox
	}
	return *a, nil
}
