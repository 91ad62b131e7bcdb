package rootfs

import "strings"

// RefusalOf says what a layer's media type means for reading it. An empty one,
// as archives have it, is read. Sources:
// https://github.com/opencontainers/image-spec/blob/main/layer.md and
// https://github.com/containers/ocicrypt, spec package, for encrypted layers.
func RefusalOf(mediaType string) Refusal {
	switch {
	case mediaType == "":
		return Readable
	case strings.HasSuffix(mediaType, "+encrypted"):
		return Encrypted
	case strings.Contains(mediaType, ".nondistributable.") || strings.Contains(mediaType, ".foreign."):
		return Foreign
	case strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.v1.tar"),
		strings.HasPrefix(mediaType, "application/vnd.docker.image.rootfs.diff.tar"):
		return Readable
	default:
		return UnknownFormat
	}
}
