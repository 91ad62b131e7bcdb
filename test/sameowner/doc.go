// Package sameowner tests that webhook and responder, which never import each
// other, mean the same workload by a pod, and the same command by its hash.
package sameowner
