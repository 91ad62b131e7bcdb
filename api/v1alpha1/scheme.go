package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group is the API group.
const Group = "initguard.dev"

// GroupVersion is the group with this version.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: Group, Version: "v1alpha1"}
}

// Resource is what the API server calls reports.
func Resource() schema.GroupVersionResource { return GroupVersion().WithResource("zombiereports") }

// AddToScheme makes the types known to a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion(), &ZombieReport{}, &ZombieReportList{})
	metav1.AddToGroupVersion(s, GroupVersion())
	return nil
}
