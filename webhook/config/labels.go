package config

// KeyPrefix is the prefix of every label and annotation of initguard.
const KeyPrefix = "initguard.dev/"

// Labels of namespaces.
const (
	LabelWarn      = KeyPrefix + "warn"
	LabelAudit     = KeyPrefix + "audit"
	LabelEnforce   = KeyPrefix + "enforce"
	LabelInject    = KeyPrefix + "inject"
	LabelStrategy  = KeyPrefix + "strategy"
	LabelRemediate = KeyPrefix + "remediate" // read by the responder, not here
)

// Annotations of pod templates and pods.
const (
	AnnotationInject           = KeyPrefix + "inject"
	AnnotationExemptContainers = KeyPrefix + "exempt-containers"
	AnnotationRemediate        = KeyPrefix + "remediate" // read by the responder, not here
	AnnotationRemediateSingle  = KeyPrefix + "remediate-single-replica"
	AnnotationInjected         = KeyPrefix + "injected" // written by the injection
)

// Problem is a label or annotation that can't be followed as it stands. The
// request goes on without it.
type Problem struct {
	// Key is the label's or annotation's key, sanitised.
	Key string
	// Value is its value, sanitised: printable, at most 63 runes and an
	// ellipsis.
	Value string
	// Text is one line that names the place, what is wrong and what is done
	// instead; fit for a warning as it stands.
	Text string
}

// TemplateOptions are what a pod template's annotations ask for apart from
// modes.
type TemplateOptions struct {
	// ExemptContainers are the names of containers that are not judged; under
	// enforce only if Exemptions.ContainersUnderEnforce. At most 64.
	ExemptContainers []string
	// InjectAsked is true when the team itself asked for injection.
	InjectAsked bool
}
