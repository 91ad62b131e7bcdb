package registry

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestDigestsOfAnImage: the three by which nodes name an image, at the first
// look and out of memory.
func TestDigestsOfAnImage(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	top := r.MustPush(t, "web:1", node("linux/amd64"), node("linux/arm64"))
	ref, err := name.ParseReference(r.Host()+"/web:1", name.Insecure)
	must(t, err)
	image, err := remote.Image(ref, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"}), remote.WithContext(t.Context()))
	must(t, err)
	own, err := image.Digest()
	must(t, err)
	id, err := image.ConfigName()
	must(t, err)
	c := newClient(t, r, nil)
	for _, look := range []string{"first", "second"} {
		q := query(r, "web:1")
		q.Platforms = []string{"linux/amd64"}
		got := inspect(t, c, q)
		if len(got) != 1 || got[0].Index != top || got[0].Digest != own.String() || got[0].ConfigDigest != id.String() {
			t.Errorf("%s look: got %+v, want index %s, digest %s, config %s", look, got, top, own, id)
		}
	}
}
