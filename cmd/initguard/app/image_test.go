package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

func TestImageGolden(t *testing.T) {
	tests := []struct {
		name  string
		specs []imagetest.Spec
		flags []string
		code  int
	}{
		{name: "leaks", specs: []imagetest.Spec{{Entrypoint: []string{"leaky"}, Cmd: []string{"serve", "--all"}}}},
		{name: "reaps", specs: []imagetest.Spec{{Cmd: []string{"/usr/bin/neat"}}}},
		{name: "harmed", specs: []imagetest.Spec{{Cmd: []string{"touchy"}}}},
		{name: "script", specs: []imagetest.Spec{scripted(dropsRoot, "leaky", "serve")}},
		{name: "script-as-user", specs: []imagetest.Spec{scripted(dropsRoot, "leaky", "serve")}, flags: []string{"--run-as-user", "1000"}},
		{name: "script-stays", specs: []imagetest.Spec{scripted("#!/bin/bash\nset -e\n\"$@\"\n", "leaky")}},
		{name: "script-condition", specs: []imagetest.Spec{scripted(byHostname, "leaky")}},
		{name: "script-missing", specs: []imagetest.Spec{{Entrypoint: []string{"/docker-entrypoint.sh"}, Cmd: []string{"leaky"}}}},
		{name: "no-command", specs: []imagetest.Spec{{}}},
		{name: "wrapped", specs: []imagetest.Spec{{Cmd: []string{"env", "A=1", "leaky"}}}},
		{
			name:  "overridden",
			specs: []imagetest.Spec{{Entrypoint: []string{"leaky"}, Cmd: []string{"serve"}}},
			flags: []string{"--command", "neat", "--command", "$(MODE)", "--env", "MODE=a,b", "--", "x", "--", "y"},
		},
		{name: "platforms-agree", specs: []imagetest.Spec{
			{Platform: "linux/amd64", Cmd: []string{"neat"}}, {Platform: "linux/arm64", Cmd: []string{"neat"}},
		}},
		{name: "platforms-differ", specs: []imagetest.Spec{
			{Platform: "linux/amd64", Cmd: []string{"neat"}}, {Platform: "linux/arm64", Cmd: []string{"leaky"}},
		}},
		{name: "one-platform", flags: []string{"--platform", "linux/arm64"}, specs: []imagetest.Spec{
			{Platform: "linux/amd64", Cmd: []string{"neat"}}, {Platform: "linux/arm64", Cmd: []string{"leaky"}},
		}},
		{name: "other-platform", specs: []imagetest.Spec{{Platform: "linux/s390x", Cmd: []string{"neat"}}}},
		{
			name: "lacks-platform", specs: []imagetest.Spec{{Platform: "linux/s390x", Cmd: []string{"neat"}}},
			flags: []string{"--platform", "linux/amd64"}, code: 2,
		},
		{name: "hostile", specs: []imagetest.Spec{{Entrypoint: []string{"/bin/\x1b[2Jevil\u202e\n\u009b"}}}},
	}
	config := configFile(t, "")
	var names []string
	for _, test := range tests {
		for _, format := range []string{"text", "json"} {
			name := "image-" + test.name + "." + format
			names = append(names, name)
			t.Run(name, func(t *testing.T) {
				dir := ociLayout(t, test.specs...)
				args := []string{"initguard", "image", "oci:" + dir, "--config", config, "-o", format}
				got := run(t, "", append(args, test.flags...)...)
				if got.code != test.code {
					t.Errorf("exit code %d, want %d; stderr: %s", got.code, test.code, got.err)
				}
				if (got.err != "") != (test.code != 0 && format != "text") {
					t.Errorf("stderr %q with exit code %d in %s", got.err, got.code, format)
				}
				golden(t, name, strings.ReplaceAll(got.out, dir, "DIR"))
			})
		}
	}
	extraGolden(t, "image-*", names)
}

// dropsRoot is written in the idiom of the official images' scripts.
const dropsRoot = `#!/bin/sh
set -e

# first arg is "-f" or "--some-option"
if [ "${1#-}" != "$1" ]; then
	set -- leaky "$@"
fi

if [ "$1" = 'leaky' ] && [ "$(id -u)" = '0' ]; then
	find . \! -user app -exec chown app '{}' +
	exec gosu app "$0" "$@"
fi

exec "$@"
`

// byHostname ends in one of two programs.
const byHostname = `#!/bin/sh
if [ "$(hostname)" = db-0 ]; then
	exec neat -- "$@"
fi
exec "$@"
`

// scripted is an image whose ENTRYPOINT is a script on PATH.
func scripted(script string, cmd ...string) imagetest.Spec {
	return imagetest.Spec{
		Entrypoint: []string{"docker-entrypoint.sh"}, Cmd: cmd,
		Layers: []imagetest.Layer{
			imagetest.Files(imagetest.Symlink("bin", "usr/bin"), imagetest.Data("etc/os-release", "ID=debian\n"), imagetest.Program("usr/bin/leaky", "\x00")),
			imagetest.Files(imagetest.Program("usr/local/bin/docker-entrypoint.sh", script)),
		},
	}
}

