package cluster

import (
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/test/cluster/binaries"
)

func TestAPIServerArgs(t *testing.T) {
	const off = "--disable-admission-plugins=ServiceAccount"
	tests := []struct {
		name    string
		options Options
		want    []string // The last flags.
		wantOff bool
	}{
		{name: "defaults", want: []string{off, "--profiling=false"}, wantOff: true},
		{name: "service accounts", options: Options{ServiceAccountAdmission: true}, want: []string{"--profiling=false"}},
		{name: "more flags", options: Options{APIServerArgs: []string{"--v=4", "--profiling"}},
			want: []string{off, "--profiling=false", "--v=4", "--profiling"}, wantOff: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plane := controlPlane{dir: "/state", binaries: binaries.Set{APIServer: "/bin/kube-apiserver"}, options: test.options}
			spec := plane.apiServer(6443, 2379)
			if got := spec.Args[len(spec.Args)-len(test.want):]; !slices.Equal(got, test.want) {
				t.Errorf("the last flags are %q, want %q", got, test.want)
			}
			if got := slices.Contains(spec.Args, off); got != test.wantOff {
				t.Errorf("%s is there: %v, want %v", off, got, test.wantOff)
			}
			for _, want := range []string{"--secure-port=6443", "--etcd-servers=https://127.0.0.1:2379", "--etcd-keyfile=/state/pki/etcd-client.key"} {
				if !slices.Contains(spec.Args, want) {
					t.Errorf("%s is missing in %q", want, spec.Args)
				}
			}
		})
	}
}

// Extra flags must not reach a later cluster through a shared array.
func TestAPIServerArgsKeepsOptions(t *testing.T) {
	more := make([]string, 1, 100)
	more[0] = "--v=4"
	plane := controlPlane{options: Options{APIServerArgs: more}}
	plane.apiServer(1, 2)
	if rest := strings.Join(more[:2], ""); rest != "--v=4" {
		t.Errorf("the caller's array holds %q", rest)
	}
}

func TestEtcdListensOnLoopback(t *testing.T) {
	for _, arg := range (controlPlane{dir: "/state"}).etcd(2379).Args {
		if strings.Contains(arg, "://") && !strings.Contains(arg, "://127.0.0.1:") {
			t.Errorf("%s is not a loopback address", arg)
		}
	}
}
