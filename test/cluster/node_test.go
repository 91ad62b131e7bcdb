package cluster

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestNetworksDontOverlap(t *testing.T) {
	seen := make(map[string]bool)
	for i := range networks {
		n := numbered(i)
		const longestLink = 15
		if len(n.link) > longestLink {
			t.Errorf("%s is too long for a link", n.link)
		}
		for _, cidr := range []string{n.host + "/30", n.node + "/30", n.pods, n.services} {
			if _, _, err := net.ParseCIDR(cidr); err != nil {
				t.Error(err)
			}
			if seen[cidr] {
				t.Errorf("%s occurs twice", cidr)
			}
			seen[cidr] = true
		}
		_, services, err := net.ParseCIDR(n.services)
		if err != nil || !services.Contains(net.ParseIP(n.firstIP)) {
			t.Errorf("%s is not in %s", n.firstIP, n.services)
		}
	}
}

func TestCheckPlaceRefusesHiddenFolders(t *testing.T) {
	for _, dir := range []string{"/run/user/0/c", "/var/lib/jenkins/.cache/c", "/var/log/c"} {
		if err := visible(dir); err == nil || !strings.Contains(err.Error(), "XDG_CACHE_HOME") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if err := visible("/root/.cache/initguard/clusters/c"); err != nil {
		t.Error(err)
	}
}

func TestForward(t *testing.T) {
	echo := listen(t)
	go func() {
		c, err := echo.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(c, c)
		_ = c.Close()
	}()
	front := listen(t)
	var f forwarder
	f.serve(front, echo.Addr().String())
	c, err := net.DialTimeout("tcp", front.Addr().String(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // only a test's
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := f.close(); err != nil {
		t.Error(err)
	}
	if c, err := net.DialTimeout("tcp", front.Addr().String(), time.Second); err == nil {
		_ = c.Close()
		t.Error("it still listens after close")
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
