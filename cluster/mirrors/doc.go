// Package mirrors reads what an OpenShift cluster says of its registries, which
// its nodes follow: ImageDigestMirrorSets, ImageTagMirrorSets,
// ImageContentSourcePolicies and the image configuration with its CAs. On other
// clusters it asks for nothing but which API groups there are.
package mirrors
