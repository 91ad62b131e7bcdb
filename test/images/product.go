package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// Product makes initguard's own image for this machine with `make image`, out of
// this working tree and with Debian's buildah, which is unpacked and not installed.
// It needs root. The image is read from a folder, an OCI layout, which must not be
// there yet.
func (b *Builder) Product(ctx context.Context, folder string) (v1.Image, error) {
	if err := b.make(ctx, "image", "IMAGE=oci:"+folder+":product"); err != nil {
		return nil, err
	}
	index, only, err := single(folder)
	if err != nil {
		return nil, err
	}
	return index.Image(only)
}

// ProductIndex makes that image for all its platforms with `make image-index`, in
// the same way, and returns the index over them.
func (b *Builder) ProductIndex(ctx context.Context, folder string) (v1.ImageIndex, error) {
	if err := b.make(ctx, "image-index", "IMAGE=localhost/initguard:test", "LAYOUT="+folder); err != nil {
		return nil, err
	}
	index, only, err := single(folder)
	if err != nil {
		return nil, err
	}
	return index.ImageIndex(only)
}

// single is the one thing that an OCI layout holds.
func single(folder string) (v1.ImageIndex, v1.Hash, error) {
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return nil, v1.Hash{}, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, v1.Hash{}, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, v1.Hash{}, fmt.Errorf("%s holds %d images", folder, len(manifest.Manifests))
	}
	return index, manifest.Manifests[0].Digest, nil
}

// make runs make in the repository with a buildah that keeps nothing.
func (b *Builder) make(ctx context.Context, args ...string) (err error) {
	b.making.Lock()
	defer b.making.Unlock()
	dir, err := os.MkdirTemp("", "initguard-buildah-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program, err := b.buildah(ctx, dir)
	if err != nil {
		return fmt.Errorf("buildah: %w", err)
	}
	// git is not asked: the tests may run as root in a clone of somebody else.
	always := []string{"BUILDAH=" + program, "VERSION=v0.0.0-test", "COMMIT=" + strings.Repeat("0", 40), "COMMIT_TIME=1700000000"}
	cmd := exec.CommandContext(ctx, "make", append(always, args...)...)
	cmd.Dir = b.Repo
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// trustAll lets images in: there are none but those that are made here.
const trustAll = `{"default": [{"type": "insecureAcceptAnything"}]}`

// libraryNames are the libraries that buildah needs and a system may lack.
func libraryNames() []string {
	return []string{"libassuan", "libdevmapper", "libgpgme", "libgpg-error", "libseccomp", "libselinux", "libudev", "libpcre2-8"}
}

// buildah writes a script that runs Debian's buildah out of its unpacked package,
// with the libraries that it needs beside the system's own C library.
func (b *Builder) buildah(ctx context.Context, dir string) (program string, err error) {
	root, err := b.Debian.Root(ctx, "buildah")
	if err != nil {
		return "", err
	}
	libraries := filepath.Join(dir, "lib")
	home := filepath.Join(dir, "home")
	policy := filepath.Join(home, ".config", "containers", "policy.json")
	if err := errors.Join(os.Mkdir(libraries, 0o700), os.MkdirAll(filepath.Dir(policy), 0o700)); err != nil {
		return "", err
	}
	for _, name := range libraryNames() {
		files, err := filepath.Glob(filepath.Join(root.Dir, "usr/lib/*-linux-gnu", name+".so.*"))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			if err := os.Symlink(file, filepath.Join(libraries, filepath.Base(file))); err != nil {
				return "", err
			}
		}
	}
	script := fmt.Sprintf(`#!/bin/sh
export LD_LIBRARY_PATH=%[1]q HOME=%[2]q BUILDAH_ISOLATION=chroot
exec %[3]q --root %[4]q --runroot %[5]q --storage-driver vfs "$@"
`, libraries, home, filepath.Join(root.Dir, "usr/bin/buildah"), filepath.Join(dir, "storage"), filepath.Join(dir, "run"))
	program = filepath.Join(dir, "buildah")
	return program, errors.Join(os.WriteFile(policy, []byte(trustAll), 0o600), os.WriteFile(program, []byte(script), 0o700))
}
