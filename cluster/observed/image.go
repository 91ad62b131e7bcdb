package observed

import "strings"

// digestOf is the digest in an image's id as the status of a container has it,
// as sha256:<hex>; empty where it holds none. Runtimes write
//
//   - containerd: REPOSITORY@DIGEST, what the reference led to when it was
//     pulled; sha256:HEX, the config, for an image without a repository;
//   - CRI-O: REPOSITORY@DIGEST, that or the platform's manifest; HEX, the config;
//   - dockershim's heirs: docker-pullable://REPOSITORY@DIGEST, docker://DIGEST.
//
// Which of them it is need not be known: no two contents have one digest.
func digestOf(imageID string) string {
	if _, rest, ok := strings.Cut(imageID, "://"); ok {
		imageID = rest
	}
	if at := strings.LastIndexByte(imageID, '@'); at >= 0 {
		imageID = imageID[at+1:]
	}
	hex := strings.TrimPrefix(imageID, "sha256:")
	if len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return ""
	}
	return "sha256:" + hex
}
