package node

import (
	"net"
	"sync"
)

// maxConnections is far more than the replicas of a responder open. It bounds
// what strangers can take.
const maxConnections = 32

// Limit has a listener accept as many connections at a time as a scanner needs;
// others wait.
func Limit(l net.Listener) net.Listener { return LimitTo(l, maxConnections) }

// LimitTo has a listener accept most connections at a time; others wait.
func LimitTo(l net.Listener, most int) net.Listener {
	return &limited{Listener: l, slots: make(chan struct{}, most), done: make(chan struct{})}
}

type limited struct {
	net.Listener
	slots chan struct{}
	once  sync.Once
	done  chan struct{} // closed with the listener
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slot{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// slot frees its place when it is closed.
type slot struct {
	net.Conn
	free func()
}

func (s *slot) Close() error {
	defer s.free()
	return s.Conn.Close()
}
