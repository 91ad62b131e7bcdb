package nodes

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
)

func node(name, os, arch string) *metav1.PartialObjectMetadata {
	n := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": "a"}}}
	if os != "" {
		n.Labels["kubernetes.io/os"] = os
	}
	if arch != "" {
		n.Labels["kubernetes.io/arch"] = arch
	}
	return n
}

func TestPlatforms(t *testing.T) {
	p := &Platforms{nodes: map[string]string{}}
	want := func(step string, want ...string) {
		t.Helper()
		if got := p.List(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", step, got, want)
		}
	}
	want("no node")
	p.set(node("w1", "windows", "amd64"))
	p.set(node("odd", "linux", "../x"))
	p.set(node("long", "linux", strings.Repeat("a", 33)))
	p.set(node("new", "", ""))
	p.set("no node at all")
	want("none of Linux")
	p.set(node("a", "linux", "arm64"))
	p.set(node("b", "linux", "amd64"))
	want("one each, by name", "linux/amd64", "linux/arm64")
	p.set(node("c", "linux", "arm64"))
	want("the most first", "linux/arm64", "linux/amd64")
	before := p.List()
	p.set(node("c", "linux", "arm64"))
	if after := p.List(); &before[0] != &after[0] {
		t.Error("a node whose status changed made a new list")
	}
	p.remove(toolscache.DeletedFinalStateUnknown{Obj: node("b", "", "")})
	want("a node less", "linux/arm64")
	p.set(node("a", "windows", "arm64"))
	p.remove(node("c", "", ""))
	p.remove(node("unknown", "", ""))
	p.remove("no node at all")
	want("none left")
	for i := range 20 {
		p.set(node(fmt.Sprint(i), "linux", fmt.Sprint("arch", i)))
	}
	if n := len(p.List()); n != maxPlatforms {
		t.Errorf("%d platforms, want %d at most", n, maxPlatforms)
	}
}

func TestStrip(t *testing.T) {
	full := node("a", "linux", "amd64")
	full.Annotations, full.ManagedFields, full.ResourceVersion = map[string]string{"a": "b"}, []metav1.ManagedFieldsEntry{{}}, "7"
	got, err := Strip(full)
	n, ok := got.(*metav1.PartialObjectMetadata)
	if err != nil || !ok || len(n.Labels) != 2 || n.Annotations != nil || n.ManagedFields != nil || n.ResourceVersion != "7" || n.Name != "a" {
		t.Errorf("%+v, %v", got, err)
	}
	if len(full.Labels) != 3 {
		t.Error("the argument was changed")
	}
	if other, err := Strip("tombstone"); err != nil || other != "tombstone" {
		t.Errorf("%v, %v", other, err)
	}
}
