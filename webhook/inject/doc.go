// Package inject says how a pod is made safe as it is created: pod and findings
// to minimal JSON patch operations, or to the reason why the pod stays as it is.
package inject
