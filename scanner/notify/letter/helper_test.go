package letter

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
)

// noon is when the mails of the tests are written.
func noon() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

func before(d time.Duration) metav1.Time { return metav1.NewTime(noon().Add(-d)) }

func ptr[T any](v T) *T { return &v }

// report is of a StatefulSet whose probe leaves orphans.
func report() *v1alpha1.ZombieReport {
	began := before(3 * time.Hour)
	return &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "be1c6b-prod", Name: "statefulset-mongo"},
		Status: v1alpha1.ZombieReportStatus{
			Workload: v1alpha1.Workload{Group: "apps", Kind: "StatefulSet", Name: "mongo"},
			Summary:  v1alpha1.Summary{Workload: "StatefulSet/mongo", Pods: 1, Zombies: 2341, PerHour: "720", PIDLimitIn: "2h", Cause: "PID1NotReaping", Parent: "mongod"},
			Pods: []v1alpha1.Pod{{
				Name: "mongo-0", UID: "u-0", Node: "node-a", Zombies: 2341, OldestSince: began, PerHour: ptr(int32(720)),
				PIDLimit: ptr(int64(4096)), PIDsUsed: ptr(int64(2402)), LimitAt: ptr(before(-140 * time.Minute)),
				Containers: []v1alpha1.Container{{
					Name: "mongod", Zombies: 2341, OldestSince: began, PerHour: ptr(int32(720)),
					Causes: []v1alpha1.Cause{{
						Cause: "PID1NotReaping", Parent: "mongod", ParentPID: 1, Parents: 1, Zombies: 2341, OldestSince: began,
						Children:  []v1alpha1.Children{{Name: "mongosh", Count: 2300}, {Name: "sh", Count: 41}},
						StartedBy: &v1alpha1.Starter{Container: "mongod", Field: "readinessProbe", Certainty: "Certain", PeriodSeconds: 5},
					}},
				}},
			}},
			FirstSeen: began, LastSeen: before(time.Minute),
			History: []v1alpha1.Episode{{From: began, MostZombies: 2341, MostPods: 1}},
			Remedy: &v1alpha1.Remedy{
				Stopped: &v1alpha1.Stop{At: before(2 * time.Hour), Reason: "the zombies came back within 20 minutes of three evictions; only the proper fix helps"},
				Acts:    []v1alpha1.Act{{Pod: "mongo-0", UID: "u", Zombies: 812, At: before(150 * time.Minute), EndedAt: ptr(before(150 * time.Minute)), Phase: "Evicted"}},
			},
		},
	}
}

// worker is of a Deployment that does not wait for its own children.
func worker() *v1alpha1.ZombieReport {
	began := before(50 * time.Hour)
	r := &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "be1c6b-prod", Name: "deployment-worker"},
		Status: v1alpha1.ZombieReportStatus{
			Workload:  v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "worker"},
			Summary:   v1alpha1.Summary{Workload: "Deployment/worker", Pods: 5, Zombies: 60, PerHour: "-", Cause: "ParentNotWaiting", Parent: "python3"},
			FirstSeen: before(200 * time.Hour), LastSeen: before(time.Minute),
			History: []v1alpha1.Episode{{From: began, MostZombies: 60, MostPods: 5}, {From: before(200 * time.Hour), To: ptr(before(190 * time.Hour)), MostZombies: 8, MostPods: 1}},
		},
	}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		r.Status.Pods = append(r.Status.Pods, v1alpha1.Pod{
			Name: "worker-6d4cf56db6-" + name, UID: name, Node: "node-a", Zombies: 12, OldestSince: began,
			Containers: []v1alpha1.Container{{Name: "app", Zombies: 12, OldestSince: began, Causes: []v1alpha1.Cause{{
				Cause: "ParentNotWaiting", Parent: "python3", ParentPID: 17, Parents: 1, Zombies: 12, OldestSince: began,
				Children: []v1alpha1.Children{{Name: "convert", Count: 12}},
			}}}},
		})
	}
	return r
}

// gone is of a workload without zombies.
func gone() *v1alpha1.ZombieReport {
	return &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "be1c6b-prod", Name: "cronjob-sweep"},
		Status: v1alpha1.ZombieReportStatus{
			Workload:  v1alpha1.Workload{Group: "batch", Kind: "CronJob", Name: "sweep"},
			Summary:   v1alpha1.Summary{Workload: "CronJob/sweep"},
			FirstSeen: before(30 * time.Hour), LastSeen: before(2 * time.Hour),
			History: []v1alpha1.Episode{{From: before(30 * time.Hour), To: ptr(before(2 * time.Hour)), MostZombies: 77, MostPods: 2}},
		},
	}
}

func digest(items ...notice.Item) notice.Digest {
	return notice.Digest{
		ID: "d7f0c2", Namespace: "be1c6b-prod", At: noon(), Severity: "Critical",
		To:    []notice.Contact{{Role: "product-owner", Address: "owner@example.org"}, {Role: "technical-lead", Address: "lead@example.org"}},
		Items: items,
	}
}

func firing(r *v1alpha1.ZombieReport, severity string) notice.Item {
	return notice.Item{Report: r, Kind: "Firing", Severity: severity, Since: noon().Add(-2 * time.Hour), Reasons: []string{"more than 200 zombies for an hour", "the PID limit is reached within 24 hours"}}
}

func resolved(r *v1alpha1.ZombieReport) notice.Item {
	return notice.Item{Report: r, Kind: "Resolved", Severity: "Warning", Since: noon().Add(-2 * time.Hour)}
}

func settings() Settings {
	return Settings{Cluster: "silver", OptOut: notice.NotifyNever, FixesURL: "https://docs.example.org/fixes/", Now: noon(), Situation: situation}
}

// situation is of the StatefulSet: one container, whose probe runs a shell.
func situation(r *v1alpha1.ZombieReport, container, _ string) (advice.Situation, bool) {
	if r.Status.Workload.Name != "mongo" || container != "mongod" {
		return advice.Situation{}, false
	}
	spec := corev1.Container{Command: []string{"mongod", "--password=hunter2"}}
	return advice.Situation{
		Containers: 1, ContainerPath: "containers[0]", Command: spec.Command,
		Execs: []advice.Exec{{Path: "containers[0].readinessProbe", Command: []string{"sh", "-c", "curl -fs http://localhost:8080/hunter2"}}},
		Forks: func([]string) bool { return true },
	}, true
}
