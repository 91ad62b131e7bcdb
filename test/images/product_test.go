package images

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestProductRecipe holds what is read of the Dockerfile against what the
// manifests and injected init containers lean on.
func TestProductRecipe(t *testing.T) {
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parseDockerfile(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if r.copies["/initguard"] != "bin/initguard" || r.copies["/initguard-scanner"] != "bin/initguard-scanner" || r.copies["/usr/bin/tini-static"] != "bin/tini-static" {
		t.Errorf("programs: %q", r.copies)
	}
	if r.config.User != "65532:65532" || !slices.Equal(r.config.Entrypoint, []string{"/usr/bin/tini-static", "--", "/initguard"}) {
		t.Errorf("config: %+v", r.config)
	}
	for name := range maps.Values(r.copies) {
		if !strings.HasPrefix(name, productFolder+"/") {
			t.Errorf("%s is copied from outside of %s", name, productFolder)
		}
	}
}

func TestDockerfileRefused(t *testing.T) {
	for _, text := range []string{
		"", "FROM scratch\nRUN true\n", "FROM debian\nCOPY a /a\nENTRYPOINT [\"/a\"]\n", "FROM scratch\nCOPY a b\nENTRYPOINT [\"/a\"]\n",
		"FROM scratch\nCOPY a /a\nENTRYPOINT /a\n", "FROM scratch\nCOPY a /a\n",
	} {
		if r, err := parseDockerfile(text); err == nil {
			t.Errorf("%q: %+v", text, r)
		}
	}
}
