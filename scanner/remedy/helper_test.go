package remedy

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
)

// epoch is when tests begin.
func epoch() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func ago(d time.Duration) metav1.Time { return metav1.NewTime(epoch().Add(-d)) }

// sick is a report of a Deployment with one pod that passes a threshold.
func sick() *v1alpha1.ZombieReport {
	return &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "deployment-web"},
		Status: v1alpha1.ZombieReportStatus{
			Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "web"}, LastSeen: ago(time.Minute),
			Pods: []v1alpha1.Pod{{
				Name: "web-1", UID: "uid-1", Zombies: 1200, Containers: []v1alpha1.Container{{
					Name: "app", ImageID: "image-1", ArgvHash: "argv-1", Zombies: 1200, OldestSince: ago(5 * time.Hour),
					Causes: []v1alpha1.Cause{{Cause: string(scanner.PID1NotReaping), Parent: "node", Zombies: 1200}},
				}},
			}},
		},
	}
}

// good are facts by which the pod of sick is evicted.
func good() *Facts {
	controller := true
	return &Facts{
		Pod: &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "shop", Name: "web-1", UID: "uid-1", CreationTimestamp: ago(48 * time.Hour), Annotations: map[string]string{Key: "evict"},
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-5d4f", Controller: &controller}},
			},
			Status: corev1.PodStatus{
				Phase:      corev1.PodRunning,
				Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: ago(47 * time.Hour)}},
				ContainerStatuses: []corev1.ContainerStatus{{
					Name: "app", ImageID: "image-1", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(48 * time.Hour)}},
				}},
			},
		},
		Owner: &Owner{Kind: "Deployment", Name: "web", UID: "uid-web", Wanted: 2, Ready: 2, Steady: true},
	}
}
