package app_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

const mongoWorkload = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mongo, namespace: shop}
spec:
  serviceName: mongo
  selector: {matchLabels: {app: mongo}}
  template:
    metadata: {labels: {app: mongo}}
    spec:
      containers:
      - name: mongo
        image: %[1]s/mongo:7
        readinessProbe: {exec: {command: [sh, -c, "leaky | forky"]}, periodSeconds: 30}
      - {name: metrics, image: "%[1]s/metrics:1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: shop}
spec:
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec: {containers: [{name: app, image: "%[1]s/worker:1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: scratch, namespace: shop}
spec: {containers: [{name: app, image: "%[1]s/not-there:1"}]}
`

// fill makes the workloads and their reports. Ages are such that they read the
// same for a while.
func (z zombieCluster) fill(t *testing.T) {
	t.Helper()
	z.kubectl(t, "", "create", "namespace", "shop")
	z.kubectl(t, "", "create", "namespace", "other")
	z.registry.MustPush(t, "mongo:7", imagetest.Spec{Cmd: []string{"leaky", "--bind"}})
	z.registry.MustPush(t, "metrics:1", imagetest.Spec{Cmd: []string{"neat"}})
	z.registry.MustPush(t, "worker:1", imagetest.Spec{Cmd: []string{"neat", "--", "python3"}})
	z.kubectl(t, fmt.Sprintf(mongoWorkload, z.registry.Host()), "apply", "-f", "-")
	for _, r := range []v1alpha1.ZombieReport{mongoReport(), workerReport(), scratchReport(), goneReport()} {
		r.APIVersion, r.Kind = v1alpha1.GroupVersion().String(), "ZombieReport"
		r.Name = r.Status.Workload.ReportName()
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		z.kubectl(t, string(text), "create", "-f", "-")
	}
}

func before(d time.Duration) metav1.Time { return metav1.NewTime(time.Now().Add(-d - 5*time.Second)) }

func number[T any](n T) *T { return &n }

func mongoReport() v1alpha1.ZombieReport {
	old := before(170 * time.Minute)
	limitAt := metav1.NewTime(time.Now().Add(31*time.Hour + time.Minute))
	orphans := v1alpha1.Cause{
		Cause: "PID1NotReaping", Parent: "leaky", ParentPID: 1, Parents: 1, Zombies: 338, OldestSince: old, PerHour: number(int32(120)),
		Children:  []v1alpha1.Children{{Name: "forky", Count: 300}, {Name: "sh", Count: 38}},
		StartedBy: &v1alpha1.Starter{Container: "mongo", Field: "readinessProbe", Certainty: "Certain", PeriodSeconds: 30},
	}
	own := v1alpha1.Cause{
		Cause: "ParentNotWaiting", Parent: "backup\x1b[2J", ParentPID: 44, Parents: 2, Zombies: 3, OldestSince: before(time.Hour),
		Children: []v1alpha1.Children{{Name: "gzip", Count: 3}},
	}
	return v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop"},
		Status: v1alpha1.ZombieReportStatus{
			Workload: v1alpha1.Workload{Group: "apps", Kind: "StatefulSet", Name: "mongo"},
			Summary: v1alpha1.Summary{
				Workload: "StatefulSet/mongo", Pods: 1, Zombies: 341, OldestSince: &old, PerHour: "120", PIDLimitIn: "31h",
				Cause: "PID1NotReaping", Parent: "leaky",
			},
			Pods: []v1alpha1.Pod{{
				Name: "mongo-0", UID: "11111111-2222-3333-4444-555555555555", Node: "worker-3", Zombies: 341, OldestSince: old,
				PerHour: number(int32(120)), PIDLimit: number(int64(6000)), PIDsUsed: number(int64(2310)), LimitAt: &limitAt, LimitEarly: true,
				Containers: []v1alpha1.Container{{Name: "mongo", Zombies: 341, OldestSince: old, Causes: []v1alpha1.Cause{orphans, own}}},
			}},
			FirstSeen: before(72 * time.Hour), LastSeen: before(10 * time.Minute),
			History: []v1alpha1.Episode{
				{From: old, MostZombies: 341, MostPods: 1},
				{From: before(72 * time.Hour), To: number(before(60 * time.Hour)), MostZombies: 2000, MostPods: 1},
			},
		},
	}
}

func workerReport() v1alpha1.ZombieReport {
	old := before(2 * time.Hour)
	own := v1alpha1.Cause{
		Cause: "ParentNotWaiting", Parent: "python3", ParentPID: 7, Parents: 1, Zombies: 3, OldestSince: old,
		Children: []v1alpha1.Children{{Name: "chrome", Count: 3}},
	}
	r := v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop"},
		Status: v1alpha1.ZombieReportStatus{
			Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "worker"},
			Summary: v1alpha1.Summary{
				Workload: "Deployment/worker", Pods: 4, Zombies: 12, OldestSince: &old, PerHour: "6", PIDLimitIn: "-",
				Cause: "ParentNotWaiting", Parent: "python3",
			},
			FirstSeen: old, LastSeen: before(10 * time.Minute), History: []v1alpha1.Episode{{From: old, MostZombies: 12, MostPods: 4}},
		},
	}
	for i := range 4 {
		r.Status.Pods = append(r.Status.Pods, v1alpha1.Pod{
			Name: fmt.Sprintf("worker-6d5f-%d", i), UID: fmt.Sprint(i), Node: "worker-1", Zombies: 3, OldestSince: old,
			Containers: []v1alpha1.Container{{Name: "app", Zombies: 3, OldestSince: old, Causes: []v1alpha1.Cause{own}}},
		})
	}
	return r
}

// scratchReport is of a pod that nothing owns, whose image can't be read.
func scratchReport() v1alpha1.ZombieReport {
	old := before(30 * time.Minute)
	cause := v1alpha1.Cause{
		Cause: "PID1Ambiguous", Parent: "node", ParentPID: 1, Parents: 1, Zombies: 2, OldestSince: old,
		Children: []v1alpha1.Children{{Name: "node", Count: 1}, {Name: "git", Count: 1}},
	}
	return v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop"},
		Status: v1alpha1.ZombieReportStatus{
			Workload: v1alpha1.Workload{Kind: "Pod", Name: "scratch"},
			Summary: v1alpha1.Summary{
				Workload: "Pod/scratch", Pods: 1, Zombies: 2, OldestSince: &old, PerHour: "-", PIDLimitIn: "-", Cause: "PID1Ambiguous", Parent: "node",
			},
			Pods: []v1alpha1.Pod{{
				Name: "scratch", UID: "9", Node: "worker-1", Zombies: 2, OldestSince: old,
				Containers: []v1alpha1.Container{{Name: "app", Zombies: 2, OldestSince: old, Causes: []v1alpha1.Cause{cause}}},
			}},
			FirstSeen: old, LastSeen: before(10 * time.Minute),
		},
	}
}

// goneReport is of a workload that is deleted.
func goneReport() v1alpha1.ZombieReport {
	return v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "other"},
		Status: v1alpha1.ZombieReportStatus{
			Workload:  v1alpha1.Workload{Group: "batch", Kind: "CronJob", Name: "nightly"},
			Summary:   v1alpha1.Summary{Workload: "CronJob/nightly", PerHour: "-", PIDLimitIn: "-", Cause: "PID1NotReaping", Parent: "leaky"},
			FirstSeen: before(96 * time.Hour), LastSeen: before(50 * time.Hour),
			History: []v1alpha1.Episode{{From: before(96 * time.Hour), To: number(before(50 * time.Hour)), MostZombies: 40, MostPods: 2}},
			Observations: []v1alpha1.Observation{{
				Container: "job", ImageID: "x", ArgvHash: "y", Cause: "PID1NotReaping", Parent: "leaky",
				FirstSeen: before(96 * time.Hour), LastSeen: before(50 * time.Hour),
			}},
		},
	}
}
