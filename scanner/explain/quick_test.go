package explain

import (
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/api/v1alpha1"
)

// A pod's owner is what the pod says: its name may be any text, of a kind that
// only looks like one that can be restarted. None of it comes into a command.
func TestQuickNamesNoStrangers(t *testing.T) {
	pods := []v1alpha1.Pod{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}
	deletes := []string{"kubectl -n shop delete pod a", "kubectl -n shop delete pod b", "kubectl -n shop delete pod c", "kubectl -n shop delete pod d"}
	for name, tc := range map[string]struct {
		workload v1alpha1.Workload
		want     []string
	}{
		"a Deployment":                   {v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "web.1-x"}, []string{"kubectl -n shop rollout restart deployment/web.1-x"}},
		"another namespace":              {v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "coredns -n kube-system"}, deletes},
		"another group":                  {v1alpha1.Workload{Group: "nope.example", Kind: "Deployment", Name: "web"}, deletes},
		"what a shell would run":         {v1alpha1.Workload{Group: "apps", Kind: "StatefulSet", Name: "x;id"}, deletes},
		"an option":                      {v1alpha1.Workload{Group: "apps", Kind: "DaemonSet", Name: "-x"}, deletes},
		"no name":                        {v1alpha1.Workload{Group: "apps", Kind: "DaemonSet"}, deletes},
		"longer than any object's name":  {v1alpha1.Workload{Group: "apps", Kind: "DaemonSet", Name: strings.Repeat("x", 254)}, deletes},
		"a kind that can't be restarted": {v1alpha1.Workload{Group: "batch", Kind: "Job", Name: "x"}, deletes},
	} {
		t.Run(name, func(t *testing.T) {
			q := Quick("shop", &v1alpha1.ZombieReportStatus{Workload: tc.workload, Pods: pods}, false)
			if !slices.Equal(q.Commands, tc.want) {
				t.Errorf("%q, want %q", q.Commands, tc.want)
			}
		})
	}
}
