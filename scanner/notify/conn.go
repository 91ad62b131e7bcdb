package notify

import (
	"errors"
	"net"
	"time"
)

// errTooMuch is what a server that talks without end is answered with.
var errTooMuch = errors.New("the server sent more than a mail server has to say")

// maxAnswers bounds all that a server says in one session, in bytes: the client
// keeps a line in memory however long it is.
const maxAnswers = 1 << 20

// guarded is a connection on which nothing takes longer than patience, and
// nothing at all goes on past end.
type guarded struct {
	net.Conn

	patience time.Duration
	end      time.Time
	read     int
}

// Read reads, within the bounds.
func (g *guarded) Read(p []byte) (int, error) {
	if g.read > maxAnswers {
		return 0, errTooMuch
	}
	if err := g.SetReadDeadline(g.until()); err != nil {
		return 0, err //nolint:wrapcheck // It stands for the connection.
	}
	n, err := g.Conn.Read(p)
	g.read += n
	return n, err //nolint:wrapcheck // It stands for the connection.
}

// Write writes, within the bounds.
func (g *guarded) Write(p []byte) (int, error) {
	if err := g.SetWriteDeadline(g.until()); err != nil {
		return 0, err //nolint:wrapcheck // It stands for the connection.
	}
	return g.Conn.Write(p) //nolint:wrapcheck // It stands for the connection.
}

func (g *guarded) until() time.Time {
	if t := time.Now().Add(g.patience); t.Before(g.end) {
		return t
	}
	return g.end
}
