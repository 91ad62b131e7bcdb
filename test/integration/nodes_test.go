package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

func nodeManifest(name, os, arch string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Node\nmetadata: {name: %s, labels: {kubernetes.io/os: %s, kubernetes.io/arch: %s}}\n", name, os, arch)
}

// TestPlatformsOfTheNodes: images are judged for the platforms that the nodes
// have, as they come and go; a node of Windows adds none.
func TestPlatformsOfTheNodes(t *testing.T) {
	namespace(t, "nodes", "")
	for image, platform := range map[string]string{"nodes/z:1": "linux/s390x", "nodes/x:1": "linux/amd64"} {
		if _, err := shared.Registry.PushSpecs(t.Context(), image, imagetest.Spec{Platform: platform, Cmd: []string{"node", image}}); err != nil {
			t.Fatal(err)
		}
	}
	// Nobody is warned where nothing is known.
	const judged, lacks = "PID 1 will be node", "deployment.apps/web created (server dry run)\n"
	says := func(image, want string) func() error {
		return func() error {
			out := apply(t, deployment("nodes", "web", "{name: app, image: REGISTRY/nodes/"+image+":1}"), "--dry-run=server")
			if !strings.Contains(out, want) || want == lacks && out != want {
				return fmt.Errorf("got %s, want %q", out, want)
			}
			return nil
		}
	}
	eventually(t, "s390x while no node is known", says("z", lacks))
	eventually(t, "amd64 while no node is known", says("x", judged))
	apply(t, nodeManifest("z", "linux", "s390x")+"---\n"+nodeManifest("w", "windows", "amd64"))
	defer func() {
		if out, err := kubectl(t, "", "delete", "node", "z", "w", "--ignore-not-found"); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		eventually(t, "amd64 after the nodes are gone", says("x", judged))
	}()
	eventually(t, "s390x with a node of it", says("z", judged))
	eventually(t, "amd64 without a Linux node of it", says("x", lacks))
}
