package imagetest

import "context"

// TB is the part of testing.TB that a test's registry needs, so that the demo
// doesn't link package testing.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
	Context() context.Context
}

// New starts a registry that ends with the test.
func New(t TB, o Options) *Registry {
	t.Helper()
	r, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// MustPush stores an image, or an index of several, and returns its digest.
func (r *Registry) MustPush(t TB, image string, specs ...Spec) string {
	t.Helper()
	digest, err := r.PushSpecs(t.Context(), image, specs...)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}
