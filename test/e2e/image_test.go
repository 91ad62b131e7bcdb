//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// imageMost is what a node downloads at most to run initguard, compressed.
const imageMost = 24 << 20

// contents are all files of initguard's image. None of them is a shell.
func contents() map[string]int64 {
	return map[string]int64{
		"initguard": 0o755, "initguard-scanner": 0o755, "usr/bin/tini-static": 0o755,
		"etc/ssl/certs/ca-certificates.crt": 0o644,
		"usr/share/doc/initguard/copyright": 0o644, "usr/share/doc/tini/copyright": 0o644, "usr/share/doc/ca-certificates/copyright": 0o644,
	}
}

// TestImage holds the image that buildah makes of the Dockerfile against what is
// promised of it, for both platforms, and has it made twice.
func TestImage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	index, err := shared.builder.ProductIndex(t.Context(), filepath.Join(dir, "first"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := shared.builder.ProductIndex(t.Context(), filepath.Join(dir, "second"))
	if err != nil {
		t.Fatal(err)
	}
	first, err1 := index.Digest()
	second, err2 := again.Digest()
	if err := errors.Join(err1, err2); err != nil || first != second {
		t.Errorf("made twice: %s and %s, %v", first, second, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	machines := map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64}
	for _, m := range manifest.Manifests {
		machine, known := machines[m.Platform.String()]
		if !known {
			t.Errorf("an image for %s", m.Platform)
			continue
		}
		delete(machines, m.Platform.String())
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		wantConfig(t, image, m.Platform.Architecture)
		wantContents(t, image, machine)
	}
	if len(machines) > 0 {
		t.Errorf("no image for %v", slices.Collect(maps.Keys(machines)))
	}
}

func wantConfig(t *testing.T, image v1.Image, arch string) {
	t.Helper()
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := file.Config
	if file.OS != "linux" || file.Architecture != arch || c.User != "65532:65532" || len(c.Cmd)+len(c.Volumes)+len(c.ExposedPorts) > 0 ||
		!slices.Equal(c.Entrypoint, []string{"/usr/bin/tini-static", "--", "/initguard"}) {
		t.Errorf("%s: config %+v", arch, c)
	}
	labels := slices.Sorted(maps.Keys(c.Labels))
	if want := []string{"description", "licenses", "revision", "source", "title", "version"}; !slices.Equal(labels, prefixed(want)) {
		t.Errorf("%s: labels %q", arch, labels)
	}
	for name, value := range c.Labels {
		if value == "" {
			t.Errorf("%s: label %s is empty", arch, name)
		}
	}
	size, err := downloaded(image)
	if err != nil || size > imageMost {
		t.Errorf("%s: %d bytes to download, %v", arch, size, err)
	}
	t.Logf("%s: %.1f MiB to download", arch, float64(size)/(1<<20))
}

func prefixed(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, "org.opencontainers.image."+n)
	}
	return out
}

// downloaded are the bytes of all layers as a registry has them.
func downloaded(image v1.Image) (int64, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return 0, err
	}
	var size int64
	for _, l := range manifest.Layers {
		size += l.Size
	}
	return size, nil
}

func wantContents(t *testing.T, image v1.Image, machine elf.Machine) {
	t.Helper()
	files := map[string][]byte{}
	modes := map[string]int64{}
	content := mutate.Extract(image)
	defer content.Close()
	archive := tar.NewReader(content)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s belongs to %d:%d", h.Name, h.Uid, h.Gid)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		name := strings.TrimPrefix(h.Name, "/")
		modes[name] = h.Mode & 0o7777
		if files[name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
	if !maps.Equal(modes, contents()) {
		t.Errorf("%s: files %v", machine, modes)
	}
	for name, mode := range contents() {
		if mode == 0o755 {
			if err := static(files[name], machine); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, part := range map[string]string{"tini": "Permission is hereby granted, free of charge", "ca-certificates": "MPL-2.0", "initguard": "Apache License"} {
		if !bytes.Contains(files["usr/share/doc/"+name+"/copyright"], []byte(part)) {
			t.Errorf("the licence of %s lacks %q", name, part)
		}
	}
}

// static is nil for a program of that machine that loads no library.
func static(content []byte, machine elf.Machine) error {
	f, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return err
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("is linked dynamically")
		}
	}
	if f.Machine != machine {
		return fmt.Errorf("is for %s", f.Machine)
	}
	return nil
}
