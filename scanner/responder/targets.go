package responder

import (
	"context"
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The labels of the scanner's pods, and the port that they serve on.
const (
	ScannerLabel = "app.kubernetes.io/component"
	ScannerValue = "scanner"
	portName     = "report"
	defaultPort  = 8443
)

// Targets finds the scanners: the pods of the DaemonSet, in its own namespace
// alone. They are read from a cache, which keeps no more of a pod than KeepPod.
type Targets struct {
	Reader    client.Reader
	Namespace string
}

// List gives the scanners that run, one a node: the newest where a node has two,
// as while a DaemonSet is rolled out.
func (t Targets) List(ctx context.Context) ([]Target, error) {
	var pods corev1.PodList
	err := t.Reader.List(ctx, &pods, client.InNamespace(t.Namespace), client.MatchingLabels{ScannerLabel: ScannerValue}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("list the scanners in %s: %w", t.Namespace, err)
	}
	newest := make(map[string]*corev1.Pod, len(pods.Items))
	for i := range pods.Items {
		p := &pods.Items[i]
		if p.Spec.NodeName == "" || p.Status.PodIP == "" || p.Status.Phase != corev1.PodRunning || p.DeletionTimestamp != nil {
			continue
		}
		if other := newest[p.Spec.NodeName]; other == nil || other.CreationTimestamp.Before(&p.CreationTimestamp) {
			newest[p.Spec.NodeName] = p
		}
	}
	targets := make([]Target, 0, len(newest))
	for node, p := range newest {
		targets = append(targets, Target{Node: node, Address: net.JoinHostPort(p.Status.PodIP, strconv.Itoa(port(p))), Pod: string(p.UID)})
	}
	return targets, nil
}

func port(p *corev1.Pod) int {
	for i := range p.Spec.Containers {
		for _, port := range p.Spec.Containers[i].Ports {
			if port.Name == portName {
				return int(port.ContainerPort)
			}
		}
	}
	return defaultPort
}

// KeepPod makes a pod what the cache has to hold of it.
func KeepPod(object any) (any, error) {
	p, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	kept := &corev1.Pod{TypeMeta: p.TypeMeta}
	kept.Namespace, kept.Name, kept.UID, kept.ResourceVersion, kept.Labels = p.Namespace, p.Name, p.UID, p.ResourceVersion, p.Labels
	kept.CreationTimestamp, kept.DeletionTimestamp = p.CreationTimestamp, p.DeletionTimestamp
	kept.Spec.NodeName, kept.Status.PodIP, kept.Status.Phase = p.Spec.NodeName, p.Status.PodIP, p.Status.Phase
	for i := range p.Spec.Containers {
		kept.Spec.Containers = append(kept.Spec.Containers, corev1.Container{Name: p.Spec.Containers[i].Name, Ports: p.Spec.Containers[i].Ports})
	}
	return kept, nil
}
