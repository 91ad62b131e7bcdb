package advice_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/initguard/initguard/advice"
)

// TestPagesExist: a warning must never point to a page that isn't there, and no
// page may be one that nothing points to.
func TestPagesExist(t *testing.T) {
	entries, err := os.ReadDir("../docs/fixes")
	if err != nil {
		t.Fatal(err)
	}
	there := map[advice.Page]bool{}
	for _, e := range entries {
		there[advice.Page(e.Name())] = true
	}
	for _, p := range advice.Pages() {
		if !there[p] {
			t.Errorf("docs/fixes/%s is missing", p)
		}
		delete(there, p)
	}
	for p := range there {
		t.Errorf("docs/fixes/%s: nothing points to it", p)
	}
}

// pod is a pod of one container whose PID 1 does not reap.
func pod() advice.Situation {
	return advice.Situation{
		Problem: advice.LeavesOrphans, Containers: 1, ContainerPath: "containers[0]",
		Argv: []string{"node", "server.js"},
	}
}

func with(s advice.Situation, change func(*advice.Situation)) advice.Situation {
	change(&s)
	return s
}

// said are the fixes as "kind: path: change".
func said(a advice.Advice) []string {
	var out []string
	if a.Kind == "" {
		return out
	}
	for _, f := range append([]advice.Fix{a.Fix}, a.Others...) {
		out = append(out, string(f.Kind)+": "+f.Path+": "+f.Change)
	}
	return out
}

func TestFor(t *testing.T) {
	tests := []struct {
		name string
		in   advice.Situation
		want []string
	}{
		{"nothing wrong", advice.Situation{Containers: 1}, nil},
		{"one container", pod(), []string{
			"share-pid: shareProcessNamespace: true", "init: containers[0].image: tini as its ENTRYPOINT",
		}},
		{"harmed", with(pod(), func(s *advice.Situation) { s.Problem = advice.HarmedByOrphans }), []string{
			"share-pid: shareProcessNamespace: true", "init: containers[0].image: tini as its ENTRYPOINT",
		}},
		{"two containers", with(pod(), func(s *advice.Situation) { s.Containers = 2 }), []string{
			"init: containers[0].image: tini as its ENTRYPOINT",
		}},
		{"opted out", with(pod(), func(s *advice.Situation) { s.OptedOut, s.Distribution = true, "debian" }), []string{
			"init: containers[0].image: tini (apt-get) as its ENTRYPOINT",
		}},
		{"kill 1", with(pod(), func(s *advice.Situation) { s.NamesPID1, s.Distribution = true, "opensuse-leap" }), []string{
			"init: containers[0].image: catatonit (zypper) as its ENTRYPOINT",
		}},
		{"command of the pod", with(pod(), func(s *advice.Situation) { s.Containers, s.Command = 2, []string{"node"} }), []string{
			"init: containers[0].command: tini in front",
		}},
		{"entrypoint script", with(pod(), func(s *advice.Situation) { s.Containers, s.Script = 2, "docker-entrypoint.sh" }), []string{
			"entrypoint-init: containers[0].image: tini before docker-entrypoint.sh",
		}},
		{"long script", with(pod(), func(s *advice.Situation) { s.Containers, s.Script = 2, strings.Repeat("x", 60) }), []string{
			"entrypoint-init: containers[0].image: tini before the script",
		}},
		{"init in the image", with(pod(), func(s *advice.Situation) { s.Containers, s.Init = 2, "/usr/bin/dumb-init" }), []string{
			"pod-init: containers[0].command: dumb-init of the image in front", "init: containers[0].image: dumb-init as its ENTRYPOINT",
		}},
		{"image alone", advice.Situation{Problem: advice.LeavesOrphans, Argv: []string{"node"}, Distribution: "alpine"}, []string{
			"init: ENTRYPOINT: tini (apk) in front",
		}},
		{"must be PID 1", with(pod(), func(s *advice.Situation) { s.MustBePID1 = true }), []string{
			"no-orphans: containers[0]: no process that outlives its parent",
		}},
		{"must be PID 1, with a probe", with(pod(), func(s *advice.Situation) {
			s.MustBePID1 = true
			s.Execs = []advice.Exec{{Path: "containers[0].livenessProbe", Command: []string{"sh", "-c", "curl -f localhost:80/"}}}
		}), []string{"probe: containers[0].livenessProbe: httpGet in place of exec"}},
		{"shell that stays", advice.Situation{Problem: advice.KeepsSignals, Containers: 1, StaysIn: "start.sh", StaysAt: 12}, []string{
			"exec: start.sh, line 12: exec before the command",
		}},
		{"children of its own", advice.Situation{Problem: advice.KeepsChildren, Containers: 1, ContainerPath: "containers[0]", Parent: "python3"}, []string{
			"wait: containers[0].image: python3 waits for the processes that it starts",
		}},
		{"children of its own, nothing else is known", advice.Situation{Problem: advice.KeepsChildren}, []string{
			"wait: the program: the parent waits for the processes that it starts",
		}},
		{"command string that stays", advice.Situation{Problem: advice.KeepsSignals, StaysAt: 1}, []string{
			"exec: command string of -c, line 1: exec before the command",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			first := said(advice.For(test.in))
			test.in.Full = true
			all := said(advice.For(test.in))
			if diff := cmp.Diff(test.want, all); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(all[:min(1, len(all))], first, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the first alone: %s", diff)
			}
		})
	}
}

