package imageinspect_test

import (
	"testing"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestMountsFollowMergedFolders: a volume at /bin/run is what /usr/bin/run starts
// where /bin is a link, so that the image's own file says nothing.
func TestMountsFollowMergedFolders(t *testing.T) {
	const script = "#!/bin/bash\nexec tini -- node\n"
	files := imagetest.Tree{
		"/bin": "-> usr/bin", "/sbin": "-> usr/bin", "/usr/sbin": "-> bin", "/usr/bin/bash": "\x7fELF", "/usr/bin/run": script, "/usr/local/bin/run": script,
	}
	for _, test := range []struct {
		started, mount string
		want           imageinspect.Outcome
	}{
		{"/usr/bin/run", "/etc/app", imageinspect.Reaps},
		{"/usr/bin/run", "/usr/bin/run", imageinspect.Unknown},
		{"/usr/bin/run", "/bin/run", imageinspect.Unknown},
		{"/usr/bin/run", "/bin", imageinspect.Unknown},
		{"/usr/bin/run", "/usr/sbin/../sbin/run", imageinspect.Unknown},
		{"/bin/run", "/usr/bin/run", imageinspect.Unknown},
		{"/sbin/run", "/bin/run", imageinspect.Unknown},
		{"/usr/bin/run", "/bin/running", imageinspect.Reaps},
		{"/usr/local/bin/run", "/bin/run", imageinspect.Reaps},
	} {
		image := imageinspect.Image{Config: imageinspect.Config{Cmd: []string{test.started}}, Files: files}
		o := imageinspect.Overrides{Mounts: []imageinspect.Mount{{Path: test.mount, Volume: "v"}}}
		if got := newEvaluator(t).Evaluate(t.Context(), image, o); got.Verdict.Outcome != test.want {
			t.Errorf("%s with a volume at %s: %s (%s), want %s", test.started, test.mount, got.Verdict.Outcome, got.Verdict.Reason.Text, test.want)
		}
	}
}
