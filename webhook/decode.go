package webhook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// meta is the part of any object's metadata that is read; of a Pod's, which is
// its own template, the annotations and labels too.
type meta struct {
	Name            string                  `json:"name"`
	GenerateName    string                  `json:"generateName"`
	Namespace       string                  `json:"namespace"`
	UID             string                  `json:"uid"`
	OwnerReferences []metav1.OwnerReference `json:"ownerReferences"`
}

// marks are the annotations and labels of a template.
type marks struct {
	Annotations map[string]string `json:"annotations"`
	Labels      map[string]string `json:"labels"`
}

// template is the part of a pod template that is read.
type template struct {
	// Metadata is nil for a template without any.
	Metadata *marks          `json:"metadata"`
	Spec     *corev1.PodSpec `json:"spec"`
}

// Shapes of objects: where the template lies. Each is decoded in one go, which
// is most of what an admission request costs.
type (
	podShape struct {
		Metadata *struct {
			meta
			marks
		} `json:"metadata"`
		Spec *corev1.PodSpec `json:"spec"`
	}
	workloadShape struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Template *template `json:"template"`
		} `json:"spec"`
	}
	cronJobShape struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			JobTemplate struct {
				Spec struct {
					Template *template `json:"template"`
				} `json:"spec"`
			} `json:"jobTemplate"`
		} `json:"spec"`
	}
	otherShape struct {
		Metadata meta `json:"metadata"`
	}
)

// decodeParts reads an object's metadata and the template that lies at path,
// nil for none.
func decodeParts(raw []byte, path []string) (meta, *template, error) {
	switch {
	case len(path) == 0:
		var o podShape
		err := unmarshal(raw, &o)
		if o.Metadata == nil {
			return meta{}, &template{Spec: o.Spec}, err
		}
		return o.Metadata.meta, &template{Metadata: &o.Metadata.marks, Spec: o.Spec}, err
	case slices.Equal(path, templatePath()):
		var o workloadShape
		err := unmarshal(raw, &o)
		return o.Metadata, o.Spec.Template, err
	case slices.Equal(path, cronJobPath()):
		var o cronJobShape
		err := unmarshal(raw, &o)
		return o.Metadata, o.Spec.JobTemplate.Spec.Template, err
	}
	var o otherShape
	if err := unmarshal(raw, &o); err != nil {
		return meta{}, nil, err
	}
	body, err := descend(raw, path)
	if err != nil {
		return meta{}, nil, err
	}
	var t template
	if err := unmarshal(body, &t); err != nil {
		return meta{}, nil, fmt.Errorf("%s: %w", strings.Join(path, "."), err)
	}
	return o.Metadata, &t, nil
}

// descend follows field names into JSON without decoding what lies beside them.
func descend(raw []byte, path []string) ([]byte, error) {
	for i, name := range path {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			return nil, fmt.Errorf("%s: want an object: %w", strings.Join(path[:i], "."), err)
		}
		next, ok := fields[name]
		if !ok || string(next) == "null" {
			return nil, errNoTemplate
		}
		raw = next
	}
	return raw, nil
}

// unmarshal decodes JSON as the API server does: field names are
// case-sensitive.
func unmarshal(raw []byte, into any) error {
	return kjson.UnmarshalCaseSensitivePreserveInts(raw, into)
}
