package webhook

import (
	"context"
	"reflect"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

var namespaceKind = schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}

// namespace warns whoever labels a namespace: of labels that can't be followed,
// and of what runs there and would be denied from now on.
func (h *Handler) namespace(ctx context.Context, req admission.Request, s Settings) (admission.Response, decision) {
	labels, err := labelsOf(req.Object.Raw)
	if err != nil {
		h.Log.Info("a namespace can't be read and was let through", "name", req.Name, "error", err.Error())
		return admission.Allowed(""), decisionUnreadable
	}
	var warnings []string
	if req.Operation == admissionv1.Update {
		old, err := labelsOf(req.OldObject.Raw)
		if err == nil && reflect.DeepEqual(old, labels) {
			return admission.Allowed(""), decisionUnchanged
		}
		if err == nil && stricter(s.Config, old, labels) && !s.Config.ExemptsNamespace(req.Name) {
			warnings = h.judgeExisting(ctx, req.Name, labels, s)
		}
	}
	_, problems := s.Config.ModesFor(labels)
	h.Metrics.problems.Add(float64(len(problems)))
	if warnings = append(warnings, texts(problems)...); len(warnings) == 0 {
		return admission.Allowed(""), decisionClean
	}
	return admission.Allowed("").WithWarnings(warnings...), decisionWarned
}

func labelsOf(raw []byte) (map[string]string, error) {
	var object struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	err := unmarshal(raw, &object)
	return object.Metadata.Labels, err
}
