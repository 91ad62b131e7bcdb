// Package images makes container images that really run: out of Debian packages
// with all that they depend on, and of this repository's own test programs.
// Nothing is installed on the host.
package images

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/debroot"
)

// ProgramFolder is where an image has this repository's programs.
const ProgramFolder = "/usr/local/bin"

// Spec says what an image consists of.
type Spec struct {
	// Packages are Debian packages, on top of a shell and the core tools.
	Packages []string
	// Programs are names of folders in test/programs. They lie in ProgramFolder.
	Programs []string
	// Copies are programs of the packages that lie at another absolute path too:
	// to it, from that in the package.
	Copies map[string]string
	// Files are further files by absolute path, executable all of them.
	Files map[string]string
	// Links are symbolic links by absolute path, with their targets.
	Links map[string]string
	// Config is what the image says about its process.
	Config imagetest.Spec
}

// Builder makes images. It is safe for concurrent use.
type Builder struct {
	// Repo is the root of the repository, Debian makes the roots.
	Repo   string
	Debian *debroot.Builder

	mu     sync.Mutex
	layers map[string]v1.Layer // by what is in them

	making sync.Mutex // make writes the image's files into the working tree
}

// Build makes an image. Images share the layers that they have in common.
func (b *Builder) Build(ctx context.Context, s Spec) (v1.Image, error) {
	s.Config.Platform = platform()
	image, err := imagetest.Build(s.Config)
	if err != nil {
		return nil, err
	}
	layers, err := b.all(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("image of %q: %w", s.Packages, err)
	}
	image, err = mutate.AppendLayers(image, layers...)
	if err != nil {
		return nil, fmt.Errorf("image of %q: %w", s.Packages, err)
	}
	return image, nil
}

// platform is this machine's: images are for its node.
func platform() string { return "linux/" + runtime.GOARCH }

func (b *Builder) all(ctx context.Context, s Spec) ([]v1.Layer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	base, err := b.Debian.Root(ctx)
	if err != nil {
		return nil, err
	}
	layer, err := b.layer("base", func() (v1.Layer, error) { return folderLayer(base.Dir, "") })
	if err != nil {
		return nil, err
	}
	layers, root := []v1.Layer{layer}, base
	if len(s.Packages) > 0 {
		if root, err = b.Debian.Root(ctx, s.Packages...); err != nil {
			return nil, err
		}
		layer, err := b.layer("root "+root.Dir, func() (v1.Layer, error) { return folderLayer(root.Dir, base.Dir) })
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	for _, name := range s.Programs {
		layer, err := b.layer("program "+name, func() (v1.Layer, error) { return b.program(ctx, name) })
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	own, err := ownFiles(s, root.Dir)
	if err != nil {
		return nil, err
	}
	if len(own) > 0 {
		layer, err := filesLayer(own)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

// ownFiles are what an image has beside packages and programs.
func ownFiles(s Spec, dir string) (map[string]file, error) {
	own := make(map[string]file)
	for name, content := range s.Files {
		own[name] = file{content: content}
	}
	for name, target := range s.Links {
		own[name] = file{target: target}
	}
	if len(s.Copies) == 0 {
		return own, nil
	}
	root, err := os.OpenRoot(dir) // links in it must not lead out of it
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // only read from
	for name, from := range s.Copies {
		content, err := root.ReadFile(strings.TrimPrefix(from, "/"))
		if err != nil {
			return nil, err
		}
		own[name] = file{content: string(content)}
	}
	return own, nil
}

// layer makes a layer once.
func (b *Builder) layer(key string, build func() (v1.Layer, error)) (v1.Layer, error) {
	if layer, ok := b.layers[key]; ok {
		return layer, nil
	}
	layer, err := build()
	if err != nil {
		return nil, err
	}
	if b.layers == nil {
		b.layers = make(map[string]v1.Layer)
	}
	b.layers[key] = layer
	return layer, nil
}

// program builds one of this repository's test programs.
func (b *Builder) program(ctx context.Context, name string) (v1.Layer, error) {
	content, err := b.compile(ctx, "./test/programs/"+name)
	if err != nil {
		return nil, err
	}
	return filesLayer(map[string]file{path.Join(ProgramFolder, name): {content: string(content)}})
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
