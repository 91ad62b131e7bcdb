package inject

// maxAnnotations is what the API server takes of annotations, in bytes: keys
// and values.
//
// Source: https://github.com/kubernetes/apimachinery/blob/master/pkg/api/validation/objectmeta.go (TotalAnnotationSizeLimitB).
const maxAnnotations = 256 << 10

// annotationsFull
//
// Reads: the size of the pod's annotations.
// Speaks against: both, where one more would have the API server reject the pod.
func annotationsFull(p planner, _ Strategy) string {
	size := len(Annotation) + len(p.Options.Version) + len(`{"version":"","strategy":"share-pid","containers":[]}`)
	for _, t := range p.all {
		size += len(t.Name) + len(`"",`)
	}
	for key, value := range p.Pod.Annotations {
		size += len(key) + len(value)
	}
	if size > maxAnnotations {
		return "there is no room left for an annotation"
	}
	return ""
}
