package webhook

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/webhook/config"
)

// workload says where a kind holds its pod template, and who makes the pods.
type workload struct {
	kind schema.GroupKind
	// path leads from the object to the template; empty for a Pod, which is
	// its own template.
	path []string
	// controllers are the users that create what an object of this kind owns.
	controllers []string
}

// controllerManager is who the built-in controllers are when they share one
// identity.
const controllerManager = "system:kube-controller-manager"

func kubeController(name string) []string {
	return []string{"system:serviceaccount:kube-system:" + name, controllerManager}
}

// templatePath and cronJobPath are where most built-in kinds, and CronJob, hold
// their template.
func templatePath() []string { return []string{"spec", "template"} }
func cronJobPath() []string  { return []string{"spec", "jobTemplate", "spec", "template"} }

// builtIn are the kinds that are judged without any configuration.
func builtIn() map[schema.GroupKind]workload {
	template := templatePath()
	return map[schema.GroupKind]workload{
		{Kind: "Pod"}:                                    {},
		{Kind: "PodTemplate"}:                            {path: []string{"template"}},
		{Kind: "ReplicationController"}:                  {path: template, controllers: kubeController("replication-controller")},
		{Group: "apps", Kind: "ReplicaSet"}:              {path: template, controllers: kubeController("replicaset-controller")},
		{Group: "apps", Kind: "Deployment"}:              {path: template, controllers: kubeController("deployment-controller")},
		{Group: "apps", Kind: "StatefulSet"}:             {path: template, controllers: kubeController("statefulset-controller")},
		{Group: "apps", Kind: "DaemonSet"}:               {path: template, controllers: kubeController("daemon-set-controller")},
		{Group: "batch", Kind: "Job"}:                    {path: template, controllers: kubeController("job-controller")},
		{Group: "batch", Kind: "CronJob"}:                {path: cronJobPath(), controllers: kubeController("cronjob-controller")},
		{Group: openShiftApps, Kind: "DeploymentConfig"}: {path: template, controllers: []string{"system:serviceaccount:openshift-infra:deploymentconfig-controller"}},
	}
}

const openShiftApps = "apps.openshift.io"

// kinds finds the workload of a kind.
type kinds struct {
	builtIn map[schema.GroupKind]workload
}

func newKinds() kinds { return kinds{builtIn: builtIn()} }

func (k kinds) find(gvk schema.GroupVersionKind, c *config.Config) (workload, bool) {
	if w, ok := k.builtIn[gvk.GroupKind()]; ok {
		w.kind = gvk.GroupKind()
		return w, true
	}
	if w, ok := c.Workload(gvk.Group, gvk.Version, gvk.Kind); ok {
		return workload{kind: gvk.GroupKind(), path: w.Path(), controllers: w.ControllerUsers}, true
	}
	return workload{}, false
}

// JudgedKinds are the kinds that hold a pod template, by name.
func JudgedKinds(c *config.Config) []schema.GroupKind {
	kinds := slices.Collect(maps.Keys(builtIn()))
	for _, w := range c.Workloads {
		kinds = append(kinds, schema.GroupKind{Group: w.Group, Kind: w.Kind})
	}
	slices.SortFunc(kinds, func(a, b schema.GroupKind) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(kinds)
}

// Judges is true for kinds that hold a pod template.
func Judges(gvk schema.GroupVersionKind, c *config.Config) bool {
	_, ok := newKinds().find(gvk, c)
	return ok
}
