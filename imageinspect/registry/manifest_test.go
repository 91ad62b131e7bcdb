package registry

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect/rootfs"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

	ociImage  = "application/vnd.oci.image.manifest.v1+json"
	ociIndex  = "application/vnd.oci.image.index.v1+json"
	ociConfig = "application/vnd.oci.image.config.v1+json"
)

func TestParseManifest(t *testing.T) {
	config := `"config":{"mediaType":"` + ociConfig + `","digest":"` + digestA + `"}`
	for _, tc := range []struct {
		name, raw string
		// want is "image", "index", or part of the error.
		want string
	}{
		{"image", `{"schemaVersion":2,` + config + `}`, "image"},
		{"image with its type", `{"schemaVersion":2,"mediaType":"` + ociImage + `",` + config + `}`, "image"},
		{"docker image", `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"` + digestA + `"}}`, "image"},
		{"index", `{"schemaVersion":2,"manifests":[]}`, "index"},
		{"image and index", `{"schemaVersion":2,"manifests":[],` + config + `}`, "at once"},
		{"index that says image", `{"schemaVersion":2,"mediaType":"` + ociImage + `","manifests":[]}`, "mediaType"},
		{"image that says index", `{"schemaVersion":2,"mediaType":"` + ociIndex + `",` + config + `}`, "mediaType"},
		{"schema 1", `{"schemaVersion":1,"fsLayers":[],"history":[]}`, "schema version 1"},
		{"signed schema 1", `{"fsLayers":[{}],"signatures":[]}`, "schema version 1"},
		{"artifact", `{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"` + digestA + `"}}`, "artifact"},
		{"bad digest", `{"schemaVersion":2,"config":{"digest":"sha256:../../etc/passwd"}}`, "digest"},
		{"unknown algorithm", `{"schemaVersion":2,"config":{"digest":"md5:aaaa"}}`, "digest"},
		{"no config", `{"schemaVersion":2}`, "neither"},
		{"null", `null`, "neither"},
		{"string", `"x"`, "not JSON"},
		{"html", `<html>`, "not JSON"},
		{"two documents", `{"schemaVersion":2,` + config + `}{}`, "not JSON"},
		{"manifests of another type", `{"schemaVersion":2,"manifests":{}}`, "want a list"},
		{"many entries", `{"schemaVersion":2,"manifests":[` + strings.Repeat("{},", maxList) + `{}]}`, "more than 4096"},
		{"bad platform", index(descriptor(digestA, ociImage, `{"os":"linux\n","architecture":"amd64"}`)), "platform part"},
		{"bad entry digest", index(descriptor("sha256:12", ociImage, "null")), "index entry 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := parseManifest([]byte(tc.raw))
			switch {
			case err != nil && !strings.Contains(err.Error(), tc.want):
				t.Errorf("error = %v, want %q", err, tc.want)
			case err == nil && tc.want != "image" && tc.want != "index":
				t.Errorf("no error, want %q", tc.want)
			case err == nil && (m.config != nil) != (tc.want == "image"):
				t.Errorf("manifest = %+v, want an %s", m, tc.want)
			}
		})
	}
}

func index(entries ...string) string {
	return `{"schemaVersion":2,"mediaType":"` + ociIndex + `","manifests":[` + strings.Join(entries, ",") + `]}`
}

func descriptor(digest, mediaType, platform string) string {
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":1,"platform":%s}`, mediaType, digest, platform)
}

func TestIndexEntries(t *testing.T) {
	raw := index(
		descriptor(digestA, ociImage, `{"os":"unknown","architecture":"unknown"}`),
		`{"mediaType":"`+ociImage+`","digest":"`+digestA+`","platform":{"os":"linux","architecture":"amd64"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}}`,
		descriptor(digestA, "application/vnd.example.signature", `{"os":"linux","architecture":"amd64"}`),
		descriptor(digestB, ociImage, `{"os":"Linux","architecture":"ARM64","variant":"8"}`),
		descriptor(digestA, ociImage, "null"),
	)
	m, err := parseManifest([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.entries) != 2 || m.entries[0].platform.String() != "linux/arm64" || m.entries[1].platform != (platform{}) {
		t.Errorf("entries = %+v, want linux/arm64 and one without a platform", m.entries)
	}
}

func TestParseConfig(t *testing.T) {
	long := strings.Repeat("x", maxProcessBytes)
	for _, tc := range []struct {
		name, raw, platform, err string
	}{
		{"plain", `{"os":"linux","architecture":"amd64","config":{"Cmd":["x"]}}`, "linux/amd64", ""},
		{"variant", `{"os":"linux","architecture":"arm","variant":"v6"}`, "linux/arm/v6", ""},
		{"default variant", `{"os":"linux","architecture":"arm","variant":"v7"}`, "linux/arm", ""},
		{"no os", `{"architecture":"amd64"}`, "linux/amd64", ""},
		{"no platform", `{"config":null}`, "linux/unknown", ""},
		{"null lists", `{"os":"linux","architecture":"amd64","config":{"Cmd":null,"Entrypoint":null}}`, "linux/amd64", ""},
		{"not an image", `{"config":{"Cmd":"x"}}`, "", "want a list"},
		{"numbers", `{"config":{"Cmd":[1]}}`, "", "list entry 0"},
		{"NUL", `{"config":{"Cmd":["a\u0000b"]}}`, "", "NUL"},
		{"NUL in workdir", `{"config":{"WorkingDir":"\u0000"}}`, "", "NUL"},
		{"huge", `{"config":{"Env":["` + long + `"]}}`, "", "256 KiB"},
		{"many words", `{"config":{"Cmd":[` + strings.Repeat(`"",`, maxList) + `""]}}`, "", "more than 4096"},
		{"bad platform", `{"os":"lin ux"}`, "", "platform part"},
		{"html", `<html>`, "", "not an image's"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := parseConfig([]byte(tc.raw))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error = %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil || f.platform.String() != tc.platform {
				t.Errorf("platform = %s, %v; want %s", f.platform, err, tc.platform)
			}
		})
	}
}

