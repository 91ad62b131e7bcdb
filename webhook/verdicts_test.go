package webhook_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/webhook"
)

// countedFiles counts how often an image is asked for a file.
type countedFiles struct {
	imagetest.Tree
	asked *int
}

func (c countedFiles) File(ctx context.Context, name string) (imageinspect.File, error) {
	*c.asked++
	return c.Tree.File(ctx, name)
}

// oneImage is an Inspector that knows one image.
type oneImage struct{ image imageinspect.Image }

func (o oneImage) Inspect(context.Context, imageinspect.Query) ([]imageinspect.Image, error) {
	return []imageinspect.Image{o.image}, nil
}

// newAssessor makes one that keeps verdicts, and has no images yet.
func newAssessor(t *testing.T) webhook.Assessor {
	t.Helper()
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := webhook.NewVerdicts()
	if err != nil {
		t.Fatal(err)
	}
	return webhook.Assessor{Evaluator: imageinspect.NewEvaluator(db), Verdicts: verdicts}
}

// TestVerdictsAreKept: the same question is followed through files once, one
// that differs in anything that may matter is followed anew.
func TestVerdictsAreKept(t *testing.T) {
	assessor := newAssessor(t)
	asked := 0
	image := imageinspect.Image{
		Platform: "linux/amd64", Digest: "sha256:1",
		Config: imageinspect.Config{Entrypoint: []string{"/start"}},
		Files:  countedFiles{imagetest.Tree{"/start": "#!/bin/bash\nexec ${INIT:-node} \"$@\"\n", "/usr/bin/tini": "\x7fELF"}, &asked},
	}
	assessor.Inspector = oneImage{image}
	user := int64(7)
	for _, test := range []struct {
		name string
		with func(*corev1.Container)
		want imageinspect.Outcome
	}{
		{"as it is", func(*corev1.Container) {}, imageinspect.DoesNotReap},
		{"env", func(c *corev1.Container) { c.Env = []corev1.EnvVar{{Name: "INIT", Value: "tini"}} }, imageinspect.Reaps},
		{"args", func(c *corev1.Container) { c.Args = []string{"x"} }, imageinspect.DoesNotReap},
		{"envFrom", func(c *corev1.Container) { c.EnvFrom = make([]corev1.EnvFromSource, 1) }, imageinspect.Unknown},
		{"workdir", func(c *corev1.Container) { c.WorkingDir = "/x" }, imageinspect.DoesNotReap},
		{"mount", func(c *corev1.Container) { c.VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/start"}} }, imageinspect.Unknown},
		{"user", func(c *corev1.Container) { c.SecurityContext = &corev1.SecurityContext{RunAsUser: &user} }, imageinspect.DoesNotReap},
	} {
		container := corev1.Container{Name: "app", Image: "x"}
		test.with(&container)
		spec := &corev1.PodSpec{Containers: []corev1.Container{container}}
		before := asked
		for range 2 {
			if got := assessor.Assess(t.Context(), "ns", spec)[0].Result.Verdict; got.Outcome != test.want {
				t.Errorf("%s: got %s (%s), want %s", test.name, got.Outcome, got.Reason.Text, test.want)
			}
			if test.name != "mount" && asked == before {
				t.Errorf("%s: answered from memory of another question", test.name)
			}
		}
		if first := asked - before; test.name != "mount" && test.name != "envFrom" && first > 1 {
			t.Errorf("%s: followed through %d files, want one", test.name, first)
		}
	}
}

// TestVerdictsForgetWhatMayPass: a verdict that hangs on time is no memory.
func TestVerdictsForgetWhatMayPass(t *testing.T) {
	assessor := newAssessor(t)
	asked := 0
	image := imageinspect.Image{
		Digest: "sha256:1", Config: imageinspect.Config{Entrypoint: []string{"/start"}},
		Files: countedFiles{imagetest.Tree{"/start": "#!/bin/bash\nexec node\n"}, &asked},
	}
	assessor.Inspector = oneImage{image}
	spec := &corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "x"}}}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := assessor.Assess(ended, "ns", spec)[0].Result.Verdict; got.Outcome != imageinspect.Unknown {
		t.Fatalf("got %s in no time", got.Outcome)
	}
	if got := assessor.Assess(t.Context(), "ns", spec)[0].Result.Verdict; got.Outcome != imageinspect.DoesNotReap {
		t.Errorf("got %s (%s), want DoesNotReap once there is time", got.Outcome, got.Reason.Text)
	}
}

// TestVerdictsAreOfTheirRepository: a registry's word that it has a digest tells
// nothing of what another's image under that digest was judged to be.
func TestVerdictsAreOfTheirRepository(t *testing.T) {
	assessor := newAssessor(t)
	judge := func(repository string, files imagetest.Tree) imageinspect.Outcome {
		asked := 0
		image := imageinspect.Image{
			Platform: "linux/amd64", Digest: "sha256:1", Repository: repository,
			Config: imageinspect.Config{Entrypoint: []string{"/start"}}, Files: countedFiles{files, &asked},
		}
		assessor.Inspector = oneImage{image}
		return assessor.Assess(t.Context(), "ns", &corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "x"}}})[0].Result.Verdict.Outcome
	}
	if got := judge("a.io/private", imagetest.Tree{"/start": "#!/bin/bash\nexec node\n"}); got != imageinspect.DoesNotReap {
		t.Fatalf("a: %s", got)
	}
	if got := judge("b.io/claims", imagetest.Tree{}); got == imageinspect.DoesNotReap {
		t.Errorf("b is told what a's image does")
	}
}

// TestVerdictsAreBoundedByBytes: a pod has room for megabytes of arguments, and
// a verdict holds them. Thousands of those must not fill the memory.
func TestVerdictsAreBoundedByBytes(t *testing.T) {
	assessor := newAssessor(t)
	asked := 0
	assessor.Inspector = oneImage{imageinspect.Image{
		Digest: "sha256:1", Config: imageinspect.Config{Entrypoint: []string{"/start"}},
		Files: countedFiles{imagetest.Tree{"/start": "#!/bin/bash\nexec node\n"}, &asked},
	}}
	assess := func(arg string) {
		container := corev1.Container{Name: "app", Image: "x", Args: []string{arg}}
		assessor.Assess(t.Context(), "ns", &corev1.PodSpec{Containers: []corev1.Container{container}})
	}
	const most = 32 << 20
	for i := range 2000 {
		assess(fmt.Sprint(i) + strings.Repeat("x", 32<<10))
	}
	if got := assessor.Verdicts.Bytes(); got == 0 || got > most {
		t.Errorf("%d bytes are kept after verdicts of 64 MiB", got)
	}
	before := asked
	assess("1999" + strings.Repeat("x", 32<<10))
	if asked != before {
		t.Error("the newest verdict was forgotten")
	}
	kept := assessor.Verdicts.Bytes()
	assess(strings.Repeat("x", 1<<20))
	if got := assessor.Verdicts.Bytes(); got != kept {
		t.Errorf("one verdict of a MiB: %d bytes became %d", kept, got)
	}
}
