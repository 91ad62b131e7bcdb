// Package mailserver runs a real mail server, Debian's Exim, for tests: it takes
// mail on a port of its own, over STARTTLS alone, and delivers it into a folder.
// It needs root, Linux and Debian's apt; nothing is installed, and nothing is sent
// on.
package mailserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/debroot"
	"github.com/initguard/initguard/test/poll"
	"github.com/initguard/initguard/test/selfsigned"
)

// Package is Debian's package.
const Package = "exim4-daemon-light"

const (
	startTimeout = 30 * time.Second
	account      = "Debian-exim" // the user that the program insists on
	accountID    = "101"
)

// Options say what the server is like.
type Options struct {
	// Address is where it listens; empty for 127.0.0.1.
	Address string
	// Name is the DNS name or address that its certificate is for; empty for
	// Address.
	Name string
	// User and Password are the login that it asks for; without a user it takes
	// mail from anybody.
	User, Password string
}

// Server is a mail server that runs. It has no user whose name is nobody, and
// puts off mail for a user whose name is later.
type Server struct {
	// Host and Port are where it listens, CAFile is what its certificate is
	// vouched for by.
	Host   string
	Port   int
	CAFile string

	box     string
	logs    string
	process *process.Process
}

// Start runs one in a group. It ends with the group, or by Stop.
func Start(ctx context.Context, group *process.Group, debian *debroot.Builder, o Options) (*Server, error) {
	root, err := debian.Root(ctx, Package)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(group.Dir, "mailserver-")
	if err != nil {
		return nil, err
	}
	if o.Address == "" {
		o.Address = "127.0.0.1"
	}
	if o.Name == "" {
		o.Name = o.Address
	}
	s := &Server{Host: o.Address, CAFile: filepath.Join(dir, "conf", "ca.crt"), box: filepath.Join(dir, "box"), logs: filepath.Join(dir, "log")}
	if s.Port, err = freePort(o.Address); err != nil {
		return nil, err
	}
	if err := prepare(dir, root.Dir, s, o); err != nil {
		return nil, err
	}
	// A namespace for mounts, over the packages as they are; and one for PIDs, so
	// that what it starts ends with it.
	s.process, err = group.Start(process.Spec{
		Name: filepath.Base(dir), Path: "/usr/bin/unshare", Grace: time.Second, Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
		Args: []string{"--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "/bin/sh", "-ec", script, "sh", dir, root.Dir},
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err = poll.Wait(ctx, 50*time.Millisecond, func() error {
		dialer := net.Dialer{Timeout: time.Second}
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.Host, fmt.Sprint(s.Port)))
		if err != nil {
			return fmt.Errorf("the mail server does not listen: %w\n%s", err, s.Logs(20))
		}
		return conn.Close()
	})
	if err != nil {
		_ = s.process.Stop()
		return nil, err
	}
	return s, nil
}

// script mounts the packages with what is written on top kept in memory, puts in
// what a maintainer script would, and starts the server. It stays, as PID 1 of its
// namespace, with which the server ends: Exim takes another user, and from then on
// the kernel would no longer end it with its parent.
const script = `
mkdir -p "$1/work"
mount -t tmpfs tmpfs "$1/work"
mkdir "$1/work/upper" "$1/work/work" "$1/work/root"
root="$1/work/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/work/upper,workdir=$1/work/work" "$root"
cp "$1/conf/passwd" "$1/conf/group" "$root/etc/"
mkdir -p "$root/etc/mailserver" "$root/var/spool/exim4" "$root/var/box" "$root/var/log/mailserver" "$root/dev"
cp "$1/conf/exim.conf" "$1/conf/tls.crt" "$1/conf/tls.key" "$root/etc/mailserver/"
chmod 0644 "$root/etc/mailserver/exim.conf"
chown -R ` + accountID + ` "$root/etc/mailserver/tls.crt" "$root/etc/mailserver/tls.key" "$root/var/spool/exim4" "$1/box" "$1/log"
mount --bind "$1/log" "$root/var/log/mailserver"
mount --bind "$1/box" "$root/var/box"
mount --bind /dev "$root/dev"
chroot "$root" /usr/sbin/exim4 -C /etc/mailserver/exim.conf -bdf &
wait "$!"
`

func freePort(address string) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// prepare writes the configuration, a certificate and the users.
func prepare(dir, root string, s *Server, o Options) error {
	conf := filepath.Join(dir, "conf")
	for _, d := range []string{conf, s.box, s.logs} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	if _, err := selfsigned.Write(conf, o.Name); err != nil {
		return err
	}
	for name, line := range map[string]string{
		"passwd": account + ":x:" + accountID + ":" + accountID + "::/var/spool/exim4:/usr/sbin/nologin\n",
		"group":  account + ":x:" + accountID + ":\n",
	} {
		text, err := os.ReadFile(filepath.Join(root, "etc", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(conf, name), append(text, line...), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(conf, "exim.conf"), []byte(configuration(s, o)), 0o644)
}

func configuration(s *Server, o Options) string {
	login, ask := "", ""
	if o.User != "" {
		ask = "  require authenticated = *\n"
		login = fmt.Sprintf(`
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
  server_condition = ${if and{{eq{$auth2}{%s}}{eq{$auth3}{%s}}}}
`, o.User, o.Password)
	}
	address := strings.ReplaceAll(s.Host, ":", "::") // a list's separator
	return fmt.Sprintf(`primary_hostname = mail.test
local_interfaces = <; [%s]:%d
daemon_smtp_ports = %d
log_file_path = /var/log/mailserver/%%slog
log_selector = +smtp_protocol_error
keep_environment =
hosts_require_helo =
tls_advertise_hosts = *
tls_certificate = /etc/mailserver/tls.crt
tls_privatekey = /etc/mailserver/tls.key
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  deny message = TLS is needed
    !encrypted = *
%s  deny message = no such user
    local_parts = nobody
  defer message = come again
    local_parts = later
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = /var/box
  maildir_format
  envelope_to_add
  return_path_add
  delivery_date_add
  user = %s
begin authenticators
%s`, address, s.Port, s.Port, ask, account, login)
}

// Stop ends the server. Its mails stay.
func (s *Server) Stop() error { return s.process.Stop() }

// Logs are all that it logged, and the last lines that it printed.
func (s *Server) Logs(lines int) string {
	text := s.process.Logs(lines)
	for _, name := range []string{"mainlog", "rejectlog", "paniclog"} {
		if more, err := os.ReadFile(filepath.Join(s.logs, name)); err == nil {
			text += string(more)
		}
	}
	return text
}

// Mails are those that were delivered, one for each recipient, the oldest first,
// with the headers Return-path, Envelope-to, Delivery-date and Received on top of
// what was sent.
func (s *Server) Mails() ([]string, error) {
	entries, err := filepath.Glob(filepath.Join(s.box, "new", "*"))
	if err != nil {
		return nil, err
	}
	sort.Strings(entries) // their names begin with the time
	var mails []string
	for _, name := range entries {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		mails = append(mails, string(text))
	}
	return mails, nil
}

// Wait waits until there are as many mails, or ctx ends.
func (s *Server) Wait(ctx context.Context, n int) ([]string, error) {
	var mails []string
	err := poll.Wait(ctx, 50*time.Millisecond, func() (err error) {
		if mails, err = s.Mails(); err == nil && len(mails) < n {
			err = fmt.Errorf("%d mails, not %d:\n%s", len(mails), n, s.Logs(20))
		}
		return err
	})
	return mails, err
}
