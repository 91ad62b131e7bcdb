package integration

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// dropsRoot is written in the idiom of the official images' scripts.
const dropsRoot = `#!/bin/sh
set -e
if [ "$1" = 'redis-server' ] && [ "$(id -u)" = '0' ]; then
	exec gosu redis "$0" "$@"
fi
exec "$@"
`

// scripted is an image whose ENTRYPOINT is a script in its upper layer.
func scripted(script string) imagetest.Spec {
	return imagetest.Spec{
		Entrypoint: []string{"docker-entrypoint.sh"}, Cmd: []string{"redis-server"},
		Layers: []imagetest.Layer{
			imagetest.Files(imagetest.Data("etc/os-release", "ID=debian\n")),
			imagetest.Files(imagetest.Program("usr/local/bin/docker-entrypoint.sh", script)),
		},
	}
}

// TestScriptInALayer: the warning names what a script in the image ends in, and
// who asks again costs the registry nothing.
func TestScriptInALayer(t *testing.T) {
	namespace(t, "inside", "")
	if _, err := shared.Registry.PushSpecs(t.Context(), "inside/cache:1", scripted(dropsRoot)); err != nil {
		t.Fatal(err)
	}
	const container = "{name: app, image: REGISTRY/inside/cache:1}"
	shared.Registry.ResetCounts()
	// A machine that is busy may need a second request.
	eventually(t, "the warning", func() error {
		const want = `Warning: initguard: container "app": PID 1 will be redis-server, which does not reap zombies; fix: `
		if out := apply(t, deployment("inside", "web", container), "--dry-run=server"); !strings.HasPrefix(out, want) {
			return fmt.Errorf("got %s", out)
		}
		return nil
	})
	if counts := shared.Registry.Counts(); counts.Content() == 0 {
		t.Errorf("the registry was not asked: %v", counts)
	}
	shared.Registry.ResetCounts()
	for name, change := range map[string]struct{ container, want string }{
		"again":      {container, "PID 1 will be redis-server"},
		"other-args": {"{name: app, image: REGISTRY/inside/cache:1, args: [sleep, infinity]}", "PID 1 will be sleep"},
		"other-user": {"{name: app, image: REGISTRY/inside/cache:1, securityContext: {runAsUser: 1000}}", "PID 1 will be redis-server"},
	} {
		if out := apply(t, deployment("inside", name, change.container)); !strings.Contains(out, change.want) {
			t.Errorf("%s: got %s, want %q", name, out, change.want)
		}
	}
	if counts := shared.Registry.Counts(); counts.Content() != 0 {
		t.Errorf("what is known was asked for once more: %v", counts)
	}
	mounted := `{name: app, image: REGISTRY/inside/cache:1, volumeMounts: [{name: scripts, mountPath: /usr/local/bin}]}`
	namespace(t, "inside", "initguard.dev/inject: possible")
	manifest := strings.Replace(deployment("inside", "mounted", mounted), "spec: {containers", "spec: {volumes: [{name: scripts, emptyDir: {}}], containers", 1)
	eventually(t, "the namespace's label", func() error {
		if out := apply(t, manifest, "--dry-run=server"); !strings.Contains(out, "docker-entrypoint.sh may be mounted by volume scripts") {
			return fmt.Errorf("got %s", out)
		}
		return nil
	})
}

// stall serves half of a layer and holds the rest back until open is called.
func stall(t *testing.T, layer v1.Layer) (f imagetest.Fault, open func()) {
	t.Helper()
	digest, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := layer.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	gate, open := imagetest.Gate()
	return func(w http.ResponseWriter, req *http.Request) bool {
		if imagetest.KindOf(req) != imagetest.GetBlob || !strings.HasSuffix(req.URL.Path, digest.String()) {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		_ = http.NewResponseController(w).Flush()
		if !gate(w, req) {
			_, _ = w.Write(content[len(content)/2:])
		}
		return true
	}, open
}

// TestLayerHangs: a registry that stops in the middle of a layer holds nobody
// up, and the next apply has the answer.
func TestLayerHangs(t *testing.T) {
	namespace(t, "stalled", "initguard.dev/inject: possible, initguard.dev/strategy: wrap") // which a tag does not allow
	spec := scripted(dropsRoot + "# an image of its own: what another test read is known\n")
	if _, err := shared.Registry.PushSpecs(t.Context(), "stalled/cache:1", spec); err != nil {
		t.Fatal(err)
	}
	layer, err := spec.Layers[1].Build()
	if err != nil {
		t.Fatal(err)
	}
	fault, open := stall(t, layer)
	defer open()
	shared.Registry.Break(fault)
	defer shared.Registry.Break(nil)
	manifest := deployment("stalled", "app", "{name: app, image: REGISTRY/stalled/cache:1}")
	start := time.Now()
	out := apply(t, manifest, "--dry-run=server")
	took := time.Since(start)
	t.Logf("answered after %s", took.Round(time.Millisecond))
	if !strings.Contains(out, "who will be PID 1 is not known: there was no time left to judge it") {
		t.Errorf("got %s", out)
	}
	open()
	eventually(t, "the verdict", func() error {
		if out := apply(t, manifest, "--dry-run=server"); !strings.Contains(out, "PID 1 will be redis-server") {
			return fmt.Errorf("got %s", out)
		}
		return nil
	})
}
