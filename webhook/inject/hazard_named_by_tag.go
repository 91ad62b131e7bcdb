package inject

import "strings"

// namedByTag
//
// Reads: command and image.
// Speaks against: wrap, where ENTRYPOINT and CMD would be copied from an image
// that is named by a tag: on the node the tag may be another image.
func namedByTag(p planner, _ Strategy, t target) string {
	if len(t.Command) > 0 || p.Options.TrustTags || strings.Contains(t.Container.Image, "@") {
		return ""
	}
	return "its image is named by a tag: name it by digest, or set command"
}