func TestImageTextIsPrintable(t *testing.T) {
	evil := "\x1b]0;owned\x07\u009b31m\u202egnp"
	dir := ociLayout(t, imagetest.Spec{Entrypoint: []string{"/bin/" + evil, evil}, WorkingDir: evil, User: evil})
	got := run(t, "", "initguard", "image", "oci:"+dir)
	missing := run(t, "", "initguard", "image", "oci:"+dir+evil)
	for _, text := range []string{got.out, got.err, missing.out, missing.err} {
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e') }); i >= 0 {
			t.Errorf("a control character reaches the terminal: %q", text)
		}
	}
	if missing.code != 2 || !strings.Contains(missing.out, "no such file") || missing.err != "" {
		t.Errorf("a layout that is not there: exit code %d, stdout %q, stderr %q", missing.code, missing.out, missing.err)
	}
}

// imageJSON is what other programs rely on.
type imageJSON struct {
	Verdict, PID1, Reason, Digest *string
	Argv                          []string
	Platforms                     []struct{ Platform, Digest, Verdict, PID1, Reason string }
}

func decodeImage(t *testing.T, text string) imageJSON {
	t.Helper()
	var got imageJSON
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if got.Verdict == nil || got.PID1 == nil || got.Reason == nil || got.Platforms == nil {
		t.Fatalf("verdict, pid1, reason and platforms must always be there: %s", text)
	}
	return got
}

func TestImageFromRegistry(t *testing.T) {
	registry := imagetest.New(t, imagetest.Options{})
	digest := registry.MustPush(t, "team/web:1", imagetest.Spec{Cmd: []string{"leaky"}})
	config := configFile(t, "")
	got := run(t, "", "initguard", "image", registry.Reference("team/web:1"), "--config", config, "-o", "json")
	answer := decodeImage(t, got.out)
	if got.code != 0 || *answer.Verdict != "DoesNotReap" || answer.Digest == nil || *answer.Digest != digest {
		t.Errorf("exit code %d, answer %s, want DoesNotReap of %s", got.code, got.out, digest)
	}
}

func TestImageUnread(t *testing.T) {
	registry := imagetest.New(t, imagetest.Options{})
	registry.Break(imagetest.Status(http.StatusForbidden))
	for _, reference := range []string{registry.Reference("team/web:1"), "oci:/nowhere/at/all", "not a reference"} {
		t.Run(reference, func(t *testing.T) {
			got := run(t, "", "initguard", "image", reference, "-o", "json")
			answer := decodeImage(t, got.out)
			if got.code != 2 || *answer.Verdict != "Unknown" || *answer.Reason == "" {
				t.Errorf("exit code %d, answer %s, want 2 and Unknown", got.code, got.out)
			}
			if !strings.HasPrefix(got.err, "Error: image "+reference) {
				t.Errorf("stderr %q does not name the image", got.err)
			}
		})
	}
}

func TestImageTimeout(t *testing.T) {
	registry := imagetest.New(t, imagetest.Options{})
	registry.Break(imagetest.Hang())
	got := run(t, "", "initguard", "image", registry.Reference("team/web:1"), "--timeout", "50ms")
	if got.code != 2 || !strings.Contains(got.out, "no answer") || got.err != "" {
		t.Errorf("exit code %d, stdout %q, stderr %q, want 2 and, once, what took too long", got.code, got.out, got.err)
	}
}

// TestImageNotAsked: a command that decides needs no registry.
func TestImageNotAsked(t *testing.T) {
	registry := imagetest.New(t, imagetest.Options{})
	registry.Break(imagetest.Status(http.StatusForbidden))
	reference, config := registry.Reference("team/web:1"), configFile(t, "")
	got := run(t, "", "initguard", "image", reference, "--config", config, "--command", "neat", "-o", "json", "--", "x")
	answer := decodeImage(t, got.out)
	if got.code != 0 || got.err != "" || *answer.Verdict != "Reaps" || *answer.PID1 != "neat" || *answer.Reason == "" ||
		!slices.Equal(answer.Argv, []string{"neat", "x"}) || len(answer.Platforms) != 0 {
		t.Errorf("exit code %d, stderr %q, answer %s", got.code, got.err, got.out)
	}
	if n := len(registry.Counts()); n != 0 {
		t.Errorf("the registry was asked: %v", registry.Counts())
	}
	got = run(t, "", "initguard", "image", reference, "--config", config, "--command", "/app/server")
	if got.code != 2 || len(registry.Counts()) == 0 {
		t.Errorf("a command that needs the image: exit code %d, asked %v", got.code, registry.Counts())
	}
}

func TestImageCommandIsNotSplit(t *testing.T) {
	dir := ociLayout(t, imagetest.Spec{Cmd: []string{"leaky"}})
	got := run(t, "", "initguard", "image", "oci:"+dir, "-o", "json", "--command", "a,b", "--command", "c d", "--", "--flag", "e,f")
	if argv := decodeImage(t, got.out).Argv; !slices.Equal(argv, []string{"a,b", "c d", "--flag", "e,f"}) {
		t.Errorf("argv is %q", argv)
	}
}
