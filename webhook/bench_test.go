package webhook_test

import "testing"

// BenchmarkHandle is a warm admission request: nothing is asked of a registry.
func BenchmarkHandle(b *testing.B) {
	f := newFixture(b, "")
	for name, object := range map[string]string{
		"finding": workload("Pod", exposed),
		"reaps":   workload("Pod", `{"containers":[{"name":"app","image":"tini"},{"name":"side","image":"tini"}]}`),
	} {
		req := request("Pod", "plain", object)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := f.handler.Handle(b.Context(), req); !got.Allowed {
					b.Fatal(got.Result)
				}
			}
		})
	}
}
