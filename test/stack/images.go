package stack

import (
	"context"
	"fmt"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// examples are the images that examples/ names. Only their configs matter:
// nothing runs them here.
func examples() map[string]imagetest.Spec {
	return map[string]imagetest.Spec{
		"shop/web:1.4":      {Cmd: []string{"node", "server.js"}, WorkingDir: "/app", User: "node"},
		"shop/web-tini:1.4": {Entrypoint: []string{"/usr/bin/tini", "--"}, Cmd: []string{"node", "server.js"}},
		"shop/report:2.0":   {Entrypoint: []string{"/docker-entrypoint.sh"}},
		"shop/search:8.1":   {Entrypoint: []string{"gosu", "search"}, Cmd: []string{"java", "-jar", "search.jar"}},
		"shop/toolbox:1":    {Cmd: []string{"bash"}},
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
