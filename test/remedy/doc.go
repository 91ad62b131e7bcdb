// Package remedy tests evictions before a real API server, with the rights that
// the manifests give and reports that are stored there. No kubelet runs: a test
// says of pods that they are ready, and removes those that end.
package remedy
