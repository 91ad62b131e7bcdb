package registry

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

const (
	// maxTarEntries bounds the headers that are looked at in one archive.
	maxTarEntries = 100_000
	// maxTarLinks bounds links from one member of an archive to another.
	maxTarLinks = 5
)

// wireArchive is one image of a docker-archive's manifest.json.
// Source: https://github.com/moby/docker-image-spec/blob/main/spec.md
type wireArchive struct {
	Config   string       `json:"Config"`
	RepoTags list[string] `json:"RepoTags"`
	Layers   list[string] `json:"Layers"` // lowest first
}

func (s *Source) inspectArchive(ctx context.Context, wanted []platform) ([]imageinspect.Image, error) {
	raw, err := readMember(ctx, s.path, "manifest.json", maxManifestBytes)
	if err != nil {
		return nil, fmt.Errorf("%w: is this what `docker save` writes?", err)
	}
	listed, err := parseArchive(raw)
	if err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	image, err := selectTagged(listed, s.tag)
	if err != nil {
		return nil, err
	}
	config, err := readMember(ctx, s.path, image.Config, maxConfigBytes)
	if err != nil {
		return nil, err
	}
	f, err := parseConfig(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clip(image.Config), err)
	}
	digest, err := digestOf("sha256", config)
	if err != nil {
		return nil, err
	}
	t := top{single: true, entries: []entry{{digest: digest}}}
	a, p := assemble(s.String(), t, t.entries, []facts{f}, wanted)
	if p != nil {
		return nil, p
	}
	a.images[0].Files = rootfs.New(s.archiveLayers(image.Layers), localBounds())
	return a.images, nil
}

// archiveLayers are layers that are read from the archive, which holds no
// digests of them.
func (s *Source) archiveLayers(members []string) []rootfs.Layer {
	out := make([]rootfs.Layer, len(members))
	for i, member := range members {
		out[i] = rootfs.Layer{Open: func(ctx context.Context) (io.ReadCloser, error) {
			return openMember(ctx, s.path, member)
		}}
	}
	return out
}

func parseArchive(raw []byte) ([]wireArchive, error) {
	var listed list[wireArchive]
	if err := json.Unmarshal(raw, &listed); err != nil {
		return nil, fmt.Errorf("not a list of images: %w", err)
	}
	if len(listed) == 0 {
		return nil, errors.New("it lists no image")
	}
	return listed, nil
}

// selectTagged picks the image with a tag; without a tag, the only one.
func selectTagged(listed []wireArchive, tag string) (wireArchive, error) {
	if tag == "" {
		if len(listed) > 1 {
			return wireArchive{}, fmt.Errorf("several images; add :REF to say which: %s", describeTags(listed))
		}
		return listed[0], nil
	}
	for _, image := range listed {
		if slices.ContainsFunc(image.RepoTags, func(have string) bool { return sameTag(have, tag) }) {
			return image, nil
		}
	}
	return wireArchive{}, fmt.Errorf("no image is tagged %q; there is %s", tag, describeTags(listed))
}

// sameTag is true for two spellings of one tag: web is docker.io/library/web:latest.
func sameTag(a, b string) bool {
	if a == b {
		return true
	}
	tagA, errA := name.NewTag(a)
	tagB, errB := name.NewTag(b)
	return errA == nil && errB == nil && tagA.Name() == tagB.Name()
}

func describeTags(listed []wireArchive) string {
	var out []string
	for _, image := range listed {
		if len(image.RepoTags) == 0 {
			out = append(out, "(no tag)")
		}
		out = append(out, image.RepoTags...)
	}
	return clip(strings.Join(out, ", "))
}

// readMember reads one member of a tar file.
func readMember(ctx context.Context, file, member string, limit int64) (raw []byte, err error) {
	content, err := openMember(ctx, file, member)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	return readLimited(content, member, limit)
}

// openMember opens one member of a tar file, following links within it.
func openMember(ctx context.Context, file, member string) (io.ReadCloser, error) {
	if member == "" {
		return nil, errors.New("manifest.json names no config")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	for range maxTarLinks {
		content, link, err := findMember(ctx, f, path.Clean(member))
		switch {
		case err != nil:
			return nil, errors.Join(err, f.Close())
		case link == "":
			return memberReader{content, f}, nil
		}
		member = link
	}
	return nil, errors.Join(fmt.Errorf("%s: more than %d links", clip(member), maxTarLinks), f.Close())
}

// memberReader reads a member and closes its archive.
type memberReader struct {
	io.Reader
	io.Closer
}

// findMember returns a member's content, or where it links to.
func findMember(ctx context.Context, f *os.File, member string) (content io.Reader, link string, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, "", err
	}
	archive := tar.NewReader(f)
	for range maxTarEntries {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, "", fmt.Errorf("no %s in it", clip(member))
		}
		if err != nil {
			return nil, "", fmt.Errorf("not a tar file, or a compressed one (unpack it with gunzip first): %w", err)
		}
		if path.Clean(header.Name) != member {
			continue
		}
		switch header.Typeflag {
		case tar.TypeSymlink:
			return nil, path.Join(path.Dir(member), header.Linkname), nil //nolint:gosec // Names a member; nothing is extracted.
		case tar.TypeLink:
			return nil, header.Linkname, nil
		}
		return archive, "", nil
	}
	return nil, "", fmt.Errorf("no %s among the first %d members", clip(member), maxTarEntries)
}
