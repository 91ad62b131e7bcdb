package cluster

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// listenIn listens on a loopback address of the node.
func (n *Node) listenIn(address string) (listener net.Listener, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The thread stays in the node's network, so it must end with the
		// goroutine: it is never unlocked.
		runtime.LockOSThread()
		var space *os.File
		if space, err = os.Open("/proc/" + strconv.Itoa(n.PID) + "/ns/net"); err != nil {
			return
		}
		defer space.Close() //nolint:errcheck // only read from
		if _, _, errno := syscall.RawSyscall(sysSetns, space.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
			err = fmt.Errorf("enter the node's network: %w", errno)
			return
		}
		listener, err = net.Listen("tcp", address)
	}()
	<-done
	return listener, err
}
