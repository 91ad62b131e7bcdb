package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"

	"github.com/initguard/initguard/webhook/config"
)

// Object is what is judged of a workload or a pod.
type Object struct {
	// Name is the object's name, or its generateName.
	Name      string
	Namespace string
	// UID is empty outside of admission requests.
	UID string
	// Owner is the controller that owns it, nil for none.
	Owner *metav1.OwnerReference
	// Annotations are those of the pod template, which for a Pod are its own.
	Annotations map[string]string
	// Labels are those of the pod template.
	Labels map[string]string
	Spec   corev1.PodSpec
	// SpecPath is where the pod's spec lies in the object: spec.template.spec.
	SpecPath string
	IsPod    bool
}

// errNoTemplate is the error of an object that holds no pod template, as a
// DeploymentConfig may.
var errNoTemplate = errors.New("no pod template")

// meta is the part of any object's metadata that is read.
type meta struct {
	Metadata struct {
		Name            string                  `json:"name"`
		GenerateName    string                  `json:"generateName"`
		Namespace       string                  `json:"namespace"`
		UID             string                  `json:"uid"`
		OwnerReferences []metav1.OwnerReference `json:"ownerReferences"`
	} `json:"metadata"`
}

// template is the part of a pod template, or of a pod, that is read.
type template struct {
	Metadata struct {
		Annotations map[string]string `json:"annotations"`
		Labels      map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec *corev1.PodSpec `json:"spec"`
}

// decode reads an object of a kind that w describes. Fields that this version
// does not know are ignored: a newer API server may send them.
func decode(raw []byte, w workload) (Object, error) {
	var m meta
	if err := unmarshal(raw, &m); err != nil {
		return Object{}, err
	}
	body, err := descend(raw, w.path)
	if err != nil {
		return Object{}, err
	}
	var t template
	if err := unmarshal(body, &t); err != nil {
		return Object{}, fmt.Errorf("%s: %w", strings.Join(w.path, "."), err)
	}
	if t.Spec == nil {
		return Object{}, errNoTemplate
	}
	o := Object{
		Name: m.Metadata.Name, Namespace: m.Metadata.Namespace, UID: m.Metadata.UID,
		Annotations: t.Metadata.Annotations, Labels: t.Metadata.Labels, Spec: *t.Spec,
		SpecPath: strings.Join(append(append([]string(nil), w.path...), "spec"), "."), IsPod: len(w.path) == 0,
	}
	if o.Name == "" {
		o.Name = m.Metadata.GenerateName
	}
	for i := range m.Metadata.OwnerReferences {
		if ref := &m.Metadata.OwnerReferences[i]; ref.Controller != nil && *ref.Controller {
			o.Owner = ref
		}
	}
	return o, nil
}

// DecodeObject reads an object outside of an admission request. It is false
// for kinds that hold no pod template.
func DecodeObject(raw []byte, gvk schema.GroupVersionKind, c *config.Config) (Object, bool, error) {
	w, ok := newKinds().find(gvk, c)
	if !ok {
		return Object{}, false, nil
	}
	o, err := decode(raw, w)
	if errors.Is(err, errNoTemplate) {
		return Object{}, false, nil
	}
	return o, true, err
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
