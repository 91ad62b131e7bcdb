//go:build !linux

package cluster

import (
	"errors"
	"net"
)

func (n *Node) listenIn(string) (net.Listener, error) {
	return nil, errors.New("a node needs Linux")
}
