package keyring

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Login is one username with its password. Neither can be printed, not even as
// a part of something else: fmt and encoding/json call no function that they
// come across.
type Login struct {
	secret string
	reveal func() (username, password string)
	size   int
}

func newLogin(secret, username, password string) Login {
	return Login{
		secret: secret,
		reveal: func() (string, string) { return username, password },
		size:   len(username) + len(password),
	}
}

// Secret is the name of the Secret that holds the login.
func (l Login) Secret() string { return l.secret }

// Reveal returns the username and the password, for sending them to a registry
// and for nothing else.
func (l Login) Reveal() (username, password string) {
	if l.reveal == nil {
		return "", ""
	}
	return l.reveal()
}

// Empty is true for a login that lets nobody in: container runtimes send none
// without both parts.
func (l Login) Empty() bool {
	username, password := l.Reveal()
	return username == "" || password == ""
}

// String names the login.
func (l Login) String() string { return "login of pull secret " + l.secret }

// GoString is String.
func (l Login) GoString() string { return l.String() }

// MarshalText is String.
func (l Login) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// ID is the same for the same logins in the same order, and tells nothing of
// them to whoever does not know the salt.
func ID(salt string, logins []Login) string {
	h := sha256.New()
	part := func(text string) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		_, _ = h.Write(size[:]) // a hash takes everything
		_, _ = h.Write([]byte(text))
	}
	part(salt)
	for _, l := range logins {
		username, password := l.Reveal()
		part(username)
		part(password)
	}
	return hex.EncodeToString(h.Sum(nil))
}
