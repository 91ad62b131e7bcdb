package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

func build(t *testing.T, s imagetest.Spec) v1.Image {
	t.Helper()
	image, err := imagetest.Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func buildIndex(t *testing.T, specs ...imagetest.Spec) v1.ImageIndex {
	t.Helper()
	index, err := imagetest.BuildIndex(specs...)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func newLayout(t *testing.T, dir string) layout.Path {
	t.Helper()
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func refName(tag string) layout.Option {
	return layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag})
}

// ask opens and inspects a source; without a failure the answer is its
// platforms and first words.
func ask(t *testing.T, source string, platforms ...string) (string, imageinspect.Reason) {
	t.Helper()
	s, err := Open(source)
	if err != nil {
		return "", reason(t, err)
	}
	images, err := s.Inspect(t.Context(), imageinspect.Query{Platforms: platforms})
	if err != nil {
		return "", reason(t, err)
	}
	var out []string
	for _, image := range images {
		if image.Digest == "" {
			t.Errorf("%s: no digest", image.Platform)
		}
		out = append(out, image.Platform+"="+strings.Join(image.Config.Entrypoint, " "))
	}
	return strings.Join(out, " "), imageinspect.Reason{}
}

func TestLayout(t *testing.T) {
	root := t.TempDir()
	one := newLayout(t, filepath.Join(root, "one"))
	must(t, one.AppendImage(build(t, node(""))))
	// A colon in the directory's name.
	colon := newLayout(t, filepath.Join(root, "a:b"))
	must(t, colon.AppendImage(build(t, node("")), refName("1")))
	two := newLayout(t, filepath.Join(root, "two"))
	must(t, two.AppendImage(build(t, node("")), refName("1.0")))
	must(t, two.AppendImage(build(t, imagetest.Spec{Entrypoint: []string{"tini"}}), refName("docker.io/library/web:2")))
	nested := newLayout(t, filepath.Join(root, "nested"))
	must(t, nested.AppendIndex(buildIndex(t, node(imagetest.AttestationPlatform), node("linux/arm64"), node("linux/amd64"), node("windows/amd64"))))
	flat, err := layout.Write(filepath.Join(root, "flat"), buildIndex(t, node("linux/arm64"), node("linux/amd64")))
	must(t, err)
	_ = flat
	newLayout(t, filepath.Join(root, "empty"))
	must(t, os.MkdirAll(filepath.Join(root, "dir"), 0o700))
	must(t, os.MkdirAll(filepath.Join(root, "bad"), 0o700))
	must(t, os.WriteFile(filepath.Join(root, "bad", "index.json"), []byte("{"), 0o600))
	must(t, os.WriteFile(filepath.Join(root, "file"), []byte("x"), 0o600))

	for _, tc := range []struct {
		source    string
		platforms []string
		want      string
		code      imageinspect.Code
		detail    string
	}{
		{"oci:one", nil, "linux/amd64=node", "", ""},
		{"oci:one", []string{"linux/amd64"}, "linux/amd64=node", "", ""},
		{"oci:one", []string{"linux/s390x"}, "", imageinspect.CodeNoPlatform, "linux/amd64"},
		{"oci:one:1", nil, "", imageinspect.CodeImageInvalid, `no image is named "1"`},
		{"oci:a:b", nil, "linux/amd64=node", "", ""},
		{"oci:a:b:1", nil, "linux/amd64=node", "", ""},
		{"oci:two:1.0", nil, "linux/amd64=node", "", ""},
		{"oci:two:docker.io/library/web:2", nil, "linux/amd64=tini", "", ""},
		{"oci:two", nil, "", imageinspect.CodeImageInvalid, "several images; add :TAG to say which: 1.0, docker.io/library/web:2"},
		{"oci:two:3", nil, "", imageinspect.CodeImageInvalid, "there is 1.0, docker.io/library/web:2"},
		{"oci:nested", nil, "linux/arm64=node linux/amd64=node", "", ""},
		{"oci:nested", []string{"linux/amd64"}, "linux/amd64=node", "", ""},
		{"oci:flat", []string{"linux/amd64"}, "linux/amd64=node", "", ""},
		{"oci:empty", nil, "", imageinspect.CodeImageInvalid, "lists no image"},
		{"oci:dir", nil, "", imageinspect.CodeImageInvalid, "no index.json: is this an OCI layout?"},
		{"oci:bad", nil, "", imageinspect.CodeImageInvalid, "index.json: not an index"},
		{"oci:none", nil, "", imageinspect.CodeImageInvalid, "no such file or directory"},
		{"oci:none:1", nil, "", imageinspect.CodeImageInvalid, "no such file or directory"},
		{"oci:file", nil, "", imageinspect.CodeImageInvalid, "use docker-archive:"},
		{"oci:one:", nil, "", imageinspect.CodeImageInvalid, "want a tag"},
		{"oci:", nil, "", imageinspect.CodeImageInvalid, "want a path"},
		{"tar:x", nil, "", imageinspect.CodeImageName, "want oci:DIR[:TAG] or docker-archive:FILE[:REF]"},
	} {
		t.Run(tc.source+" "+strings.Join(tc.platforms, ","), func(t *testing.T) {
			kind, path, _ := strings.Cut(tc.source, ":")
			source := kind + ":" + path
			if path != "" {
				source = kind + ":" + filepath.Join(root, path)
			}
			got, why := ask(t, source, tc.platforms...)
			if got != tc.want || why.Code != tc.code || !strings.Contains(why.Detail, tc.detail) {
				t.Errorf("got %q, %+v; want %q, %s, detail with %q", got, why, tc.want, tc.code, tc.detail)
			}
			if tc.code != "" && tc.code != imageinspect.CodeImageName && !strings.Contains(why.Detail, source) {
				t.Errorf("detail %q does not name the source", why.Detail)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestDamagedLayout: blobs that are missing, changed, huge or no files.
func TestDamagedLayout(t *testing.T) {
	for _, tc := range []struct {
		name   string
		damage func(t *testing.T, blob string)
		detail string
	}{
		{"missing", func(t *testing.T, blob string) { t.Helper(); must(t, os.Remove(blob)) }, "incomplete"},
		{"changed", func(t *testing.T, blob string) { t.Helper(); must(t, os.WriteFile(blob, []byte("{}"), 0o600)) }, "has digest"},
		{"huge", func(t *testing.T, blob string) { t.Helper(); must(t, os.Truncate(blob, gib)) }, "larger than"},
		{"a directory", func(t *testing.T, blob string) {
			t.Helper()
			must(t, os.Remove(blob))
			must(t, os.Mkdir(blob, 0o700))
		}, "not a regular file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			image := build(t, node(""))
			must(t, newLayout(t, dir).AppendImage(image))
			config, err := image.ConfigName()
			must(t, err)
			blob := filepath.Join(dir, "blobs", config.Algorithm, config.Hex)
			must(t, os.Chmod(blob, 0o600))
			tc.damage(t, blob)
			_, why := ask(t, "oci:"+dir)
			if why.Code != imageinspect.CodeImageInvalid || !strings.Contains(why.Detail, tc.detail) || !strings.Contains(why.Detail, config.Hex[:12]) {
				t.Errorf("reason = %+v, want detail with %q and the blob's name", why, tc.detail)
			}
		})
	}
}

func TestLayoutInItself(t *testing.T) {
	dir := t.TempDir()
	inner := buildIndex(t, node(""))
	for range maxNesting + 2 {
		outer := newLayout(t, t.TempDir())
		must(t, outer.AppendIndex(inner))
		var err error
		inner, err = outer.ImageIndex()
		must(t, err)
	}
	must(t, newLayout(t, dir).AppendIndex(inner))
	if _, why := ask(t, "oci:"+dir); !strings.Contains(why.Detail, "deep") {
		t.Errorf("reason = %+v", why)
	}
}

func TestArchive(t *testing.T) {
	root := t.TempDir()
	save := func(file string, images map[string]v1.Image) {
		tagged := map[name.Tag]v1.Image{}
		for tag, image := range images {
			parsed, err := name.NewTag(tag)
			must(t, err)
			tagged[parsed] = image
		}
		must(t, tarball.MultiWriteToFile(filepath.Join(root, file), tagged))
	}
	plain := build(t, node(""))
	save("one.tar", map[string]v1.Image{"example.com/web:1": plain})
	save("two.tar", map[string]v1.Image{"web:1": plain, "web:2": build(t, imagetest.Spec{Entrypoint: []string{"tini"}})})
	raw, err := os.ReadFile(filepath.Join(root, "one.tar"))
	must(t, err)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err = w.Write(raw)
	must(t, err)
	must(t, w.Close())
	must(t, os.WriteFile(filepath.Join(root, "zip.tar"), zipped.Bytes(), 0o600))
	must(t, os.WriteFile(filepath.Join(root, "cut.tar"), raw[:700], 0o600))
	must(t, os.WriteFile(filepath.Join(root, "none.tar"), nil, 0o600))
	config, err := plain.RawConfigFile()
	must(t, err)
	writeTar(t, filepath.Join(root, "link.tar"), map[string]string{
		"manifest.json": `[{"Config":"a/link.json","RepoTags":null}]`, "a/link.json": "-> ../real.json", "real.json": string(config),
	})
	writeTar(t, filepath.Join(root, "loop.tar"), map[string]string{
		"manifest.json": `[{"Config":"x"}]`, "x": "-> y", "y": "-> x",
	})
	writeTar(t, filepath.Join(root, "outside.tar"), map[string]string{"manifest.json": `[{"Config":"../../etc/passwd"}]`})
	writeTar(t, filepath.Join(root, "noconfig.tar"), map[string]string{"manifest.json": `[{}]`})
	writeTar(t, filepath.Join(root, "nothing.tar"), map[string]string{"manifest.json": `[]`})
	writeTar(t, filepath.Join(root, "huge.tar"), map[string]string{"manifest.json": strings.Repeat(" ", maxManifestBytes+1)})

	for _, tc := range []struct{ source, want, detail string }{
		{"one.tar", "linux/amd64=node", ""},
		{"one.tar:example.com/web:1", "linux/amd64=node", ""},
		{"one.tar:web:1", "", "there is example.com/web:1"},
		{"two.tar", "", "several images; add :REF to say which"},
		{"two.tar:web:2", "linux/amd64=tini", ""},
		{"two.tar:docker.io/library/web:2", "linux/amd64=tini", ""},
		{"link.tar", "linux/amd64=node", ""},
		{"zip.tar", "", "gunzip"},
		{"cut.tar", "", "not a tar file"},
		{"none.tar", "", "is this what `docker save` writes?"},
		{"loop.tar", "", "links"},
		{"outside.tar", "", "no ../../etc/passwd in it"},
		{"noconfig.tar", "", "names no config"},
		{"nothing.tar", "", "lists no image"},
		{"huge.tar", "", "larger than 4096 KiB"},
		{"missing.tar", "", "no such file"},
		{".", "", "use oci:"},
	} {
		t.Run(tc.source, func(t *testing.T) {
			source := "docker-archive:" + root + "/" + tc.source
			got, why := ask(t, source)
			if got != tc.want || (tc.want == "") != (why.Code == imageinspect.CodeImageInvalid) || !strings.Contains(why.Detail, tc.detail) {
				t.Errorf("got %q, %+v; want %q, detail with %q", got, why, tc.want, tc.detail)
			}
			if tc.want == "" && !strings.Contains(why.Detail, source) {
				t.Errorf("detail %q does not name the source", why.Detail)
			}
		})
	}
}

// writeTar writes members in the order of their names; content "-> x" is a
// symbolic link to x.
func writeTar(t *testing.T, file string, members map[string]string) {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, member := range slices.Sorted(maps.Keys(members)) {
		content := members[member]
		header := &tar.Header{Name: member, Mode: 0o600, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, target, 0
			content = ""
		}
		must(t, w.WriteHeader(header))
		_, err := w.Write([]byte(content))
		must(t, err)
	}
	must(t, w.Close())
	must(t, os.WriteFile(file, out.Bytes(), 0o600))
}

func TestIsLocal(t *testing.T) {
	for reference, want := range map[string]bool{
		"oci:out": true, "docker-archive:x.tar": true, "oci": false, "web:1": false, "docker.io/oci:1": false, "docker-archive": false,
	} {
		if got := IsLocal(reference); got != want {
			t.Errorf("IsLocal(%s) = %v", reference, got)
		}
	}
}

func FuzzParseSource(f *testing.F) {
	f.Add("oci:out:1", "out")
	f.Add("oci:a:b:c", "a:b")
	f.Add("docker-archive:x.tar:web:1", "x.tar")
	f.Add("oci::", "")
	f.Add("web:1", "web")
	f.Fuzz(func(t *testing.T, text, existing string) {
		s, err := parseSource(text, func(path string) bool { return path == existing })
		if err != nil {
			return
		}
		if s.path == "" || s.String() != text {
			t.Fatalf("parseSource(%q) = %+v", text, s)
		}
	})
}

func FuzzParseLayoutIndex(f *testing.F) {
	f.Add([]byte(index(descriptor(digestA, ociImage, `{"os":"linux","architecture":"amd64"}`))), "1")
	f.Add([]byte(`{"manifests":[{"mediaType":"`+ociImage+`","digest":"`+digestB+`","annotations":{"org.opencontainers.image.ref.name":"1"}}]}`), "1")
	f.Fuzz(func(t *testing.T, raw []byte, tag string) {
		listed, err := parseLayoutIndex(raw)
		if err != nil {
			return
		}
		selected, err := selectNamed(listed, tag)
		if err == nil && len(selected) == 0 {
			t.Fatalf("selected nothing of %+v", listed)
		}
	})
}

func FuzzParseArchive(f *testing.F) {
	seed, err := json.Marshal([]wireArchive{{Config: "c", RepoTags: []string{"web:1"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed, "web:1")
	f.Add([]byte(`[{},{}]`), "")
	f.Fuzz(func(t *testing.T, raw []byte, tag string) {
		listed, err := parseArchive(raw)
		if err != nil {
			return
		}
		if _, err := selectTagged(listed, tag); err == nil && tag == "" && len(listed) != 1 {
			t.Fatalf("selected one of %+v", listed)
		}
	})
}
