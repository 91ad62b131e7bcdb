package mirrors

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/imageinspect/mirror"
)

// kind is a resource that lists mirrors, or the image configuration.
type kind struct {
	resource schema.GroupVersionResource
	// field of spec holds the list, for which pull the mirrors are.
	field string
	pull  mirror.Pull
	// name is set where only one object counts.
	name string
}

const (
	configGroup  = "config.openshift.io"
	imageGroup   = "image.openshift.io"
	caNamespace  = "openshift-config"
	maxSets      = 10_000 // entries that are read of all objects together
	neverContact = "NeverContactSource"
)

// kinds are all that is watched. Source: the types of those names in
// https://github.com/openshift/api. ImageContentSourcePolicy is the former
// ImageDigestMirrorSet; mirrors of both are joined.
func kinds() []kind {
	config := schema.GroupVersion{Group: configGroup, Version: "v1"}
	operator := schema.GroupVersion{Group: "operator.openshift.io", Version: "v1alpha1"}
	return []kind{
		{resource: config.WithResource("imagedigestmirrorsets"), field: "imageDigestMirrors", pull: mirror.DigestOnly},
		{resource: config.WithResource("imagetagmirrorsets"), field: "imageTagMirrors", pull: mirror.TagOnly},
		{resource: operator.WithResource("imagecontentsourcepolicies"), field: "repositoryDigestMirrors", pull: mirror.DigestOnly},
		{resource: config.WithResource("images"), name: "cluster"},
	}
}

// add reads an object. What isn't of the type that the API gives it is left
// out.
func (r *read) add(k kind, object *unstructured.Unstructured) {
	if k.name != "" {
		if object.GetName() == k.name {
			r.image = readImageConfig(object)
		}
		return
	}
	list, _, _ := unstructured.NestedSlice(object.Object, "spec", k.field)
	for _, item := range list {
		entry, ok := item.(map[string]any)
		if !ok || len(r.sets) >= maxSets {
			continue
		}
		source, _, _ := unstructured.NestedString(entry, "source")
		policy, _, _ := unstructured.NestedString(entry, "mirrorSourcePolicy")
		mirrors, _, _ := unstructured.NestedStringSlice(entry, "mirrors")
		r.sets = append(r.sets, mirror.Set{Source: source, Mirrors: mirrors, Pull: k.pull, Never: policy == neverContact})
	}
}

func readImageConfig(object *unstructured.Unstructured) *imageConfig {
	strings := func(field string) []string {
		list, _, _ := unstructured.NestedStringSlice(object.Object, "spec", "registrySources", field)
		return list
	}
	name, _, _ := unstructured.NestedString(object.Object, "spec", "additionalTrustedCA", "name")
	return &imageConfig{
		allowed: strings("allowedRegistries"), blocked: strings("blockedRegistries"),
		insecure: strings("insecureRegistries"), search: strings("containerRuntimeSearchRegistries"),
		caConfigMap: name,
	}
}
