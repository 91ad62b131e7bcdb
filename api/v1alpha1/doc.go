// Package v1alpha1 holds the types of the API group initguard.dev.
package v1alpha1
