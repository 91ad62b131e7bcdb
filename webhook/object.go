package webhook

import (
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/webhook/config"
)

// Object is what is judged of a workload or a pod.
type Object struct {
	Kind schema.GroupKind
	// Name is the object's name, or its generateName.
	Name      string
	Namespace string
	// GenerateName is what the object's name is generated from, if it is.
	GenerateName string
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
	// noMetadata is true for a pod template without any metadata.
	noMetadata bool
}

// errNoTemplate is the error of an object that holds no pod template, as a
// DeploymentConfig may.
var errNoTemplate = errors.New("no pod template")

// decode reads an object of a kind that w describes. Fields that this version
// does not know are ignored: a newer API server may send them.
func decode(raw []byte, w workload) (Object, error) {
	m, t, err := decodeParts(raw, w.path)
	if err != nil {
		return Object{}, err
	}
	if t == nil || t.Spec == nil {
		return Object{}, errNoTemplate
	}
	without := t.Metadata == nil
	if without {
		t.Metadata = &marks{}
	}
	o := Object{
		noMetadata: without, Kind: w.kind, Name: m.Name, GenerateName: m.GenerateName, Namespace: m.Namespace, UID: m.UID,
		Annotations: t.Metadata.Annotations, Labels: t.Metadata.Labels, Spec: *t.Spec,
		SpecPath: strings.Join(append(append([]string(nil), w.path...), "spec"), "."), IsPod: len(w.path) == 0,
	}
	if o.Name == "" {
		o.Name = m.GenerateName
	}
	for i := range m.OwnerReferences {
		if ref := &m.OwnerReferences[i]; ref.Controller != nil && *ref.Controller {
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
