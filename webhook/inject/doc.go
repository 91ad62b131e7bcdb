// Package inject says how a pod is made safe as it is created: pod and findings
// to minimal JSON patch operations, or to the reason why the pod stays as it is.
//
// It is pure. What speaks against a strategy is a hazard: one function in one
// file, and a line in the list that hazards returns.
package inject
