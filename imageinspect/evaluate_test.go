package imageinspect_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/initdb"
)

func newEvaluator(t testing.TB) *imageinspect.Evaluator {
	t.Helper()
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	return imageinspect.NewEvaluator(db)
}

func TestArgv(t *testing.T) {
	config := imageinspect.Config{Entrypoint: []string{"/entry", "$(X)"}, Cmd: []string{"cmd", "$$"}}
	env := []imageinspect.EnvVar{
		{Name: "X", Value: "1"}, {Name: "Y", Value: "$(X)2"}, {Name: "SECRET", Unknown: true}, {Name: "EARLY", Value: "$(LATE)"}, {Name: "LATE", Value: "l"},
	}
	tests := []struct {
		name string
		o    imageinspect.Overrides
		want []string
	}{
		{"image alone", imageinspect.Overrides{}, []string{"/entry", "$(X)", "cmd", "$$"}},
		{"args replace CMD", imageinspect.Overrides{Args: []string{"a"}}, []string{"/entry", "$(X)", "a"}},
		{"command drops ENTRYPOINT and CMD", imageinspect.Overrides{Command: []string{"c"}}, []string{"c"}},
		{"command and args", imageinspect.Overrides{Command: []string{"c"}, Args: []string{"a"}}, []string{"c", "a"}},
		{
			"variables", imageinspect.Overrides{Command: []string{"$(X)", "$(Y)", "$$(X)", "$(NONE)", "$(EARLY)", "$X", "a$", "$("}, Env: env},
			[]string{"1", "12", "$(X)", "$(NONE)", "$(LATE)", "$X", "a$", "$("},
		},
		{"secret", imageinspect.Overrides{Command: []string{"a-$(SECRET)"}, Env: env}, []string{"a-" + imageinspect.UnknownPart("SECRET")}},
		{"envFrom", imageinspect.Overrides{Args: []string{"$(NONE)"}, EnvFrom: true}, []string{"/entry", "$(X)", imageinspect.UnknownPart("NONE")}},
		{"service", imageinspect.Overrides{Command: []string{"$(DB_SERVICE_HOST)"}}, []string{imageinspect.UnknownPart("DB_SERVICE_HOST")}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, imageinspect.Argv(config, test.o)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestArgvDoublingValuesAreBounded(t *testing.T) {
	env := []imageinspect.EnvVar{{Name: "V0", Value: strings.Repeat("x", 100)}}
	for i := 1; i < 64; i++ {
		before := "$(V" + string(rune('0'+(i-1)%10)) + ")"
		env = append(env, imageinspect.EnvVar{Name: "V" + string(rune('0'+i%10)), Value: before + before})
	}
	argv := imageinspect.Argv(imageinspect.Config{}, imageinspect.Overrides{Command: []string{"$(V3)"}, Env: env})
	if len(argv[0]) > 128<<10 {
		t.Errorf("a word of %d bytes", len(argv[0]))
	}
}

func TestEvaluate(t *testing.T) {
	type o = imageinspect.Overrides
	image := imageinspect.Config{Entrypoint: []string{"docker-entrypoint.sh"}, Cmd: []string{"node", "server.js"}, WorkingDir: "/app"}
	tests := []struct {
		name    string
		config  imageinspect.Config
		o       o
		outcome imageinspect.Outcome
		pid1    string
		code    imageinspect.Code
	}{
		{"runtime", imageinspect.Config{Cmd: []string{"node", "server.js"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"init in front", imageinspect.Config{Entrypoint: []string{"/usr/bin/tini", "--"}, Cmd: []string{"node"}}, o{}, imageinspect.Reaps, "tini", imageinspect.CodeProgram},
		{"command over image", image, o{Command: []string{"tini", "--", "node"}}, imageinspect.Reaps, "tini", imageinspect.CodeProgram},
		{"script", image, o{}, imageinspect.Unknown, "", imageinspect.CodeScript},
		{"unknown program", imageinspect.Config{Cmd: []string{"/app/server"}}, o{}, imageinspect.Unknown, "", imageinspect.CodeUnknownProgram},
		{"nothing", imageinspect.Config{}, o{}, imageinspect.Unknown, "", imageinspect.CodeNoCommand},
		{"empty word", imageinspect.Config{Cmd: []string{""}}, o{}, imageinspect.Unknown, "", imageinspect.CodeNoCommand},
		{"look-alike", imageinspect.Config{Cmd: []string{"/usr/bin/tini-wrapper"}}, o{}, imageinspect.Unknown, "", imageinspect.CodeUnknownProgram},
		{"mounted", imageinspect.Config{Cmd: []string{"./run"}, WorkingDir: "/app/bin"}, o{Mounts: []imageinspect.Mount{{Path: "/app", Volume: "code"}}}, imageinspect.Unknown, "", imageinspect.CodeMounted},
		{"not mounted", imageinspect.Config{Cmd: []string{"./run"}, WorkingDir: "/application"}, o{Mounts: []imageinspect.Mount{{Path: "/app", Volume: "code"}}}, imageinspect.Unknown, "", imageinspect.CodeUnknownProgram},
		{"mounted script", imageinspect.Config{}, o{Command: []string{"bash", "/scripts/run"}, Mounts: []imageinspect.Mount{{Path: "/scripts/", Volume: "s"}}}, imageinspect.Unknown, "", imageinspect.CodeMounted},
		{"unknown variable", imageinspect.Config{}, o{Command: []string{"$(BIN)"}, EnvFrom: true}, imageinspect.Unknown, "", imageinspect.CodeVariable},

		{"gosu", imageinspect.Config{Entrypoint: []string{"gosu", "app", "tini", "--", "x"}}, o{}, imageinspect.Reaps, "tini", imageinspect.CodeProgram},
		{"env and nice", imageinspect.Config{Cmd: []string{"env", "-u", "A", "B=c", "nice", "-n", "5", "node"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"wrapper with an unknown argument", imageinspect.Config{}, o{Command: []string{"env", "$(OPTION)", "tini"}, EnvFrom: true}, imageinspect.Unknown, "", imageinspect.CodeWrapper},

		{"bash execs", imageinspect.Config{Cmd: []string{"bash", "-c", "node x"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"bash stays", imageinspect.Config{Cmd: []string{"bash", "-c", "node x; true"}}, o{}, imageinspect.Reaps, "bash", imageinspect.CodeProgram},
		{"bash with options", imageinspect.Config{Cmd: []string{"bash", "-euxo", "pipefail", "-c", "exec node"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"an upstream dash may exec", imageinspect.Config{Cmd: []string{"/bin/dash", "-c", "node x"}}, o{}, imageinspect.Unknown, "", imageinspect.CodeShell},
		{"dash stays", imageinspect.Config{Cmd: []string{"/bin/dash", "-c", "node x; true"}}, o{}, imageinspect.Reaps, "dash", imageinspect.CodeProgram},
		{"exported to a nested shell", imageinspect.Config{Env: []string{"INIT=tini"}, Cmd: []string{"bash", "-c", "export INIT=node; exec bash -c 'exec $INIT x'"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"given to a nested shell", imageinspect.Config{Env: []string{"INIT=tini"}, Cmd: []string{"bash", "-c", "INIT=node exec bash -c 'exec $INIT x'"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"a shell that runs nothing", imageinspect.Config{Cmd: []string{"bash", "-nc", "exec tini"}}, o{}, imageinspect.Unknown, "", imageinspect.CodeVariable},
		{"a script elsewhere than the mount", imageinspect.Config{WorkingDir: "/app", Cmd: []string{"sh", "/run.sh"}}, o{Mounts: []imageinspect.Mount{{Path: "/app", Volume: "v"}}}, imageinspect.Unknown, "", imageinspect.CodeScript},
		{"a script in the mounted working directory", imageinspect.Config{WorkingDir: "/app", Cmd: []string{"sh", "run.sh"}}, o{Mounts: []imageinspect.Mount{{Path: "/app", Volume: "v"}}}, imageinspect.Unknown, "", imageinspect.CodeMounted},
		{"a NUL in the pod", imageinspect.Config{}, o{Command: []string{"a\x00b\x00"}}, imageinspect.Unknown, "", imageinspect.CodeVariable},
		{"sh is not known", imageinspect.Config{Cmd: []string{"/bin/sh", "-c", "node x"}}, o{}, imageinspect.Unknown, "", imageinspect.CodeShell},
		{"sh, but all exec", imageinspect.Config{Cmd: []string{"/bin/sh", "-c", "exec node x"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"sh, but all stay", imageinspect.Config{Cmd: []string{"/bin/sh", "-c", "node x; true"}}, o{}, imageinspect.Reaps, "sh", imageinspect.CodeProgram},
		{"sh, both ends reap", imageinspect.Config{Cmd: []string{"/bin/sh", "-c", "tini -- node"}}, o{}, imageinspect.Reaps, "", imageinspect.CodeProgram},
		{"sh with parameters", imageinspect.Config{Entrypoint: []string{"sh", "-c", `exec "$@"`, "--"}, Cmd: []string{"tini", "--", "x"}}, o{}, imageinspect.Reaps, "tini", imageinspect.CodeProgram},
		{"sh and the image's env", imageinspect.Config{Cmd: []string{"sh", "-c", "exec $BIN"}, Env: []string{"BIN=/opt/node"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"sh and env that may be replaced", imageinspect.Config{Cmd: []string{"sh", "-c", "exec $BIN"}, Env: []string{"BIN=/opt/tini"}}, o{EnvFrom: true}, imageinspect.Unknown, "", imageinspect.CodeVariable},
		{"sh script file", imageinspect.Config{Cmd: []string{"sh", "/run"}}, o{}, imageinspect.Unknown, "", imageinspect.CodeScript},
		{"sh on standard input", imageinspect.Config{Cmd: []string{"sh"}}, o{}, imageinspect.Unknown, "", imageinspect.CodeScript},
		{"busybox sh", imageinspect.Config{Cmd: []string{"busybox", "sh", "-c", "true; node"}}, o{}, imageinspect.DoesNotReap, "node", imageinspect.CodeProgram},
		{"a shell in a shell for ever", imageinspect.Config{Cmd: []string{"sh", "-c", `exec sh -c "$0" "$0"`, `exec sh -c "$0" "$0"`}}, o{}, imageinspect.Unknown, "", imageinspect.CodeEnds},
	}
	e := newEvaluator(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := e.Evaluate(t.Context(), imageinspect.Image{Config: test.config}, test.o)
			if got.Verdict.Outcome != test.outcome || got.PID1 != test.pid1 || got.Verdict.Reason.Code != test.code {
				t.Errorf("got %s, PID 1 %q, %s (%s); want %s, %q, %s\nchain: %+v", got.Verdict.Outcome, got.PID1, got.Verdict.Reason.Code,
					got.Verdict.Reason.Text, test.outcome, test.pid1, test.code, got.Chain)
			}
			if got.Verdict.Reason.Text == "" {
				t.Error("no reason given")
			}
		})
	}
}

func TestUnknownShellNamesBothEnds(t *testing.T) {
	config := imageinspect.Config{Cmd: []string{"sh", "-c", "node x"}}
	got := newEvaluator(t).Evaluate(t.Context(), imageinspect.Image{Config: config}, imageinspect.Overrides{})
	if want := "PID 1 depends on which shell sh is: node with bash or busybox, sh with dash"; got.Verdict.Reason.Text != want {
		t.Errorf("got %q, want %q", got.Verdict.Reason.Text, want)
	}
}

func TestEvaluateAsksWhichShellShIs(t *testing.T) {
	e := newEvaluator(t)
	config := imageinspect.Config{Cmd: []string{"/bin/sh", "-c", "node x"}}
	for target, want := range map[string]imageinspect.Outcome{
		"/usr/bin/dash": imageinspect.Unknown, "/usr/bin/bash": imageinspect.DoesNotReap, "/bin/busybox": imageinspect.DoesNotReap, "/bin/mksh": imageinspect.Unknown,
	} {
		image := imageinspect.Image{Config: config, Files: imagetest.Tree{"/bin/sh": "-> " + target, target: "x"}}
		if got := e.Evaluate(t.Context(), image, imageinspect.Overrides{}); got.Verdict.Outcome != want {
			t.Errorf("/bin/sh -> %s: got %s (%s), want %s", target, got.Verdict.Outcome, got.Verdict.Reason.Text, want)
		}
	}
}

func TestWithoutImage(t *testing.T) {
	e := newEvaluator(t)
	tests := []struct {
		command []string
		decided bool
	}{
		{[]string{"tini", "--", "x"}, true},
		{[]string{"node"}, true},
		{[]string{"sh", "-c", "exec node"}, true},
		{[]string{"sh", "-c", "node"}, false},
		{[]string{"/app/server"}, false},
		{nil, false},
	}
	for _, test := range tests {
		if got, decided := e.WithoutImage(t.Context(), imageinspect.Overrides{Command: test.command}); decided != test.decided {
			t.Errorf("%q: decided %v (%+v), want %v", test.command, decided, got.Verdict, test.decided)
		}
	}
}

// TestCostIsBounded gives the evaluator pods of some 100 KB that would cost
// gigabytes or minutes if nothing bounded them.
func TestCostIsBounded(t *testing.T) {
	big := strings.Repeat("x", 60<<10)
	many := make([]string, 10000)
	env := []imageinspect.EnvVar{{Name: "A", Value: big}}
	for i := range many {
		many[i] = "$(A)"
		env = append(env, imageinspect.EnvVar{Name: "B", Value: "$(A)"})
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e := newEvaluator(t)
	for name, o := range map[string]imageinspect.Overrides{
		"args":    {Command: []string{"node"}, Args: many, Env: env[:1]},
		"env":     {Command: []string{"node"}, Env: env},
		"dollars": {Command: []string{strings.Repeat("$", 1<<20)}},
		"open":    {Command: []string{strings.Repeat("$(", 1<<19)}},
		"shells":  {Command: []string{"sh", "-c", strings.Repeat("a;", 5000) + `exec sh -c "$0" "$0"`, strings.Repeat("a;", 5000) + `exec sh -c "$0" "$0"`}},
	} {
		if r := e.Evaluate(t.Context(), imageinspect.Image{}, o); r.Verdict.Reason.Text == "" {
			t.Errorf("%s: no reason given", name)
		}
	}
	runtime.ReadMemStats(&after)
	if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 300 {
		t.Errorf("%d MiB allocated", spent)
	}
}

func TestEndedContextIsNoVerdict(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := newEvaluator(t).Evaluate(ctx, imageinspect.Image{Config: imageinspect.Config{Cmd: []string{"tini"}}}, imageinspect.Overrides{})
	if got.Verdict.Outcome != imageinspect.Unknown || got.Verdict.Reason.Code != imageinspect.CodeStillInspecting {
		t.Errorf("got %+v", got.Verdict)
	}
}

// TestTenantTextHoldsNoValue: a program named by a value may be that value.
func TestTenantTextHoldsNoValue(t *testing.T) {
	const canary = "hunter2canary"
	env := []imageinspect.EnvVar{{Name: "P", Value: canary}}
	e := newEvaluator(t)
	for _, o := range []imageinspect.Overrides{
		{Command: []string{"bash", "-c", "exec $P"}, Env: env}, {Command: []string{"$(P)"}, Env: env}, {Command: []string{"/x/$(P).sh"}, Env: env},
		{Command: []string{"mysqld --password=" + canary}}, {Command: []string{"a\x00" + canary + "\x00"}}, {Command: []string{"env", "$(P)"}, Env: env},
		{Command: []string{"sh", "$(P)"}, Env: env}, {Command: []string{"bash", "-c", "exec $Q"}},
	} {
		r := e.Evaluate(t.Context(), imageinspect.Image{Config: imageinspect.Config{Env: []string{"Q=" + canary}}}, o)
		if shown := fmt.Sprint(r.Verdict, r.PID1, r.Chain); strings.Contains(shown, canary) {
			t.Errorf("%q: %s", o.Command, shown)
		}
	}
}

func TestTenantTextHoldsNoArgument(t *testing.T) {
	const canary = "hunter2-canary"
	e := newEvaluator(t)
	for _, command := range [][]string{
		{"node", "--password=" + canary}, {"sh", "-c", "exec node " + canary}, {"sh", "-c", canary + "(("},
		{"env", "--bad=" + canary, "x"}, {"env", "P=" + canary, "/x/server"}, {"nice", "-n", canary, "x"},
		{"haproxy", canary + "$(X)"}, {"env", canary + "$(X)", "y"}, {"sh", "-" + canary}, {"sh", "-c", "eval " + canary},
		{"python3", canary + "$(X)"}, {"python3", "-m", "$(X)" + canary}, {"sh", "-c", "exec $(" + canary + ")"}, {"su", "-c", canary},
	} {
		r := e.Evaluate(t.Context(), imageinspect.Image{}, imageinspect.Overrides{Command: command, EnvFrom: true})
		texts := []string{r.Verdict.Reason.Text, r.PID1}
		for _, s := range r.Chain {
			texts = append(texts, s.Text, s.Program, s.Detail)
		}
		for _, text := range texts {
			if strings.Contains(text, canary) {
				t.Errorf("%q: an argument is in %q", command, text)
			}
		}
	}
}

func TestAgree(t *testing.T) {
	reaps := imageinspect.Result{PID1: "tini", Verdict: imageinspect.Verdict{Outcome: imageinspect.Reaps}}
	other := imageinspect.Result{PID1: "dumb-init", Verdict: imageinspect.Verdict{Outcome: imageinspect.Reaps}}
	leaves := imageinspect.Result{PID1: "node", Verdict: imageinspect.Verdict{Outcome: imageinspect.DoesNotReap}}
	platforms := []string{"linux/amd64", "linux/arm64"}
	tests := []struct {
		name    string
		results []imageinspect.Result
		outcome imageinspect.Outcome
		pid1    string
	}{
		{"same", []imageinspect.Result{reaps, reaps}, imageinspect.Reaps, "tini"},
		{"same outcome", []imageinspect.Result{reaps, other}, imageinspect.Reaps, ""},
		{"differ", []imageinspect.Result{reaps, leaves}, imageinspect.Unknown, ""},
		{"none", nil, imageinspect.Unknown, ""},
	}
	for _, test := range tests {
		got := imageinspect.Agree(platforms[:len(test.results)], test.results)
		if got.Verdict.Outcome != test.outcome || got.PID1 != test.pid1 {
			t.Errorf("%s: got %s %q, want %s %q", test.name, got.Verdict.Outcome, got.PID1, test.outcome, test.pid1)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, seed := range []string{"tini\n--\nnode", "sh\n-c\nexec \"$@\"\nx\nnode", "env\n-S\na b\nc", "busybox\nsh\n-c\na;b", "bash\n-o", "\x00"} {
		f.Add(seed, "/app")
	}
	e := newEvaluator(f)
	f.Fuzz(func(t *testing.T, lines, mount string) {
		argv := strings.Split(lines, "\n")
		o := imageinspect.Overrides{Args: argv, Mounts: []imageinspect.Mount{{Path: mount, Volume: "v"}}}
		r := e.Evaluate(t.Context(), imageinspect.Image{Config: imageinspect.Config{Entrypoint: argv}}, o)
		if r.Verdict.Reason.Text == "" {
			t.Fatalf("%q: no reason given", argv)
		}
		if r.Verdict.Outcome == imageinspect.DoesNotReap && r.PID1 == "" {
			t.Fatalf("%q: does not reap, but which program?", argv)
		}
	})
}
