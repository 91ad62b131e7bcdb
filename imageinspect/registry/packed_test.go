package registry

import (
	"reflect"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

// hash512 is a digest of the longer kind.
var hash512 = v1.Hash{Algorithm: "sha512", Hex: strings.Repeat("0f", 64)}

func mustHash(t *testing.T, text string) v1.Hash {
	t.Helper()
	h, err := v1.NewHash(text)
	must(t, err)
	return h
}

func TestFactsArePacked(t *testing.T) {
	long := strings.Repeat("x", 300) // its length takes two bytes
	for name, f := range map[string]facts{
		"nothing": {layers: []layerRef{}},
		"all": {
			id:       sumOf(mustHash(t, digestB)),
			platform: platform{os: "linux", arch: "arm", variant: "v6"},
			config: imageinspect.Config{
				Entrypoint: []string{"/entrypoint.sh", ""}, Cmd: []string{"node", long},
				Env: []string{"PATH=/bin", "A=", "B=" + long}, WorkingDir: "/app", User: "1000:1000",
			},
			layers: []layerRef{
				{sum: sumOf(mustHash(t, digestA)), size: 1 << 40}, {sum: sumOf(hash512), size: 1}, {refusal: rootfs.BadDescriptor},
			},
		},
	} {
		if got := unpackFacts(f.pack()); !reflect.DeepEqual(got, f) {
			t.Errorf("%s: got %+v, want %+v", name, got, f)
		}
	}
}

func TestTopsArePacked(t *testing.T) {
	a := mustHash(t, digestA)
	for name, top := range map[string]top{
		"an image": newTop(a, manifest{config: &a}),
		"no entry": {digest: a, entries: []entry{}},
		"an index": {digest: a, entries: []entry{
			{digest: a, platform: platform{os: "linux", arch: "amd64"}},
			{digest: hash512, platform: platform{os: "linux", arch: "arm64", variant: "v9"}},
			{digest: mustHash(t, digestB), index: true},
		}},
	} {
		if got := unpackTop(top.pack(), a); !reflect.DeepEqual(got, top) {
			t.Errorf("%s: got %+v, want %+v", name, got, top)
		}
	}
}

func TestSums(t *testing.T) {
	for _, h := range []v1.Hash{{}, hash512, mustHash(t, digestA)} {
		if got := sumOf(h).digest(); got != h {
			t.Errorf("got %v, want %v", got, h)
		}
	}
}

// FuzzPackedFacts: what a registry says of an image is remembered as it is.
func FuzzPackedFacts(f *testing.F) {
	f.Add([]byte(`{"os":"linux","architecture":"arm","variant":"v6","config":{"Entrypoint":["a",""],"Cmd":["b"],"Env":["A=b"],"User":"1"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		want, err := parseConfig(raw)
		if err != nil {
			return
		}
		got := unpackFacts(want.pack())
		for _, list := range []*[]string{&want.config.Entrypoint, &want.config.Cmd, &want.config.Env} {
			if len(*list) == 0 {
				*list = nil // which says the same
			}
		}
		if got.platform != want.platform || !reflect.DeepEqual(got.config, want.config) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// FuzzPackedTop is the same for an index.
func FuzzPackedTop(f *testing.F) {
	f.Add([]byte(index(descriptor(digestA, ociImage, `{"os":"linux","architecture":"arm","variant":"v6"}`), descriptor(digestB, ociIndex, "null"))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseManifest(raw)
		if err != nil {
			return
		}
		want := newTop(v1.Hash{}, m)
		got := unpackTop(want.pack(), v1.Hash{})
		if got.single != want.single || len(got.entries) != len(want.entries) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		for i, e := range want.entries {
			if got.entries[i] != e {
				t.Fatalf("entry %d: got %+v, want %+v", i, got.entries[i], e)
			}
		}
	})
}

// TestIDs: whoever asks for something else gets no answer to this.
func TestIDs(t *testing.T) {
	seen := map[id]string{}
	add := func(what string, i id) {
		if other, ok := seen[i]; ok {
			t.Errorf("%s has the id of %s", what, other)
		}
		seen[i] = what
	}
	access := accessKey{sessionKey: sessionKey{repository: "a.example/b", creds: anonymous}, identifier: "1"}
	add("access", access.id())
	for what, change := range map[string]func(*accessKey){
		"repository": func(k *accessKey) { k.repository += "1" },
		"rights":     func(k *accessKey) { k.creds = shared },
		"plain HTTP": func(k *accessKey) { k.plainHTTP = true },
		"tag":        func(k *accessKey) { k.identifier = "2" },
		"boundary":   func(k *accessKey) { k.repository, k.creds = k.repository+string(k.creds), "" },
	} {
		k := access
		change(&k)
		add("access with another "+what, k.id())
	}
	content := contentKey{repository: "a.example/b", digest: mustHash(t, digestA)}
	add("content", content.id())
	other := content
	other.repository = "a.example/c"
	add("content of another repository", other.id())
	other = content
	other.digest = mustHash(t, digestB)
	add("other content", other.id())
	add("a file", fileKey{contentKey: content, path: "/a"}.id())
	add("another file", fileKey{contentKey: content, path: "/b"}.id())
	long := strings.Repeat("x", 2*idBytes)
	add("a long path", fileKey{contentKey: content, path: long}.id())
	add("another long path", fileKey{contentKey: content, path: long + "y"}.id())
	if again := access; access.id() != again.id() {
		t.Error("the same key has two ids")
	}
}
