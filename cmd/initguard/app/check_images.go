package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/registry"
)

// substitutes reads some images from disk and all others from their registry.
type substitutes struct {
	registry source
	// local are the sources by the full name of their image.
	local map[string]source
	// given are the names as they were written, by their full name.
	given map[string]string

	mu   sync.Mutex
	used map[string]bool
}

// openSubstitutes opens the sources of --image NAME=SOURCE.
func openSubstitutes(images []string, from source) (*substitutes, error) {
	s := &substitutes{registry: from, local: map[string]source{}, given: map[string]string{}, used: map[string]bool{}}
	for _, image := range images {
		given, at, _ := strings.Cut(image, "=")
		local, err := registry.Open(at)
		if err != nil {
			return nil, fmt.Errorf("--image %s: %w", image, err)
		}
		full := fullName(given)
		if former, twice := s.given[full]; twice {
			return nil, fmt.Errorf("--image: %s and %s are the same image", former, given)
		}
		s.local[full], s.given[full] = local, given
	}
	return s, nil
}

// fullName gives all ways to write a reference one name: web is
// index.docker.io/library/web:latest.
func fullName(reference string) string {
	ref, err := name.ParseReference(reference, name.WeakValidation)
	if err != nil {
		return reference
	}
	return ref.Name()
}

// Inspect looks an image up.
func (s *substitutes) Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	if q.Reference == "" {
		return nil, &imageinspect.Failure{Reason: imageinspect.Reason{Code: imageinspect.CodeImageName, Text: "the container names no image"}}
	}
	full := fullName(q.Reference)
	local, ok := s.local[full]
	if !ok {
		return s.registry.Inspect(ctx, q) //nolint:wrapcheck // The reason in it becomes the verdict.
	}
	s.mu.Lock()
	s.used[full] = true
	s.mu.Unlock()
	return local.Inspect(ctx, q) //nolint:wrapcheck // The reason in it becomes the verdict.
}

// unused are the names of --image that nobody asked for, as they were written.
func (s *substitutes) unused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for full, given := range s.given {
		if !s.used[full] {
			out = append(out, given)
		}
	}
	slices.Sort(out)
	return out
}
