package stack

import (
	"context"
	"fmt"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// dropsRoot is written in the idiom of the official images' scripts.
const dropsRoot = `#!/bin/sh
set -e

if [ "$1" = 'redis-server' ] && [ "$(id -u)" = '0' ]; then
	find . \! -user redis -exec chown redis '{}' +
	exec gosu redis "$0" "$@"
fi

exec "$@"
`

// examples are the images that examples/ names. They hold what is looked at:
// nothing runs them here.
func examples() map[string]imagetest.Spec {
	return map[string]imagetest.Spec{
		"shop/web:1.4":      {Cmd: []string{"node", "server.js"}, WorkingDir: "/app", User: "node"},
		"shop/web-tini:1.4": {Entrypoint: []string{"/usr/bin/tini", "--"}, Cmd: []string{"node", "server.js"}},
		"shop/report:2.0":   {Entrypoint: []string{"/docker-entrypoint.sh"}},
		"shop/search:8.1":   {Entrypoint: []string{"gosu", "search"}, Cmd: []string{"java", "-jar", "search.jar"}},
		"shop/toolbox:1":    {Cmd: []string{"bash"}},
		"shop/cache:7": {
			Entrypoint: []string{"docker-entrypoint.sh"}, Cmd: []string{"redis-server"},
			Layers: []imagetest.Layer{imagetest.Files(imagetest.Program("usr/local/bin/docker-entrypoint.sh", dropsRoot))},
		},
	}
}

// PushExamples pushes the images that examples/ names, each for two platforms.
func (s *Stack) PushExamples(ctx context.Context) error {
	for image, spec := range examples() {
		amd64, arm64 := spec, spec
		amd64.Platform, arm64.Platform = "linux/amd64", "linux/arm64"
		attestation := imagetest.Spec{Platform: imagetest.AttestationPlatform}
		if _, err := s.Registry.PushSpecs(ctx, image, attestation, amd64, arm64); err != nil {
			return fmt.Errorf("push %s: %w", image, err)
		}
	}
	return nil
}
