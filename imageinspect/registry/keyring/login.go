package keyring

import (
	"crypto/sha256"
	"encoding/binary"
)

// Login is one username with its password. Its fields can't be printed, not
// even as a part of something else: fmt follows no function.
type Login struct {
	secret string
	reveal func() (username, password string)
	// id tells logins apart without holding them; see Keyring.ID.
	id   [sha256.Size]byte
	size int
}

func newLogin(secret, username, password string) Login {
	h := sha256.New()
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(username)))
	for _, part := range [][]byte{size[:], []byte(username), []byte(password)} {
		_, _ = h.Write(part) // a hash takes everything
	}
	return Login{
		secret: secret,
		reveal: func() (string, string) { return username, password },
		id:     [sha256.Size]byte(h.Sum(nil)),
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
