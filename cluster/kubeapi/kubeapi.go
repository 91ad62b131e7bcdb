// Package kubeapi makes small clients of the API server: for one API group,
// without discovery, and without the types of all the others.
package kubeapi

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// New makes a client of one API group. register adds its types. Requests are
// not slowed down: callers bound how many they have under way.
func New(cluster *rest.Config, group schema.GroupVersion, register func(*runtime.Scheme) error) (rest.Interface, error) {
	scheme := runtime.NewScheme()
	if err := register(scheme); err != nil {
		return nil, fmt.Errorf("types of %s: %w", group, err)
	}
	c := rest.CopyConfig(cluster)
	c.GroupVersion = &group
	c.APIPath = "/apis"
	if group.Group == "" {
		c.APIPath = "/api"
	}
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.QPS = -1
	if c.UserAgent == "" {
		c.UserAgent = "initguard"
	}
	client, err := rest.RESTClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", group, err)
	}
	return client, nil
}
