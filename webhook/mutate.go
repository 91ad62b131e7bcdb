package webhook

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook/config"
)

// Mutator answers mutating requests of pods that asked for injection. This
// version injects nothing, and says so to whoever asked.
type Mutator struct{}

// NewMutator makes a mutator.
func NewMutator() *Mutator { return &Mutator{} }

// Handle lets every request through unchanged.
func (m *Mutator) Handle(_ context.Context, req admission.Request) admission.Response {
	o, err := decode(req.Object.Raw, workload{})
	if err != nil {
		return admission.Allowed("")
	}
	if value, ok := o.Annotations[config.AnnotationInject]; ok && value != "never" {
		return admission.Allowed("").WithWarnings(prefix + "annotation " + config.AnnotationInject + ": this version does not inject; the pod stays as it is")
	}
	return admission.Allowed("")
}
