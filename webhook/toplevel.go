package webhook

import (
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/api/v1alpha1"
)

// The labels and annotations by which a pod names what is above its owner. Whoever
// writes pods can write any of them, and owner references too: only inside of
// the own namespace, where that leads to the own reports and to no others.
const (
	podTemplateHash  = "pod-template-hash"
	deploymentConfig = "openshift.io/deployment-config.name"
)

// topLevel is the workload whose ZombieReport tells of an object's pods: as the
// responder finds it (scanner/responder/owners.go), but without asking the API
// server for the owners' owners. Where that can't be done for certain it is one
// that has no report.
func (o Object) topLevel(now time.Time) v1alpha1.Workload {
	own := v1alpha1.Workload{Group: o.Kind.Group, Kind: o.Kind.Kind, Name: o.Name}
	if applied(o.Kind) {
		return own
	}
	if o.Owner == nil {
		if prefix := o.GenerateName; o.IsPod && prefix != "" && strings.HasPrefix(o.Name, prefix) {
			own.Name = prefix + "*"
		}
		return own
	}
	group, err := schema.ParseGroupVersion(o.Owner.APIVersion)
	if err != nil {
		return v1alpha1.Workload{}
	}
	owner := v1alpha1.Workload{Group: group.Group, Kind: o.Owner.Kind, Name: o.Owner.Name}
	if !o.IsPod {
		return owner // what owns a ReplicaSet or a Job has no owner that counts
	}
	return o.above(owner, now)
}

// applied is true for kinds that are the workload whoever owns them.
func applied(k schema.GroupKind) bool {
	switch k.Group + "/" + k.Kind {
	case "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "batch/CronJob", openShiftApps + "/DeploymentConfig":
		return true
	}
	return false
}

// above is the workload above a pod's owner.
func (o Object) above(owner v1alpha1.Workload, now time.Time) v1alpha1.Workload {
	switch owner.Group + "/" + owner.Kind {
	case "apps/ReplicaSet":
		hash := o.Labels[podTemplateHash]
		if name, ok := strings.CutSuffix(owner.Name, "-"+hash); ok && hash != "" && name != "" {
			return v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: name}
		}
	case "/ReplicationController":
		name := o.Annotations[deploymentConfig]
		if version, ok := strings.CutPrefix(owner.Name, name+"-"); ok && name != "" && number(version) > 0 {
			return v1alpha1.Workload{Group: openShiftApps, Kind: "DeploymentConfig", Name: name}
		}
	case "batch/Job":
		if name, ok := cronJobOf(owner.Name, now); ok {
			return v1alpha1.Workload{Group: "batch", Kind: "CronJob", Name: name}
		}
	}
	return owner
}

// Between these ages a number at the end of a Job's name is taken for when its
// CronJob had it run. A date such as 20261120 is far outside.
const (
	oldestRun = 40 * 24 * time.Hour
	newestRun = 24 * time.Hour
)

// cronJobOf is the CronJob that made a Job: it names it after itself and the
// minutes since 1970.
func cronJobOf(job string, now time.Time) (string, bool) {
	at := strings.LastIndexByte(job, '-')
	if at < 1 {
		return "", false
	}
	run := time.Unix(60*number(job[at+1:]), 0)
	if run.Before(now.Add(-oldestRun)) || run.After(now.Add(newestRun)) {
		return "", false
	}
	return job[:at], true
}

// number is a whole number above zero in decimal, 0 for anything else.
func number(text string) int64 {
	n, err := strconv.ParseUint(text, 10, 40)
	if err != nil || text[0] == '0' {
		return 0
	}
	return int64(n)
}
