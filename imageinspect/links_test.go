package imageinspect_test

import (
	"testing"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestMountsFollowLinks: a volume counts wherever a runtime mounts it, and over
// whatever links a file is found.
func TestMountsFollowLinks(t *testing.T) {
	const script = "#!/bin/bash\nexec tini -- node\n"
	const sources = "#!/bin/bash\n. /lib.sh\nexec node\n"
	files := imagetest.Tree{
		"/bin/bash": "\x7fELF", "/app": "-> opt/app", "/opt/app": "-> app-1.2", "/opt/app-1.2/run": script, "/opt/app-1.2/bin/other": script,
		"/run.sh": "-> /app/run", "/entry": "-> usr/local/bin/entry.sh", "/usr/local/bin/entry.sh": script, "/srv/up": "-> ../app/bin/../run",
		"/usr/local/sbin": "-> /data/bin", "/data/keep": "x", "/plain": script, "/again": sources, "/lib.sh": "-> etc/defaults/lib.sh", "/etc/defaults": "-> ../usr/share/d",
		"/usr/share/d/lib.sh": "exec tini -- node\n", "/execs": "#!/bin/bash\nexec /app/run\n", "/gone": "-> /data/gone",
		"/tests":  "#!/bin/bash\nif [ -e /gone/it ]; then exec node; fi\nexec tini -- node\n",
		"/made":   "#!/bin/bash\nif [ -d /gone ]; then exec node; fi\nexec tini -- node\n",
		"/onpath": "#!/bin/bash\nPATH=/usr/local/sbin:/usr/share/d\n. lib.sh\nexec node\n",
		"/dirs":   "-> /opt", "/short": "-> /dirs/app",
	}
	for _, test := range []struct {
		name, started, mount string
		want                 imageinspect.Outcome
	}{
		{"nothing in the way", "/app/run", "/etc/app", imageinspect.Reaps},
		{"argv leads through a link to the volume", "/app/run", "/opt/app-1.2", imageinspect.Unknown},
		{"argv leads through two links", "/run.sh", "/opt/app-1.2", imageinspect.Unknown},
		{"the volume hides the link", "/app/run", "/app", imageinspect.Unknown},
		{"the volume hides the second link's folder", "/app/run", "/opt", imageinspect.Unknown},
		{"the volume hides the second link", "/app/run", "/opt/app", imageinspect.Unknown},
		{"the volume lies beside what the link leads to", "/app/run", "/opt/app/bin", imageinspect.Reaps},
		{"the volume lies beside, by its own name", "/app/run", "/opt/app-1.2/bin", imageinspect.Reaps},
		{"mounted at a link to the folder", "/opt/app-1.2/run", "/app", imageinspect.Unknown},
		{"mounted at the second link", "/opt/app-1.2/run", "/opt/app", imageinspect.Unknown},
		{"mounted below a link", "/opt/app-1.2/run", "/app/run", imageinspect.Unknown},
		{"mounted through a chain of links", "/opt/app-1.2/run", "/short/run", imageinspect.Unknown},
		{"mounted at a link to a folder of the link", "/opt/app-1.2/run", "/dirs", imageinspect.Unknown},
		{"mounted below a link, elsewhere", "/opt/app-1.2/run", "/app/bin", imageinspect.Reaps},
		{"one file, mounted at a link to it", "/usr/local/bin/entry.sh", "/entry", imageinspect.Unknown},
		{"one file, mounted beside", "/usr/local/bin/entry.sh", "/entry.sh", imageinspect.Reaps},
		{"a link with two dots", "/srv/up", "/opt/app-1.2", imageinspect.Unknown},
		{"a link with two dots, the folder that it leaves again", "/srv/up", "/opt/app-1.2/bin", imageinspect.Unknown},
		{"mounted at a link with two dots", "/opt/app-1.2/run", "/srv/up", imageinspect.Unknown},
		{"a folder of PATH is a link to the volume", "entry.sh", "/data/bin", imageinspect.Unknown},
		{"a folder of PATH is a link to a folder above which the volume is", "entry.sh", "/data", imageinspect.Unknown},
		{"found on PATH", "entry.sh", "/data/other", imageinspect.Reaps},
		{"sourced", "/again", "/data", imageinspect.Reaps},
		{"sourced, through a link to the volume", "/again", "/usr/share/d", imageinspect.Unknown},
		{"sourced, mounted at a link", "/usr/share/d/lib.sh", "/etc/defaults", imageinspect.Unknown},
		{"execs", "/execs", "/data", imageinspect.Reaps},
		{"execs, through a link to the volume", "/execs", "/opt/app-1.2/run", imageinspect.Unknown},
		{"tests a file", "/tests", "/var", imageinspect.Reaps},
		{"tests what may be on the volume", "/tests", "/data", imageinspect.Unknown},
		{"tests what is on the volume alone", "/tests", "/data/gone", imageinspect.Unknown},
		{"tests a folder that the runtime makes", "/made", "/data/gone/deep", imageinspect.Unknown},
		{"sourced by PATH", "/onpath", "/var", imageinspect.Reaps},
		{"sourced by PATH, of which a volume may hold an earlier folder", "/onpath", "/data/bin", imageinspect.Unknown},
		{"through no link", "/plain", "/app", imageinspect.Reaps},
	} {
		t.Run(test.name, func(t *testing.T) {
			image := imageinspect.Image{Config: imageinspect.Config{Cmd: []string{test.started}}, Files: files}
			o := imageinspect.Overrides{Mounts: []imageinspect.Mount{{Path: test.mount, Volume: "v"}}}
			if got := newEvaluator(t).Evaluate(t.Context(), image, o); got.Verdict.Outcome != test.want {
				t.Errorf("%s with a volume at %s: %s (%s), want %s", test.started, test.mount, got.Verdict.Outcome, got.Verdict.Reason.Text, test.want)
			}
		})
	}
}

// TestTwoDots: behind a link ".." leads to the parent of the link's end, as the
// kernel has it.
func TestTwoDots(t *testing.T) {
	const init, none = "#!/bin/bash\nexec tini -- node\n", "#!/bin/bash\nexec node\n"
	files := imagetest.Tree{
		"/app": "-> opt/app", "/opt/app/lib/x": "x", "/opt/bin/run": none, "/bin/run": init, "/opt/app/bin/start": "#!/bin/bash\nexec \"${0%/*}/../../bin/run\"\n",
		"/start": "#!/bin/bash\nexec /app/../bin/run\n",
	}
	for started, want := range map[string]imageinspect.Outcome{
		"/bin/run": imageinspect.Reaps, "/opt/bin/run": imageinspect.DoesNotReap, "/app/../bin/run": imageinspect.DoesNotReap, "/opt/app/../../bin/run": imageinspect.Reaps,
		"/../bin/./run": imageinspect.Reaps, "../bin/run": imageinspect.DoesNotReap, "/start": imageinspect.DoesNotReap, "/app/bin/start": imageinspect.DoesNotReap,
	} {
		image := imageinspect.Image{Config: imageinspect.Config{Cmd: []string{started}, WorkingDir: "/app"}, Files: files}
		if got := newEvaluator(t).Evaluate(t.Context(), image, imageinspect.Overrides{}); got.Verdict.Outcome != want {
			t.Errorf("%s: %s (%s), want %s", started, got.Verdict.Outcome, got.Verdict.Reason.Text, want)
		}
	}
}
