package webhook

import (
	"reflect"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook/config"
)

var namespaceKind = schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}

// namespace warns whoever sets a label on a namespace that can't be followed.
func (h *Handler) namespace(req admission.Request, c *config.Config) (admission.Response, decision) {
	labels, err := labelsOf(req.Object.Raw)
	if err != nil {
		h.Log.Info("a namespace can't be read and was let through", "name", req.Name, "error", err.Error())
		return admission.Allowed(""), decisionUnreadable
	}
	if req.Operation == admissionv1.Update {
		if old, err := labelsOf(req.OldObject.Raw); err == nil && reflect.DeepEqual(old, labels) {
			return admission.Allowed(""), decisionUnchanged
		}
	}
	_, problems := c.ModesFor(labels)
	if len(problems) == 0 {
		return admission.Allowed(""), decisionClean
	}
	h.Metrics.problems.Add(float64(len(problems)))
	return admission.Allowed("").WithWarnings(texts(problems)...), decisionWarned
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
