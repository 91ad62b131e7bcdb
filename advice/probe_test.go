package advice_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/advice"
)

// forks is true for what a test's pod calls by a name that may start others.
func forks(command []string) bool {
	name := path.Base(command[0])
	return slices.Contains([]string{"sh", "bash", "timeout", "python3"}, name) || strings.HasSuffix(name, ".sh")
}

func sh(text string) []string { return []string{"/bin/sh", "-c", text} }

const (
	generic = "httpGet, tcpSocket, grpc or one plain program"
	direct  = "its program without a shell"
	http    = "httpGet in place of exec"
	tcp     = "tcpSocket in place of exec"
	grpc    = "grpc in place of exec"
	sleep   = "sleep in place of exec"
)

type probeTest struct {
	command []string
	change  string
	// patch is what the patch says, its lines joined; empty for none.
	patch string
}

func probeTests() []probeTest {
	return []probeTest{
		// HTTP
		{sh("curl -f http://localhost:8080/ready"), http, "httpGet: port: 8080 path: /ready"},
		{sh("curl -fsS -o /dev/null -m 5 https://127.0.0.1/ || exit 1"), http, "httpGet: scheme: HTTPS port: 443 path: /"},
		{sh("exec curl --fail --silent localhost"), http, "httpGet: port: 80 path: /"},
		{sh("curl -sf 'http://localhost:8080/ready?full=1' > /dev/null 2>&1"), http, `httpGet: port: 8080 path: "/ready?full=1"`},
		{sh("curl -fk 'https://[::1]:8443/a'"), http, "httpGet: scheme: HTTPS port: 8443 path: /a"},
		{sh("wget -qO- http://localhost:3000/health"), http, "httpGet: port: 3000 path: /health"},
		{sh("wget --quiet --tries=1 --spider http://localhost:3000/health || false"), http, "httpGet: port: 3000 path: /health"},
		{sh("wget -q -T 3 -O /dev/null localhost:3000"), http, "httpGet: port: 3000 path: /"},
		{[]string{"timeout", "3", "curl", "-f", "localhost:80/"}, http, "httpGet: port: 80 path: / timeoutSeconds: 3"},
		{[]string{"busybox", "sh", "-c", "wget -qO- localhost:80/x"}, http, "httpGet: port: 80 path: /x"},
		// The kind alone.
		{sh("curl http://localhost:8080/ready"), http, ""},
		{sh("wget http://localhost:8080/ready"), http, ""},
		{sh("curl -s localhost:8080/ready | grep ok"), http, ""},
		{sh("test $(curl -s -o /dev/null -w '%{http_code}' localhost:8080) = 200"), http, ""},
		{sh("curl -f http://localhost:$PORT/ready"), http, ""},
		{sh("nc -z localhost $PORT"), tcp, ""},
		// No kind of probe would do, or it can't be told.
		{sh("curl -f http://db:8080/ready"), generic, ""},
		{sh("curl -f http://user:secret@localhost/"), generic, ""},
		{sh("curl -XPOST -f http://localhost/"), generic, ""},
		{sh("curl -s -d x localhost:80 | grep ok"), generic, ""},
		{sh("curl -f -H 'Host: a' localhost"), generic, ""},
		{sh("curl -f localhost:80/a localhost:80/b"), generic, ""},
		{sh("curl -f localhost:99999/"), generic, ""},
		{sh("curl -f ftp://localhost/"), generic, ""},
		{sh("curl -s localhost:80 && nc -z localhost 80"), generic, ""},
		{sh("curl -f localhost:80/ &"), http, ""},
		{sh("! curl -f localhost:80/"), http, ""},
		{sh("curl -f localhost:80/ > /tmp/x"), http, ""},
		{sh("((("), generic, ""},
		{sh(""), generic, ""},
		{sh(strings.Repeat("x", 5000)), generic, ""},
		{nil, generic, ""},
		{[]string{"sh"}, generic, ""},
		{[]string{"sh", "-x", "-c", "true"}, generic, ""},
		{[]string{"python3", "/probe.py"}, generic, ""},
		{[]string{"/opt/ready.sh"}, generic, ""},
		// TCP and gRPC
		{sh("nc -z localhost 5432"), tcp, "tcpSocket: port: 5432"},
		{sh("nc -zv -w 2 127.0.0.1 5432"), tcp, "tcpSocket: port: 5432"},
		{sh("nc -zw2 localhost 5432"), generic, ""},
		{sh("nc -zu localhost 53"), generic, ""},
		{sh("nc -z db 5432"), generic, ""},
		{sh("grpc_health_probe -addr=:5000"), grpc, "grpc: port: 5000"},
		{sh("/bin/grpc_health_probe -addr localhost:5000 --service=a.B"), grpc, `grpc: port: 5000 service: "a.B"`},
		{sh("grpc_health_probe -addr=:5000 -tls"), generic, ""},
		// One program.
		{sh("pg_isready -U postgres"), direct, `exec: command: ["pg_isready", "-U", "postgres"]`},
		{sh("exec redis-cli ping"), direct, `exec: command: ["redis-cli", "ping"]`},
		{[]string{"timeout", "5", "pg_isready"}, direct, `exec: command: ["pg_isready"] timeoutSeconds: 5`},
		{sh("cat '/tmp/my file'"), direct, `exec: command: ["cat", "/tmp/my file"]`},
		{sh(`pg_isready -U "$POSTGRES_USER"`), generic, ""},
		{sh("test -f /tmp/ready"), generic, ""},
		{sh("/opt/ready.sh"), generic, ""},
		{sh("/opt/ready"), generic, ""},
		{sh("ls /tmp/*"), generic, ""},
		{sh("A=1 pg_isready"), generic, ""},
		{sh("pg_isready; true"), generic, ""},
		{sh("sleep 5"), generic, ""},
	}
}

