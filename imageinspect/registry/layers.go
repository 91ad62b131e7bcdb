package registry

import (
	"encoding/hex"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect/rootfs"
)

// maxLayers bounds the layers that are kept of one image: one more than
// package rootfs takes, so that it can refuse an image that has more.
const maxLayers = 257

// layerRef is a layer as a manifest lists it. It is small, because those of
// every known image are kept.
type layerRef struct {
	sum     string // the digest's bytes
	size    int64
	refusal rootfs.Refusal
}

// layerWeight is about how many bytes of memory a layerRef takes.
const layerWeight = 32 + 32

// layersOf reads the descriptors of layers. A wrong one is no reason to refuse
// the image, whose config may say all that is asked.
func layersOf(descriptors []wireDescriptor) []layerRef {
	if len(descriptors) > maxLayers {
		descriptors = descriptors[:maxLayers]
	}
	out := make([]layerRef, 0, len(descriptors))
	for _, d := range descriptors {
		out = append(out, newLayerRef(d))
	}
	return out
}

func newLayerRef(d wireDescriptor) layerRef {
	l := layerRef{size: d.Size, refusal: rootfs.RefusalOf(string(d.MediaType))}
	digest, err := v1.NewHash(d.Digest)
	if err != nil || d.Size < 0 {
		return layerRef{refusal: rootfs.BadDescriptor}
	}
	sum, err := hex.DecodeString(digest.Hex)
	if err != nil {
		return layerRef{refusal: rootfs.BadDescriptor}
	}
	l.sum = string(sum)
	return l
}

// digest is the layer's digest; the algorithms are told by their length.
func (l layerRef) digest() v1.Hash {
	switch len(l.sum) {
	case 0:
		return v1.Hash{}
	case 64:
		return v1.Hash{Algorithm: "sha512", Hex: hex.EncodeToString([]byte(l.sum))}
	default:
		return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString([]byte(l.sum))}
	}
}
