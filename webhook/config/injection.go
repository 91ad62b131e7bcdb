package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/initguard/initguard/configfile"
)

// Injection bounds what may be done to pods, whoever asks for it.
type Injection struct {
	// Strategies are those that may be used: share-pid and wrap; none injects
	// nothing anywhere. Default: both.
	Strategies []Strategy `yaml:"strategies"`
	// Wrap is what the strategy wrap needs.
	Wrap Wrap `yaml:"wrap"`
}

// Wrap is what the strategy wrap needs.
type Wrap struct {
	// Image is initguard's own image as every node can pull it without a
	// secret: with a digest, or with a tag other than latest. Empty: the
	// webhook's flag --inject-image; without either, wrap is refused.
	// Default: empty.
	Image string `yaml:"image"`
	// TrustTags takes a tag to mean the same image on the node as in the
	// registry. Without it wrap needs the pod's command, or an image by
	// digest. Default: false.
	TrustTags bool `yaml:"trustTags"`
	// RequireSeen refuses wrap where initguard's image was not seen to run on
	// the nodes on which the pod may land. Default: true.
	RequireSeen bool `yaml:"requireSeen"`
}

// Allows reports whether a strategy may be used.
func (i Injection) Allows(s Strategy) bool { return slices.Contains(i.Strategies, s) }

func (r report) injection(i Injection) {
	const strategies = "injection.strategies"
	first := make(map[string]int)
	for n, s := range i.Strategies {
		at := fmt.Sprintf("%s[%d]", strategies, n)
		if s == StrategyAuto {
			r.Reject(at, "auto is a choice between the others; name share-pid, wrap or both")
			continue
		}
		r.Once(at, strategies+"[%d]", s.String(), s.String(), n, first)
	}
	if fault := InjectImageFault(i.Wrap.Image); fault != "" {
		r.Reject("injection.wrap.image", "%s %s", configfile.Quote(i.Wrap.Image), fault)
	}
}

// maxImage bounds the name of an image, in bytes.
const maxImage = 512

// InjectImageFault returns what is wrong with the image that is injected, in
// words that follow its name; empty when nothing is.
func InjectImageFault(image string) string {
	if image == "" {
		return ""
	}
	name, digest, byDigest := strings.Cut(image, "@")
	last := name[strings.LastIndex(name, "/")+1:]
	_, tag, tagged := strings.Cut(last, ":")
	switch {
	case len(image) > maxImage || !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/@-]*$`).MatchString(image):
		return "is no image's name"
	case byDigest && !regexp.MustCompile(`^[a-z0-9]+:[0-9a-f]{32,128}$`).MatchString(digest):
		return "must end in its whole digest: sha256: and 64 hexadecimal digits"
	case !byDigest && (!tagged || tag == "" || tag == "latest"):
		return "must be pinned: by a digest, or by a tag other than latest"
	}
	return ""
}
