package advice

import (
	"strings"
	"testing"
)

// TestWithheld: whatever fits, nothing of argv or of a probe's command is in a
// patch, and what is there is still a patch.
func TestWithheld(t *testing.T) {
	const secret = "hunter2"
	execs := []Exec{
		{Path: "containers[0].readinessProbe", Command: []string{"sh", "-c", "curl -fs http://localhost:8080/" + secret}},
		{Path: "containers[0].livenessProbe", Command: []string{"sh", "-c", "exec pg_isready -U " + secret}},
		{Path: "containers[0].startupProbe", Command: []string{"sh", "-c", "nc -z localhost 4711"}},
		{Path: "containers[0].lifecycle.preStop", Hook: true, Command: []string{"sh", "-c", "sleep 15"}},
	}
	for name, s := range map[string]Situation{
		"command":    {Containers: 2, ContainerPath: "containers[0]", Command: []string{"leaky", secret}, Distribution: "debian"},
		"entrypoint": {Containers: 2, ContainerPath: "containers[0]", Argv: []string{"leaky", secret}, Entrypoint: 1, Distribution: "alpine"},
		"init":       {Containers: 2, ContainerPath: "containers[0]", Argv: []string{"leaky", secret}, Entrypoint: 1, Init: "/sbin/tini"},
		"nothing":    {},
	} {
		t.Run(name, func(t *testing.T) {
			s.Problem, s.Full, s.Withheld, s.Execs = LeavesOrphans, true, true, execs
			s.Forks = func([]string) bool { return true }
			a := For(s)
			var all strings.Builder
			for _, f := range append([]Fix{a.Fix}, a.Others...) {
				for _, p := range f.Patches {
					all.WriteString(p.Text + "\n")
				}
			}
			if text := all.String(); strings.Contains(text, secret) || strings.Contains(text, "4711") || strings.Contains(text, "15") {
				t.Errorf("shows what the container runs:\n%s", text)
			}
			for _, want := range []string{"httpGet:\n    port: PORT", "tcpSocket:", `"--", "<the words of`} {
				if !strings.Contains(all.String(), want) {
					t.Errorf("lacks %q:\n%s", want, all.String())
				}
			}
		})
	}
}
