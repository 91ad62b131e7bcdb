package explain

import "github.com/initguard/initguard/api/v1alpha1"

// SpecPath is where a workload has its pods' spec; empty where that is not
// known.
func SpecPath(w v1alpha1.Workload) string {
	switch w.Group + "/" + w.Kind {
	case "/Pod":
		return "spec"
	case "batch/CronJob":
		return "spec.jobTemplate.spec.template.spec"
	case "/ReplicationController", "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet", "batch/Job",
		"apps.openshift.io/DeploymentConfig":
		return "spec.template.spec"
	default:
		return ""
	}
}