func TestVariants(t *testing.T) {
	for _, tc := range []struct{ want, have, chosen string }{
		{"linux/amd64", "linux/amd64/v3 linux/amd64", "linux/amd64"},
		{"linux/amd64", "linux/amd64/v3 linux/amd64/v2", "linux/amd64/v2"},
		{"linux/amd64/v3", "linux/amd64 linux/amd64/v2 linux/amd64/v4", "linux/amd64/v2"},
		{"linux/amd64/v2", "linux/amd64/v3", ""},
		{"linux/arm", "linux/arm/v5 linux/arm/v6", "linux/arm/v6"},
		{"linux/arm/v6", "linux/arm/v7 linux/arm/v5", "linux/arm/v5"},
		{"linux/arm64", "linux/arm64/v8", "linux/arm64"},
		{"linux/arm64", "linux/arm/v8", ""},
		{"linux/amd64", "windows/amd64", ""},
		{"linux/ppc64le", "linux/ppc64le linux/ppc64le", "linux/ppc64le"},
		{"linux/mips", "linux/mips/odd", ""},
	} {
		var entries []entry
		for i, text := range strings.Fields(tc.have) {
			p, err := parsePlatform(text)
			if err != nil {
				t.Fatal(err)
			}
			entries = append(entries, entry{platform: p, digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprint(i)}})
		}
		want, err := parsePlatform(tc.want)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if chosen := choosePlatforms(entries, []platform{want}); len(chosen) > 0 {
			got = chosen[0].platform.String()
		}
		if got != tc.chosen {
			t.Errorf("of %s for %s chose %q, want %q", tc.have, tc.want, got, tc.chosen)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(index(descriptor(digestA, ociImage, `{"os":"linux","architecture":"amd64"}`), descriptor(digestB, ociIndex, "null"))))
	f.Add([]byte(`{"schemaVersion":2,"config":{"digest":"` + digestA + `"}}`))
	f.Add([]byte(`{"schemaVersion":1,"fsLayers":[]}`))
	f.Add([]byte(`{"manifests":null,"config":null}`))
	f.Add([]byte(`{"config":{"digest":"` + digestA + `"},"layers":[{"digest":"` + digestB + `","size":7,"mediaType":"application/wasm"},{"size":-1}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseManifest(raw)
		if err != nil {
			return
		}
		if len(m.layers) > maxLayers {
			t.Fatalf("%d layers", len(m.layers))
		}
		for _, l := range m.layers {
			if _, err := v1.NewHash(l.sum.digest().String()); l.size < 0 || err != nil && l.refusal == rootfs.Readable {
				t.Fatalf("layer %+v: %v", l, err)
			}
		}
		if m.config != nil && len(m.entries) > 0 {
			t.Fatalf("image and index at once: %+v", m)
		}
		if len(m.entries) > maxList {
			t.Fatalf("%d entries", len(m.entries))
		}
		for _, e := range m.entries {
			if _, err := v1.NewHash(e.digest.String()); err != nil {
				t.Fatalf("entry %+v: %v", e, err)
			}
		}
	})
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"os":"linux","architecture":"amd64","config":{"Entrypoint":["a"],"Cmd":["b"],"Env":["A=b"]}}`))
	f.Add([]byte(`{"config":{"Cmd":["\u0000"]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseConfig(raw)
		if err != nil {
			return
		}
		words := slices.Concat(got.config.Entrypoint, got.config.Cmd, got.config.Env)
		if strings.ContainsRune(strings.Join(words, ""), 0) || len(strings.Join(words, "")) > maxProcessBytes {
			t.Fatalf("took %+v", got)
		}
	})
}

func FuzzChoosePlatforms(f *testing.F) {
	f.Add([]byte(index(descriptor(digestA, ociImage, `{"os":"linux","architecture":"arm","variant":"v6"}`))), "linux/arm,linux/arm/v7")
	f.Add([]byte(index(descriptor(digestA, ociImage, "null"), descriptor(digestB, ociIndex, "null"))), "")
	f.Fuzz(func(t *testing.T, raw []byte, asked string) {
		m, err := parseManifest(raw)
		if err != nil {
			return
		}
		var texts []string
		if asked != "" {
			texts = strings.Split(asked, ",")
		}
		wanted, err := parsePlatforms(texts)
		if err != nil {
			return
		}
		chosen := choosePlatforms(m.entries, wanted)
		if len(chosen) > maxPlatforms+maxUnnamed {
			t.Fatalf("chose %d", len(chosen))
		}
		for _, e := range chosen {
			if e.index || e.platform != (platform{}) && !matches(e.platform, wanted) {
				t.Fatalf("chose %+v for %v", e, wanted)
			}
		}
	})
}

func FuzzParseReference(f *testing.F) {
	for _, seed := range []string{"web", "a/b:1", "localhost:1/a@" + digestA, "[::1]:5000/a", "docker.io/a", "a//b", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := parseReference(text)
		if err != nil {
			return
		}
		again, err := parseReference(ref.Name())
		if err != nil || again.Name() != ref.Name() {
			t.Fatalf("parseReference(%q) = %q, which is read as %v, %v", text, ref.Name(), again, err)
		}
	})
}