func TestProbes(t *testing.T) {
	for _, test := range probeTests() {
		check(t, advice.Exec{Path: "containers[0].readinessProbe", Command: test.command}, test)
	}
}

func TestHooks(t *testing.T) {
	for _, test := range []probeTest{
		{sh("sleep 15"), sleep, "sleep: seconds: 15"},
		{sh("exec sleep 15"), sleep, "sleep: seconds: 15"},
		{sh("sleep 5 && nginx -s quit"), generic, ""},
		{sh("sleep $N"), generic, ""},
		{sh("nginx -s quit"), direct, `exec: command: ["nginx", "-s", "quit"]`},
		{sh("curl -f localhost:80/drain"), http, "httpGet: port: 80 path: /drain"},
		{sh("curl -s localhost:80/drain | tee /log"), generic, ""},
		{sh("nc -z localhost 80"), generic, ""},
		{[]string{"timeout", "5", "nginx", "-s", "quit"}, direct, ""},
	} {
		check(t, advice.Exec{Path: "containers[0].lifecycle.preStop", Hook: true, Command: test.command}, test)
	}
}

func check(t *testing.T, e advice.Exec, want probeTest) {
	t.Helper()
	a := advice.For(advice.Situation{Problem: advice.LeavesOrphans, MustBePID1: true, Full: true, Forks: forks, Execs: []advice.Exec{e}})
	if a.Path != e.Path || a.Change != want.change {
		t.Errorf("%q: %s: %s, want %s", e.Command, a.Path, a.Change, want.change)
	}
	got := ""
	for _, p := range a.Patches {
		_, rest, _ := strings.Cut(p.Text, "\n") // the field, with a comment
		got = strings.Join(strings.Fields(rest), " ")
	}
	if got != want.patch {
		t.Errorf("%q: patch %q, want %q", e.Command, got, want.patch)
	}
}

// FuzzProbe: no command makes the advice panic, or say more than one line, or
// anything of the command outside of a patch.
func FuzzProbe(f *testing.F) {
	for _, test := range probeTests() {
		f.Add(strings.Join(test.command, "\x00"), false)
	}
	f.Fuzz(func(t *testing.T, command string, hook bool) {
		e := advice.Exec{Path: "containers[0].livenessProbe", Hook: hook, Command: strings.Split(command, "\x00")}
		a := advice.For(advice.Situation{Problem: advice.LeavesOrphans, MustBePID1: true, Full: true, Forks: forks, Execs: []advice.Exec{e}})
		if !slices.Contains([]string{generic, direct, http, tcp, grpc, sleep}, a.Change) {
			t.Errorf("%q: change %q", command, a.Change)
		}
		for _, p := range a.Patches {
			if p.Text == "" || len(strings.Split(p.Text, "\n")) > 6 {
				t.Errorf("%q: patch %q", command, p.Text)
			}
		}
	})
}
