package webhook

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/inject"
)

// Mutator answers mutating requests: pods that are to be made safe are patched
// as they are created. It never denies and never warns: what is refused is
// said by the Handler, which judges what came of it.
type Mutator struct{ handler *Handler }

// NewMutator makes a mutator that goes by a handler's settings.
func NewMutator(h *Handler) *Mutator { return &Mutator{handler: h} }

// Handle answers one request. Whatever goes wrong leaves the pod as it is.
func (m *Mutator) Handle(ctx context.Context, req admission.Request) (response admission.Response) {
	defer func() {
		// Left to itself, controller-runtime answers a panic with a denial.
		if cause := recover(); cause != nil {
			m.handler.Log.Error(fmt.Errorf("panic: %T", cause), "a pod was left as it is: please report this", "stack", string(debug.Stack()))
			m.handler.Metrics.injected(injectFailed, inject.Plan{})
			response = admission.Allowed("")
		}
	}()
	s := m.handler.Settings()
	ctx, cancel := context.WithTimeout(ctx, s.Config.Inspection.Deadline)
	defer cancel()
	return m.answer(ctx, req, s)
}

func (m *Mutator) answer(ctx context.Context, req admission.Request, s Settings) admission.Response {
	if req.Operation != admissionv1.Create || req.SubResource != "" || (schema.GroupVersionKind(req.Kind) != schema.GroupVersionKind{Version: "v1", Kind: "Pod"}) ||
		s.Config.ExemptsNamespace(req.Namespace) || s.Config.ExemptsUser(req.UserInfo.Username) {
		return admission.Allowed("")
	}
	o, err := decode(req.Object.Raw, workload{kind: schema.GroupKind{Kind: "Pod"}})
	if err != nil {
		return admission.Allowed("") // the handler says so
	}
	o.Namespace = req.Namespace
	modes, options, _ := m.handler.modesOf(ctx, o, s.Config)
	if modes.Inject == config.Never || exemptPod(o) != "" {
		return admission.Allowed("")
	}
	plan, _ := s.Inject(ctx, o, modes, options.ExemptContainers)
	response, err := patched(plan)
	if err != nil {
		m.handler.Log.Error(err, "a patch can't be written: please report this", "namespace", o.Namespace, "name", o.Name)
		m.handler.Metrics.injected(injectFailed, plan)
		return admission.Allowed("")
	}
	m.handler.Metrics.injected(resultOf(plan), plan)
	if len(plan.Operations) > 0 {
		m.handler.Log.V(1).Info("injected", "namespace", o.Namespace, "name", o.Name, "strategy", plan.Strategy, "containers", plan.Containers, "undone", plan.Undone)
	}
	return response
}

// patched is the answer with a plan's patch.
func patched(plan inject.Plan) (admission.Response, error) {
	response := admission.Allowed("")
	if len(plan.Operations) == 0 {
		return response, nil
	}
	patch, err := inject.Patch(plan.Operations)
	if err != nil {
		return response, fmt.Errorf("patch: %w", err)
	}
	kind := admissionv1.PatchTypeJSONPatch
	response.Patch, response.PatchType = patch, &kind
	if plan.Strategy != inject.None {
		text := string(plan.Strategy) + ": " + strings.Join(plan.Containers, ", ")
		response.AuditAnnotations = map[string]string{"injected": cut(text, maxAnnotation)}
	}
	return response, nil
}

// resultOf says for the metric what became of a pod that asked for injection.
func resultOf(plan inject.Plan) string {
	switch {
	case plan.Strategy != inject.None && len(plan.Operations) > 0:
		return injectDone
	case plan.Strategy != inject.None:
		return injectKept
	case plan.Undone:
		return injectUndone
	case len(plan.Refusals) > 0:
		return injectRefused
	default:
		return injectUnneeded
	}
}
