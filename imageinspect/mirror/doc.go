// Package mirror says where an image is asked for: at which mirrors of its
// registry, in which order, whether at the registry itself, or nowhere. It only
// computes; package registry asks.
//
// The rules are those that nodes follow, or an answer would be about another
// image than the one that runs: containers-registries.conf(5), and on OpenShift
// what the machine-config operator makes of the cluster's objects.
package mirror
