package images

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// productFolder is where the Dockerfile finds what `make image` puts there.
const productFolder = "bin"

// Product makes initguard's own image as the Dockerfile says: with this working
// tree's programs and Debian's static tini.
func (b *Builder) Product(ctx context.Context) (v1.Image, error) {
	text, err := os.ReadFile(filepath.Join(b.Repo, "Dockerfile"))
	if err != nil {
		return nil, err
	}
	recipe, err := parseDockerfile(string(text))
	if err != nil {
		return nil, err
	}
	files := make(map[string]file)
	for to, from := range recipe.copies {
		content, err := b.productFile(ctx, from)
		if err != nil {
			return nil, fmt.Errorf("initguard's image: %s: %w", from, err)
		}
		files[to] = file{content: string(content)}
	}
	layer, err := filesLayer(files)
	if err != nil {
		return nil, err
	}
	recipe.config.Platform = platform()
	image, err := imagetest.Build(recipe.config)
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(image, layer)
}

// packaged are the files out of Debian's packages: the package, and the files
// that are put one after the other.
func packaged() map[string][2]string {
	return map[string][2]string{
		"tini-static":               {"tini", "usr/bin/tini-static"},
		"tini-copyright":            {"tini", "usr/share/doc/tini/copyright"},
		"ca-certificates.crt":       {"ca-certificates", "usr/share/ca-certificates/mozilla/*.crt"},
		"ca-certificates-copyright": {"ca-certificates", "usr/share/doc/ca-certificates/copyright"},
	}
}

// productFile is a file as `make image` makes it.
func (b *Builder) productFile(ctx context.Context, name string) ([]byte, error) {
	base := path.Base(name)
	from, isPackaged := packaged()[base]
	switch {
	case path.Dir(name) != productFolder:
		return nil, fmt.Errorf("is not in %s", productFolder)
	case isPackaged:
		return b.packagedFile(ctx, from[0], from[1])
	case base == "initguard":
		return b.compile(ctx, "./cmd/initguard")
	}
	return b.compile(ctx, "./cmd/initguard/"+base)
}

// packagedFile joins the files of a package that a pattern names.
func (b *Builder) packagedFile(ctx context.Context, name, pattern string) ([]byte, error) {
	root, err := b.Debian.Root(ctx, name)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(root.Dir, pattern))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("package %s has no %s", name, pattern)
	}
	var all []byte
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, content...)
	}
	return all, nil
}

// compile builds one of this repository's mains, static.
func (b *Builder) compile(ctx context.Context, main string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "initguard-program-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // in the temporary directory
	built := filepath.Join(folder, path.Base(main))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", built, main)
	cmd.Dir, cmd.Env = b.Repo, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", main, err, out)
	}
	return os.ReadFile(built)
}

// recipe is what a Dockerfile says.
type recipe struct {
	config imagetest.Spec
	copies map[string]string // to an absolute path, from one in the context
}

// parseDockerfile reads the few instructions that initguard's Dockerfile needs,
// and fails on any other, so that an image made without buildah is the same.
func parseDockerfile(text string) (recipe, error) {
	r := recipe{copies: make(map[string]string)}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		instruction, rest, _ := strings.Cut(line, " ")
		fields := strings.Fields(rest)
		switch {
		case line == "FROM scratch":
		case instruction == "COPY" && len(fields) == 2 && path.IsAbs(fields[1]):
			r.copies[fields[1]] = fields[0]
		case instruction == "USER" && len(fields) == 1:
			r.config.User = fields[0]
		case instruction == "ENTRYPOINT":
			if err := json.Unmarshal([]byte(rest), &r.config.Entrypoint); err != nil {
				return r, fmt.Errorf("in the Dockerfile: %s: %w", line, err)
			}
		default:
			return r, fmt.Errorf("in the Dockerfile: %q is nothing that the tests know how to build", line)
		}
	}
	if len(r.copies) == 0 || len(r.config.Entrypoint) == 0 {
		return r, errors.New("the Dockerfile has no COPY or no ENTRYPOINT")
	}
	return r, nil
}
