package app

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/initguard/initguard/cmd/initguard/manifest"
	"github.com/initguard/initguard/imageinspect/registry"
)

// input is what the commands that take manifests work with.
type input struct {
	*toolbox
	images *substitutes
	read   manifest.Input
}

// openInput reads manifests and opens what their images are judged with; the
// client has to be closed.
func openInput(ctx context.Context, o *lookupOptions, files, images []string, stdin io.Reader) (*input, error) {
	t, err := o.open()
	if err != nil {
		return nil, err
	}
	in := &input{toolbox: t}
	if in.images, err = openSubstitutes(images, patient{t.client}); err == nil {
		in.read, err = manifest.Read(ctx, files, stdin)
	}
	if err != nil {
		t.client.Close()
		return nil, err //nolint:wrapcheck // It names the file.
	}
	return in, nil
}

// inputErrors are what is wrong with the files and images that are named.
func inputErrors(files, images []string) []error {
	var errs []error
	stdin := 0
	for _, name := range files {
		if name == manifest.Stdin {
			stdin++
		}
	}
	if stdin > 1 {
		errs = append(errs, fmt.Errorf("--filename: standard input can be read only once"))
	}
	for _, image := range images {
		if name, source, ok := strings.Cut(image, "="); !ok || name == "" || !registry.IsLocal(source) {
			errs = append(errs, fmt.Errorf("--image: %q is not NAME=SOURCE with SOURCE oci:DIR[:TAG] or docker-archive:FILE[:REF]", image))
		}
	}
	return errs
}
