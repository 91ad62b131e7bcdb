package imageinspect_test

import (
	"context"
	"testing"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/identity"
	"github.com/initguard/initguard/imageinspect/initdb"
)

// programs are files that are known from the start.
type programs map[string]imageinspect.File

func (p programs) File(_ context.Context, at string) (imageinspect.File, error) {
	if f, ok := p[at]; ok {
		return f, nil
	}
	return imageinspect.File{}, imageinspect.ErrNoFile
}

func (p programs) First(ctx context.Context, paths []string) (imageinspect.File, error) {
	for _, at := range paths {
		if f, err := p.File(ctx, at); err == nil {
			return f, nil
		}
	}
	return imageinspect.File{}, imageinspect.ErrNoFile
}

func (p programs) Known(at string) (imageinspect.File, bool) { f, ok := p[at]; return f, ok }

func TestInitOfTheImage(t *testing.T) {
	is := func(name string) imageinspect.File {
		return imageinspect.File{Executable: true, Program: &identity.Identity{Program: name, Whole: true}}
	}
	tests := []struct {
		name  string
		files imageinspect.Files
		want  string
	}{
		{"nobody looked", nil, ""},
		{"none", programs{}, ""},
		{"tini", programs{"/usr/bin/tini": is("tini")}, "/usr/bin/tini"},
		{"dumb-init", programs{"/usr/local/bin/dumb-init": is("dumb-init")}, "/usr/local/bin/dumb-init"},
		{"by name alone", programs{"/usr/bin/tini": is("")}, ""},
		{"a script", programs{"/usr/bin/tini": {Executable: true, Text: "#!/bin/sh\n"}}, ""},
		{"not executable", programs{"/usr/bin/tini": {Program: &identity.Identity{Program: "tini"}}}, ""},
	}
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		image := imageinspect.Image{Config: imageinspect.Config{Cmd: []string{"node"}}, Files: test.files}
		if got := imageinspect.NewEvaluator(db).Evaluate(t.Context(), image, imageinspect.Overrides{}); got.Init != test.want {
			t.Errorf("%s: %q, want %q", test.name, got.Init, test.want)
		}
	}
}
