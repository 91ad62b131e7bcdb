package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// The paths under which the handlers are served.
const (
	ValidatePath = "/validate"
	MutatePath   = "/mutate"
)

// NamespaceLabels gives a namespace's labels, from memory where possible.
type NamespaceLabels interface {
	Labels(ctx context.Context, namespace string) (map[string]string, error)
}

// Settings is what a request is judged by; a reload changes it as a whole.
type Settings struct {
	Config   *config.Config
	Assessor Assessor
	// Observations say where zombies were seen; nil where nobody looks.
	Observations Observations
	// Injection is what injection needs besides the configuration.
	Injection Injection
}

// Handler answers validating requests.
type Handler struct {
	// Settings gives the settings in force.
	Settings   func() Settings
	Namespaces NamespaceLabels
	Metrics    *Metrics
	Log        logr.Logger
	// Late tells verdicts that come after the answer; nil tells none.
	Late *Follower
	// Existing lists what a stricter namespace label concerns; nil lists nothing.
	Existing Existing
	looking  atomic.Bool // at existing workloads
	wrong    contradictions
	kinds    kinds
}

// NewHandler makes a handler.
func NewHandler(settings func() Settings, namespaces NamespaceLabels, metrics *Metrics, log logr.Logger) *Handler {
	return &Handler{Settings: settings, Namespaces: namespaces, Metrics: metrics, Log: log, kinds: newKinds()}
}

// Handle answers one request. It denies only where the namespace's enforce mode
// says so; whatever goes wrong lets the request through.
func (h *Handler) Handle(ctx context.Context, req admission.Request) (response admission.Response) {
	start := time.Now()
	d := decisionFailed
	defer func() {
		// Left to itself, controller-runtime answers a panic with a denial.
		if cause := recover(); cause != nil {
			h.Log.Error(fmt.Errorf("panic: %T", cause), "a request was let through without a judgement: please report this", "stack", string(debug.Stack()))
			response = admission.Allowed("").WithWarnings(prefix + "not judged: internal error")
		}
		h.Metrics.answered(d, time.Since(start))
	}()
	s := h.Settings()
	ctx, cancel := context.WithTimeout(ctx, s.Config.Inspection.Deadline)
	defer cancel()
	response, d = h.answer(ctx, req, s)
	return response
}

func (h *Handler) answer(ctx context.Context, req admission.Request, s Settings) (admission.Response, decision) {
	gvk := schema.GroupVersionKind(req.Kind)
	if gvk == namespaceKind {
		return h.namespace(ctx, req, s)
	}
	if s.Config.ExemptsNamespace(req.Namespace) || s.Config.ExemptsUser(req.UserInfo.Username) || req.SubResource != "" {
		return admission.Allowed(""), decisionExempt
	}
	w, ok := h.kinds.find(gvk, s.Config)
	if !ok {
		h.Log.Info("a kind that is not configured was sent here: add it to workloads in the configuration, or take it out of the webhook's rules", "kind", gvk.String())
		return admission.Allowed(""), decisionExempt
	}
	object, err := decode(req.Object.Raw, w)
	if errors.Is(err, errNoTemplate) {
		h.Log.Info("no pod template to judge", "kind", gvk.String(), "namespace", req.Namespace, "name", req.Name)
		return admission.Allowed(""), decisionExempt
	}
	if err != nil {
		h.Log.Info("the object can't be read and was let through", "kind", gvk.String(), "namespace", req.Namespace, "name", req.Name, "error", err.Error())
		text := cut(fmt.Sprintf("%sthis %s was not judged: its pod template can't be read", prefix, sanitize(req.Kind.Kind, maxName)), maxWarning)
		return admission.Allowed("").WithWarnings(text), decisionUnreadable
	}
	object.Namespace = req.Namespace
	if exemptPod(object) != "" {
		return admission.Allowed(""), decisionExempt
	}
	if req.Operation == admissionv1.Update {
		if old, err := decode(req.OldObject.Raw, w); err == nil && unchanged(old, object) {
			return admission.Allowed(""), decisionUnchanged
		}
	}
	return h.judge(ctx, req, object, s)
}

// judge assesses an object and answers by the modes.
func (h *Handler) judge(ctx context.Context, req admission.Request, o Object, s Settings) (admission.Response, decision) {
	modes, options, problems := h.modes(ctx, o, s.Config)
	owned := madeByController(o, req.UserInfo.Username, h.kinds, s.Config)
	if owned {
		problems = nil // told to whoever wrote the template
	}
	if (config.Modes{Strategy: modes.Strategy}) == modes || owned && modes.Audit == config.Never {
		return admission.Allowed("").WithWarnings(problems...), decisionExempt
	}
	assessments := s.Assess(ctx, o, &o.Spec)
	h.Metrics.assessed(assessments)
	logUnknown(h.Log, o, assessments)
	h.contradicted(o, assessments)
	j := Judgement{
		Config: s.Config, Modes: modes, Object: o, Assessments: assessments, Exempt: options.ExemptContainers, Owned: owned, Final: o.IsPod,
	}
	if !owned {
		j.Plan = s.PlanFor(o, modes, options.ExemptContainers, assessments)
	}
	response, d := translate(j, resourceName(req))
	h.Late.follow(req, j, s, d)
	response.Warnings = append(response.Warnings, problems...)
	return response, d
}

// modes are the modes in force for an object, with what is wrong with its
// labels and annotations.
func (h *Handler) modes(ctx context.Context, o Object, c *config.Config) (config.Modes, config.TemplateOptions, []string) {
	modes, options, problems := h.modesOf(ctx, o, c)
	h.Metrics.problems.Add(float64(len(problems)))
	return modes, options, texts(problems)
}

func (h *Handler) modesOf(ctx context.Context, o Object, c *config.Config) (config.Modes, config.TemplateOptions, []config.Problem) {
	labels, err := h.Namespaces.Labels(ctx, o.Namespace)
	if err != nil {
		h.Log.Error(err, "the namespace's labels can't be read: the configuration's defaults apply", "namespace", o.Namespace)
	}
	modes, inNamespace := c.ModesFor(labels)
	modes, options, inTemplate := c.ForTemplate(modes, o.Annotations)
	return modes, options, append(inNamespace, inTemplate...)
}

// texts are the warnings about labels and annotations.
func texts(problems []config.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, cut(prefix+p.Text, maxWarning))
	}
	return out
}

// maxLogged bounds the images of one request that are logged.
const maxLogged = 10

// logUnknown tells the platform what tenants are not told: why an image could
// not be inspected.
func logUnknown(log logr.Logger, o Object, assessments []policy.Assessment) {
	logged := make(map[string]bool)
	for _, a := range assessments {
		r := a.Result.Verdict.Reason
		if a.Problem != policy.Undecided || !fromPlatform(r.Code) || logged[a.Image] || len(logged) == maxLogged {
			continue
		}
		logged[a.Image] = true
		log.Info("image not inspected", "namespace", o.Namespace, "name", o.Name, "container", a.Container, "image", sanitize(a.Image, maxWarning),
			"reason", r.Code, "detail", r.Detail)
	}
}

// resourceName is how Kubernetes names the resource in messages:
// deployments.apps.
func resourceName(req admission.Request) string {
	if req.Resource.Group == "" {
		return req.Resource.Resource
	}
	return req.Resource.Resource + "." + req.Resource.Group
}

// forbidden is a denial with Kubernetes' own status for it.
func forbidden(message string) admission.Response {
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: false,
		Result:  &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: message},
	}}
}
