// Package nodes knows which platforms the cluster's nodes have. It reads the
// nodes' metadata alone, and keeps two labels of it.
package nodes

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Object is what is watched: the nodes' metadata.
func Object() client.Object {
	return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}}
}

// Strip drops what is not needed of a node, so that thousands of nodes, which
// change every few seconds, take little memory.
func Strip(object any) (any, error) {
	node, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	labels := map[string]string{}
	for _, key := range []string{corev1.LabelOSStable, corev1.LabelArchStable} {
		if value, ok := node.Labels[key]; ok {
			labels[key] = value
		}
	}
	return &metav1.PartialObjectMetadata{
		TypeMeta:   node.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{Name: node.Name, UID: node.UID, ResourceVersion: node.ResourceVersion, Labels: labels},
	}, nil
}

// maxPlatforms bounds the platforms that are told: images are looked up for so
// many at most.
const maxPlatforms = 16

// Platforms are those of the cluster's Linux nodes. It is safe for concurrent
// use.
type Platforms struct {
	mu    sync.Mutex
	nodes map[string]string // platform by name
	list  []string
}

// Watch follows the nodes as an informer's cache reports them, until that ends.
func Watch(ctx context.Context, informers cache.Informers) (*Platforms, error) {
	informer, err := informers.GetInformer(ctx, Object(), cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch nodes: %w", err)
	}
	p := &Platforms{nodes: map[string]string{}}
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    p.set,
		UpdateFunc: func(_, node any) { p.set(node) },
		DeleteFunc: p.remove,
	}); err != nil {
		return nil, fmt.Errorf("watch nodes: %w", err)
	}
	return p, nil
}

// List returns the platforms as linux/ARCH, those of most nodes first; none
// while no node is known. The list is not to be changed.
func (p *Platforms) List() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list
}

func (p *Platforms) set(object any) {
	node, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return
	}
	platform := platformOf(node.Labels)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nodes[node.Name] == platform {
		return // as nearly always: only the node's status changed
	}
	if platform == "" {
		delete(p.nodes, node.Name)
	} else {
		p.nodes[node.Name] = platform
	}
	p.list = order(p.nodes)
}

func (p *Platforms) remove(object any) {
	if gone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	node, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.nodes[node.Name]; known {
		delete(p.nodes, node.Name)
		p.list = order(p.nodes)
	}
}

// platformOf is a node's platform by its labels, which the kubelet sets; empty
// for a node that runs no Linux, or doesn't say what it runs.
func platformOf(labels map[string]string) string {
	os, arch := labels[corev1.LabelOSStable], labels[corev1.LabelArchStable]
	if arch == "" || os != string(corev1.Linux) || !plain(arch) {
		return ""
	}
	return os + "/" + arch
}

// plain is true for what can be an architecture's name.
func plain(arch string) bool {
	const most = 32
	if len(arch) > most {
		return false
	}
	for _, r := range arch {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

func order(nodes map[string]string) []string {
	count := map[string]int{}
	for _, platform := range nodes {
		count[platform]++
	}
	list := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	return list[:min(len(list), maxPlatforms)]
}
