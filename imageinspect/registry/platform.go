package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxPlatforms bounds the platforms of one answer.
	maxPlatforms = 16
	// maxUnnamed bounds the entries of an index that are read only to learn
	// their platform.
	maxUnnamed = 8
	// maxPlatformPart bounds os, architecture and variant in bytes.
	maxPlatformPart = 32
)

// platform is os/arch[/variant], normalized: a variant that is the
// architecture's default is left out.
type platform struct{ os, arch, variant string }

func (p platform) String() string {
	arch := cmp.Or(p.arch, "unknown")
	if p.variant == "" {
		return p.os + "/" + arch
	}
	return p.os + "/" + arch + "/" + p.variant
}

// newPlatform takes the parts as an image or a caller writes them.
func newPlatform(os, arch, variant string) (platform, error) {
	for _, part := range []string{os, arch, variant} {
		if len(part) > maxPlatformPart || strings.ContainsFunc(part, notPlatformRune) {
			return platform{}, fmt.Errorf("platform part %q: want up to %d letters, digits, '.', '_' or '-'", clip(part), maxPlatformPart)
		}
	}
	p := platform{os: strings.ToLower(os), arch: strings.ToLower(arch), variant: strings.ToLower(variant)}
	if p.arch == "arm64" && p.variant == "8" || p.arch == "arm" && len(p.variant) == 1 {
		p.variant = "v" + p.variant
	}
	if defaultVariants[p.arch] == p.variant {
		p.variant = ""
	}
	return p, nil
}

func notPlatformRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
}

// defaultVariants are the variants that an architecture without one means.
// Source: https://github.com/containerd/platforms, normalizeArch.
var defaultVariants = map[string]string{"amd64": "v1", "arm64": "v8", "arm": "v7"}

// parsePlatform reads os/arch[/variant].
func parsePlatform(text string) (platform, error) {
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return platform{}, fmt.Errorf("platform %q: want os/arch or os/arch/variant", clip(text))
	}
	return newPlatform(parts[0], parts[1], strings.Join(parts[2:], ""))
}

// parsePlatforms reads the platforms of a query, each once.
func parsePlatforms(texts []string) ([]platform, error) {
	if len(texts) > maxPlatforms {
		return nil, fmt.Errorf("%d platforms asked for: at most %d are answered", len(texts), maxPlatforms)
	}
	var out []platform
	for _, text := range texts {
		p, err := parsePlatform(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// choosePlatforms picks the entry that a node of each wanted platform would
// run, in the order wanted; without any wanted, every Linux one. Entries
// without a platform are added: only their config says whether they match.
func choosePlatforms(entries []entry, wanted []platform) []entry {
	var chosen []entry
	add := func(e entry) {
		if !slices.ContainsFunc(chosen, func(c entry) bool { return c.digest == e.digest && c.platform == e.platform }) {
			chosen = append(chosen, e)
		}
	}
	if len(wanted) == 0 {
		for _, e := range entries {
			duplicate := slices.ContainsFunc(chosen, func(c entry) bool { return c.platform == e.platform })
			if e.platform.os == "linux" && !e.index && !duplicate && len(chosen) < maxPlatforms {
				add(e)
			}
		}
	}
	for _, want := range wanted {
		if e, ok := bestEntry(entries, want); ok {
			add(e)
		}
	}
	unnamed := 0
	for _, e := range entries {
		if e.platform == (platform{}) && !e.index && unnamed < maxUnnamed {
			add(e)
			unnamed++
		}
	}
	return chosen
}

// bestEntry is the first entry of the closest variant.
func bestEntry(entries []entry, want platform) (entry, bool) {
	best, bestRank, found := entry{}, 0, false
	for _, e := range entries {
		rank, ok := variantRank(e.platform, want)
		if ok && !e.index && (!found || rank < bestRank) {
			best, bestRank, found = e, rank, true
		}
	}
	return best, found
}

// matches is true when a node of platform want can run have.
func matches(have platform, wanted []platform) bool {
	if len(wanted) == 0 {
		return have.os == "linux"
	}
	return slices.ContainsFunc(wanted, func(want platform) bool {
		_, ok := variantRank(have, want)
		return ok
	})
}

// variantRank orders the variants that a node takes: its own first, then older
// ones, newest first. Nodes don't report their variant, so that without one
// newer ones follow last.
func variantRank(have, want platform) (rank int, ok bool) {
	if have.os != want.os || have.arch != want.arch {
		return 0, false
	}
	if have.variant == want.variant {
		return 0, true
	}
	h, errHave := variantNumber(have)
	w, errWant := variantNumber(want)
	switch {
	case errHave != nil || errWant != nil:
		return 0, false
	case h <= w:
		return w - h, true
	case want.variant == "":
		return 1000 + h, true
	default:
		return 0, false
	}
}

func variantNumber(p platform) (int, error) {
	variant := cmp.Or(p.variant, defaultVariants[p.arch])
	n, err := strconv.ParseUint(strings.TrimPrefix(variant, "v"), 10, 8)
	if err != nil {
		return 0, fmt.Errorf("variant %q: %w", variant, err)
	}
	return int(n), nil
}
