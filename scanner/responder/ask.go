package responder

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/initguard/initguard/scanner/node"
)

// A Target is a scanner to ask.
type Target struct {
	Node string
	// Address is host:port, Pod the UID of the scanner's pod: another pod is
	// another scanner, whatever the address.
	Address, Pod string
}

// An Asker asks a node's scanner.
type Asker interface {
	Ask(ctx context.Context, t Target) (node.Answer, error)
}

// ServerName is the DNS name that scanners have in their certificate.
const ServerName = "initguard-scanner"

const (
	dialTimeout = 3 * time.Second
	askTimeout  = 10 * time.Second
	// An answer has a few KiB. More than smallAnswer is read from so many nodes
	// at a time only, which bounds the memory that nodes can make this process
	// take.
	smallAnswer = 256 << 10
	bigAnswers  = 2
)

// errNoReport is that of a scanner that has nothing to tell yet.
var errNoReport = errors.New("has no report yet")

// Client asks scanners over TLS. It opens a connection for each request: 5,000
// open ones would take far more than a handshake a minute costs.
type Client struct {
	http *http.Client
	big  chan struct{}
}

// NewClient makes a client that has current give the TLS configuration of each
// connection; it is not changed afterwards.
func NewClient(current func() *tls.Config) *Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	transport := &http.Transport{
		DisableKeepAlives: true, Proxy: nil, MaxResponseHeaderBytes: 64 << 10,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			config := current()
			if config == nil {
				return nil, errors.New("no certificate yet")
			}
			return (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, network, address)
		},
	}
	return &Client{
		big: make(chan struct{}, bigAnswers),
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Ask asks one scanner, in ten seconds at most.
func (c *Client) Ask(ctx context.Context, t Target) (node.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+t.Address+node.ReportPath, http.NoBody)
	if err != nil {
		return node.Answer{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return node.Answer{}, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusServiceUnavailable:
		return node.Answer{}, errNoReport
	default:
		return node.Answer{}, fmt.Errorf("scanner of node %s: %s", t.Node, response.Status)
	}
	body := &bounded{ctx: ctx, from: response.Body, big: c.big}
	defer body.release()
	return decode(body)
}

// bounded reads a body; beyond smallAnswer it waits for its turn.
type bounded struct {
	ctx  context.Context //nolint:containedctx // it lives as long as the request
	from io.Reader
	big  chan struct{}
	read int
	held bool
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.read >= smallAnswer && !b.held {
		select {
		case b.big <- struct{}{}:
			b.held = true
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
	n, err := b.from.Read(p)
	b.read += n
	return n, err
}

func (b *bounded) release() {
	if b.held {
		<-b.big
	}
}