// TestAdviceFits goes through the combinations of what decides: no advice may
// break what the situation says.
func TestAdviceFits(t *testing.T) {
	for bits := range 1 << 9 {
		on := func(n int) bool { return bits>>n&1 == 1 }
		s := advice.Situation{Problem: advice.LeavesOrphans, Argv: []string{"node", "x"}, Full: on(8)}
		if s.Containers = bits & 3; s.Containers > 0 {
			s.ContainerPath = "containers[0]"
		}
		s.MustBePID1, s.OptedOut, s.NamesPID1 = on(2), on(3), on(4)
		if on(5) {
			s.Script = "entrypoint.sh"
		}
		if on(6) {
			s.Init = "/usr/bin/tini"
		}
		if on(7) {
			s.Command = []string{"node", "x"}
		}
		a := advice.For(s)
		if a.Kind == "" {
			t.Fatalf("no advice in %+v", s)
		}
		for _, f := range append([]advice.Fix{a.Fix}, a.Others...) {
			switch {
			case f.Path == "" || f.Change == "" || f.Page == "":
				t.Errorf("%+v says too little", f)
			case f.Kind == advice.KindSharePID && (s.Containers != 1 || s.OptedOut || s.MustBePID1 || s.NamesPID1):
				t.Errorf("%s in %+v", f.Kind, s)
			case s.MustBePID1 && f.Page != advice.ChangeProbe:
				t.Errorf("%s though the program must be PID 1", f.Kind)
			case f.Kind == advice.KindPodInit && (s.Init == "" || s.Containers == 0):
				t.Errorf("%s in %+v", f.Kind, s)
			case f.Kind == advice.KindEntrypoint && s.Script == "", f.Kind == advice.KindInit && s.Script != "":
				t.Errorf("%s in %+v", f.Kind, s)
			case !s.Full && len(f.Patches) > 0:
				t.Errorf("%s has patches that nobody asked for", f.Kind)
			case s.Full && len(f.Patches) == 0 && f.Kind != advice.KindNoOrphans:
				t.Errorf("%s has no patch in %+v", f.Kind, s)
			case len(f.Path)+len(f.Change) > 80:
				t.Errorf("%s: %s is too long for a warning", f.Path, f.Change)
			}
		}
	}
}

// patches are the texts of a fix.
func patches(f advice.Fix) []string {
	var out []string
	for _, p := range f.Patches {
		out = append(out, p.File+"\n"+p.Text)
	}
	return out
}

func TestPatches(t *testing.T) {
	redis := advice.Situation{
		Problem: advice.LeavesOrphans, Full: true, Script: "docker-entrypoint.sh", Distribution: "alpine",
		Argv: []string{"docker-entrypoint.sh", "redis-server", `a"b`}, Entrypoint: 1,
	}
	inPod := with(redis, func(s *advice.Situation) { s.Containers, s.ContainerPath = 2, "containers[0]" })
	tests := []struct {
		name string
		in   advice.Situation
		want []string
	}{
		{"image", redis, []string{
			"Dockerfile\nRUN apk add --no-cache tini\nENTRYPOINT [\"/sbin/tini\", \"--\", \"docker-entrypoint.sh\"]\nCMD [\"redis-server\", \"a\\\"b\"]",
		}},
		{"CMD alone", with(redis, func(s *advice.Situation) { s.Entrypoint, s.Argv = 0, []string{"node", "$HOME"} }), []string{
			"Dockerfile\nRUN apk add --no-cache tini\nENTRYPOINT [\"/sbin/tini\", \"--\"]\nCMD [\"node\", \"$HOME\"]",
		}},
		{"args of the pod", with(inPod, func(s *advice.Situation) { s.HasArgs = true }), []string{
			"Dockerfile\nRUN apk add --no-cache tini\nENTRYPOINT [\"/sbin/tini\", \"--\", \"docker-entrypoint.sh\"]\n" +
				"# repeat the image's CMD here: a new ENTRYPOINT empties it",
		}},
		{"command of the pod", with(inPod, func(s *advice.Situation) { s.Command, s.Entrypoint = []string{"node", "$(X)"}, 0 }), []string{
			"Dockerfile\nRUN apk add --no-cache tini", "manifest\ncommand: [\"/sbin/tini\", \"--\", \"node\", \"$(X)\"]",
		}},
		{"init of the image", with(inPod, func(s *advice.Situation) {
			s.Init, s.Argv = "/usr/bin/tini", []string{"docker-entrypoint.sh", "$(X)", `a"b`}
		}), []string{
			"manifest\ncommand: [\"/usr/bin/tini\", \"--\", \"docker-entrypoint.sh\"]\nargs: [\"$$(X)\", \"a\\\"b\"]",
		}},
		{"one container", with(pod(), func(s *advice.Situation) { s.Full = true }), []string{"manifest\nshareProcessNamespace: true"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, patches(advice.For(test.in).Fix)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPageShowsEveryDistribution: what the patches say stands in the page too.
func TestPageShowsEveryDistribution(t *testing.T) {
	page, err := os.ReadFile("../docs/fixes/init.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{
		"debian", "ubuntu", "alpine", "wolfi", "chainguard", "fedora", "centos", "rocky", "almalinux", "azurelinux", "mariner", "opensuse-leap",
		"rhel", "amzn", "sles", "",
	} {
		s := advice.Situation{Problem: advice.LeavesOrphans, Distribution: id, Full: true}
		for _, p := range advice.For(s).Patches {
			for line := range strings.Lines(p.Text) {
				line = strings.TrimPrefix(strings.TrimSpace(line), "RUN ")
				if !strings.Contains(string(page), line) {
					t.Errorf("docs/fixes/init.md lacks %q for %q", line, id)
				}
			}
		}
	}
}
