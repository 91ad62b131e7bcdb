package app

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/webhook/config"
)

// bounded notes the bounds that it is given.
type bounded struct{ set []registry.Bounds }

func (*bounded) Inspect(context.Context, imageinspect.Query) ([]imageinspect.Image, error) {
	return nil, nil
}

func (b *bounded) SetBounds(bounds registry.Bounds) error {
	b.set = append(b.set, bounds)
	return nil
}

// TestReloadChangesBounds: every bound of the configuration is in force for the
// next request.
func TestReloadChangesBounds(t *testing.T) {
	current := config.Default()
	images := &bounded{}
	s := &settings{config: func() *config.Config { return current }, inspector: images, platforms: func() []string { return nil }, ownImage: func() string { return "" }, log: logr.Discard()}
	s.current()
	s.current()
	if len(images.set) != 1 {
		t.Fatalf("bounds set %d times without a change, want once", len(images.set))
	}
	changed := config.Default()
	changed.Cache = config.Cache{Images: 5, TagTTL: 6 * time.Second, FailureTTL: 7 * time.Second, FailureTTLMax: 10 * time.Second}
	changed.Inspection.Timeout, changed.Inspection.Concurrency = 8*time.Second, 9
	changed.Budgets = config.Budgets{
		NamespaceInspections: 1, NamespaceQueue: 2, NamespaceMiBPerHour: 3, RegistryRequestsPerMinute: 4, RegistryReservePercent: 5,
	}
	current = changed
	if got := s.current(); got.Config != changed {
		t.Error("the former configuration is in force")
	}
	want := registry.Bounds{CacheSize: 5, TagTTL: 6 * time.Second, FailureTTL: 7 * time.Second, FailureTTLMax: 10 * time.Second, Timeout: 8 * time.Second, MaxInspections: 9,
		Budgets: registry.Budgets{Inspections: 1, Queue: 2, Bytes: 3 << 20, Requests: 4, Reserve: 5}}
	if len(images.set) != 2 || images.set[1] != want {
		t.Errorf("bounds %+v, want %+v last", images.set, want)
	}
}

// TestPlatformsFollowTheNodes: those of the nodes are taken unless the
// configuration names some, and there are always some.
func TestPlatformsFollowTheNodes(t *testing.T) {
	current, nodes := config.Default(), []string(nil)
	s := &settings{
		config: func() *config.Config { return current }, inspector: &bounded{},
		platforms: func() []string { return nodes }, ownImage: func() string { return "" }, log: logr.Discard(),
	}
	want := func(step string, want ...string) {
		t.Helper()
		if got := s.current().Assessor.Platforms; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", step, got, want)
		}
	}
	want("no node is known", config.DefaultPlatforms()...)
	nodes = []string{"linux/s390x"}
	want("a node", "linux/s390x")
	verdicts := s.current().Assessor.Verdicts
	nodes = []string{"linux/s390x", "linux/arm64"}
	want("another node", "linux/s390x", "linux/arm64")
	if s.current().Assessor.Verdicts != verdicts {
		t.Error("a new node made the webhook forget verdicts")
	}
	named := config.Default()
	named.Inspection.Platforms = []string{"linux/amd64"}
	current = named
	want("named in the configuration", "linux/amd64")
}

// TestOwnImageIsFollowed: what the own Pod names is taken once it is known, and
// a flag stands over it.
func TestOwnImageIsFollowed(t *testing.T) {
	current, own := config.Default(), ""
	s := &settings{
		config: func() *config.Config { return current }, inspector: &bounded{}, platforms: func() []string { return nil },
		ownImage: func() string { return own }, log: logr.Discard(),
	}
	for _, want := range []string{"", "registry.example.com/initguard:v1"} {
		own = want
		if got := s.current().Injection.Image; got != want {
			t.Errorf("image %q, want %q", got, want)
		}
	}
	s.injection.Image = "registry.example.com/other:v2"
	if got := s.current().Injection.Image; got != s.injection.Image {
		t.Errorf("image %q in spite of the flag", got)
	}
}
