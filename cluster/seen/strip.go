package seen

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// strip drops what no answer needs, so that thousands of nodes and pods take
// little memory.
func strip(object any) (any, error) {
	switch o := object.(type) {
	case *corev1.Node:
		node := &corev1.Node{ObjectMeta: bare(o.ObjectMeta), Spec: corev1.NodeSpec{Taints: o.Spec.Taints, Unschedulable: o.Spec.Unschedulable}}
		for _, c := range o.Status.Conditions {
			if c.Type == corev1.NodeReady {
				node.Status.Conditions = []corev1.NodeCondition{{Type: c.Type, Status: c.Status}}
			}
		}
		return node, nil
	case *corev1.Pod:
		pod := &corev1.Pod{ObjectMeta: bare(o.ObjectMeta), Spec: corev1.PodSpec{
			NodeName: o.Spec.NodeName, InitContainers: images(o.Spec.InitContainers), Containers: images(o.Spec.Containers),
		}}
		pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses = states(o.Status.InitContainerStatuses), states(o.Status.ContainerStatuses)
		return pod, nil
	}
	return object, nil
}

func bare(m metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: m.Name, Namespace: m.Namespace, UID: m.UID, ResourceVersion: m.ResourceVersion, Labels: m.Labels, CreationTimestamp: m.CreationTimestamp,
	}
}

func images(containers []corev1.Container) []corev1.Container {
	out := make([]corev1.Container, len(containers))
	for i, c := range containers {
		out[i] = corev1.Container{Name: c.Name, Image: c.Image}
	}
	return out
}

func states(statuses []corev1.ContainerStatus) []corev1.ContainerStatus {
	out := make([]corev1.ContainerStatus, len(statuses))
	for i, s := range statuses {
		out[i] = corev1.ContainerStatus{Name: s.Name, State: s.State, LastTerminationState: s.LastTerminationState}
	}
	return out
}
