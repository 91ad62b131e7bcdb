package notify

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// maxFile bounds a file with a login or certificates, in bytes.
const maxFile = 1 << 20

// readFile reads a small file.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err //nolint:wrapcheck // It names the file.
	}
	defer f.Close() //nolint:errcheck // only read from
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err //nolint:wrapcheck // It names the file.
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxFile)
	}
	return text, nil
}

// word is the one line of a file.
func word(name string) (string, error) {
	text, err := readFile(name)
	if err != nil {
		return "", err
	}
	text = bytes.TrimRight(text, "\r\n")
	switch {
	case len(text) == 0:
		return "", fmt.Errorf("%s is empty", name)
	case bytes.ContainsAny(text, "\r\n\x00"):
		return "", fmt.Errorf("%s has more than one line", name)
	}
	return string(text), nil
}

// tlsConfig trusts the system's authorities and those of the CA file.
func (s MailSettings) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.CAFile == "" {
		return c, nil
	}
	text, err := readFile(s.CAFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a container without any
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", s.CAFile)
	}
	c.RootCAs = pool
	return c, nil
}

var errNoMethod = errors.New("the server offers no login that can be used here")

// login is the way to log in to a server that offers some methods; state is nil
// without TLS.
func (s MailSettings) login(offered string, state *tls.ConnectionState) (smtp.Auth, error) {
	user, err := word(s.UserFile)
	if err != nil {
		return nil, err
	}
	password, err := word(s.PasswordFile)
	if err != nil {
		return nil, err
	}
	methods := strings.Fields(strings.ToUpper(offered))
	may := func(m string) bool { return slices.Contains(methods, m) }
	encrypted := state != nil
	want := s.Auth
	if want == AuthAuto {
		for _, m := range []AuthMethod{AuthSCRAMSHA256, AuthSCRAMSHA1, AuthPlain, AuthLogin, AuthCRAMMD5} {
			if may(strings.ToUpper(string(m))) && (encrypted || !slices.Contains(readable(), m)) {
				want = m
				break
			}
		}
	}
	if !may(strings.ToUpper(string(want))) {
		return nil, fmt.Errorf("%w: wanted %s, offered %q", errNoMethod, want, printable(offered))
	}
	switch want {
	case AuthPlain:
		return smtp.PlainAuth("", user, password, s.Host, false), nil
	case AuthLogin:
		return smtp.LoginAuth(user, password, s.Host, false), nil
	case AuthCRAMMD5:
		return smtp.CRAMMD5Auth(user, password), nil
	case AuthSCRAMSHA1:
		if encrypted && may("SCRAM-SHA-1-PLUS") {
			return smtp.ScramSHA1PlusAuth(user, password, state), nil
		}
		return smtp.ScramSHA1Auth(user, password), nil
	case AuthSCRAMSHA256:
		if encrypted && may("SCRAM-SHA-256-PLUS") {
			return smtp.ScramSHA256PlusAuth(user, password, state), nil
		}
		return smtp.ScramSHA256Auth(user, password), nil
	case AuthXOAUTH2:
		return smtp.XOAuth2Auth(user, password), nil
	default:
		return nil, errNoMethod
	}
}
