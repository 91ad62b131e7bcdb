package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/test/poll"
	"github.com/initguard/initguard/test/selfsigned"
)

// received is a mail as a server got it.
type received struct {
	from, user string
	to         []string
	data       string
	encrypted  bool
}

// mailServer is a mail server of another make.
type mailServer struct {
	host string
	port int
	ca   string

	mu    sync.Mutex
	mails []received
	// rcpt and data answer, where they are set.
	rcpt func(address string, n int) error
	data func(n int) error
	n    int // sessions that came to DATA
	seen map[string]int
	pass string
}

func (s *mailServer) got() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

type serverSession struct {
	server *mailServer
	conn   *gosmtp.Conn
	mail   received
}

func (s *serverSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *serverSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		if password != s.server.pass {
			return gosmtp.ErrAuthFailed
		}
		s.mail.user = user
		return nil
	}), nil
}

func (s *serverSession) Mail(from string, _ *gosmtp.MailOptions) error {
	_, s.mail.encrypted = s.conn.TLSConnectionState()
	s.mail.from = from
	return nil
}

func (s *serverSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.seen[to]++
	if s.server.rcpt != nil {
		if err := s.server.rcpt(to, s.server.seen[to]); err != nil {
			return err
		}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *serverSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.n++
	if s.server.data != nil {
		if err := s.server.data(s.server.n); err != nil {
			return err
		}
	}
	s.mail.data = string(text)
	s.server.mails = append(s.server.mails, s.mail)
	return nil
}

func (s *serverSession) Reset()        { s.mail.to, s.mail.data = nil, "" }
func (s *serverSession) Logout() error { return nil }

// serve starts a mail server on a port of its own.
func serve(t *testing.T, mode TLSMode) *mailServer {
	t.Helper()
	dir := t.TempDir()
	certificate, err := selfsigned.Write(dir, "localhost")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{host: "localhost", ca: filepath.Join(dir, "ca.crt"), seen: make(map[string]int), pass: "secret"}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) { return &serverSession{server: s, conn: c}, nil }))
	server.Domain, server.ErrorLog = "localhost", quiet{}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	l := listen(t)
	s.port = l.Addr().(*net.TCPAddr).Port
	switch mode {
	case StartTLS:
		server.TLSConfig = config
	case ImplicitTLS:
		l = tls.NewListener(l, config)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func (s *mailServer) settings(mode TLSMode) MailSettings {
	m := DefaultMail()
	m.Host, m.Port, m.TLS, m.From, m.PerMinute, m.Timeout = s.host, s.port, mode, "initguard <initguard@example.org>", 6000, 5*time.Second
	if mode != NoTLS {
		m.CAFile = s.ca
	}
	return m
}

// logs keeps what was logged.
type logs struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

// rig is a channel that runs.
type rig struct {
	mail    *Mail
	log     *logs
	metrics *prometheus.Registry
}

// start runs a channel whose waits are short.
func start(t *testing.T, s MailSettings, change ...func(*Mail)) *rig {
	t.Helper()
	r := &rig{log: &logs{}, metrics: prometheus.NewRegistry()}
	counts, err := NewMetrics(r.metrics)
	if err != nil {
		t.Fatal(err)
	}
	r.mail, err = NewMail(MailOptions{Settings: s, Metrics: counts, Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.mail.again, r.mail.againMost, r.mail.pause, r.mail.pauseMost = time.Millisecond, 20*time.Millisecond, time.Millisecond, 20*time.Millisecond
	for _, f := range change {
		f(r.mail)
	}
	runs(t, r.mail.Run)
	return r
}

func runs(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("Run does not end with its context")
		}
	})
}

// results waits for a number of results.
func results(t *testing.T, c notice.Channel, n int) []notice.Result {
	t.Helper()
	var all []notice.Result
	poll.Until(t, 2*time.Millisecond, 30*time.Second, "results", func() error {
		if all = append(all, c.Told()...); len(all) < n {
			return errors.New("too few")
		}
		return nil
	})
	return all
}

// counter is the value of a series.
func (r *rig) counter(t *testing.T, name, label string) float64 {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return 0
}

func digest(id string, to ...string) notice.Digest {
	since := metav1.NewTime(time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC))
	r := &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "deployment-web", UID: "r-1"},
		Status: v1alpha1.ZombieReportStatus{
			Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "web"}, FirstSeen: since, LastSeen: since,
			Summary: v1alpha1.Summary{Pods: 1, Zombies: 341, Cause: "PID1NotReaping", Parent: "node"},
			Pods: []v1alpha1.Pod{{Name: "web-0", UID: "u-0", Zombies: 341, OldestSince: since, Containers: []v1alpha1.Container{{
				Name: "app", Zombies: 341, OldestSince: since, Causes: []v1alpha1.Cause{{
					Cause: "PID1NotReaping", Parent: "node", ParentPID: 1, Parents: 1, Zombies: 341, OldestSince: since, Children: []v1alpha1.Children{{Name: "sh", Count: 341}},
				}},
			}}}},
		},
	}
	d := notice.Digest{ID: id, Namespace: "shop", At: since.Time, Severity: "Critical", Items: []notice.Item{{Report: r, Kind: notice.KindFiring, Severity: "Critical", Since: since.Time}}}
	for _, a := range to {
		d.To = append(d.To, notice.Contact{Role: "technical-lead", Address: a})
	}
	return d
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func lacks(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}
