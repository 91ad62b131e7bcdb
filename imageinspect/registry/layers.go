package registry

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect/rootfs"
)

// maxLayers bounds the layers that are kept of one image: one more than
// package rootfs takes, so that it can refuse an image that has more.
const maxLayers = 257

// layerRef is a layer as a manifest lists it. It is small, because those of
// every known image are kept.
type layerRef struct {
	sum     sum
	size    int64
	refusal rootfs.Refusal
}

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
	l.sum = sumOf(digest)
	return l
}
