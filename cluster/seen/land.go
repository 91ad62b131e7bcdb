package seen

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// mayLand is true for a node on which a pod may be scheduled by nodeName,
// nodeSelector, required node affinity and taints. What can't be read counts as
// a node on which it may.
func mayLand(spec *corev1.PodSpec, n Node) bool {
	if spec.NodeName != "" {
		return spec.NodeName == n.Name
	}
	return labels.SelectorFromSet(spec.NodeSelector).Matches(labels.Set(n.Labels)) && affine(spec.Affinity, n) && tolerates(spec.Tolerations, n.Taints)
}

// affine is true for a node that one of the required terms takes.
func affine(a *corev1.Affinity, n Node) bool {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	return slices.ContainsFunc(a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms, func(term corev1.NodeSelectorTerm) bool {
		if len(term.MatchExpressions)+len(term.MatchFields) == 0 {
			return false // an empty term takes no node
		}
		return matches(term.MatchExpressions, n.Labels) && matches(term.MatchFields, map[string]string{"metadata.name": n.Name})
	})
}

func matches(requirements []corev1.NodeSelectorRequirement, set map[string]string) bool {
	for _, r := range requirements {
		requirement, err := labels.NewRequirement(r.Key, operator(r.Operator), r.Values)
		if err == nil && !requirement.Matches(labels.Set(set)) {
			return false
		}
	}
	return true
}

func operator(o corev1.NodeSelectorOperator) selection.Operator {
	switch o {
	case corev1.NodeSelectorOpIn:
		return selection.In
	case corev1.NodeSelectorOpNotIn:
		return selection.NotIn
	case corev1.NodeSelectorOpExists:
		return selection.Exists
	case corev1.NodeSelectorOpDoesNotExist:
		return selection.DoesNotExist
	case corev1.NodeSelectorOpGt:
		return selection.GreaterThan
	case corev1.NodeSelectorOpLt:
		return selection.LessThan
	default:
		return ""
	}
}

// conditions is what begins the names of taints that say how a node is just now:
// it may be well again when the pod comes.
const conditions = "node.kubernetes.io/"

// tolerates is true where no taint keeps a pod away for good. Operators that
// are newer than this are taken to tolerate.
func tolerates(tolerations []corev1.Toleration, taints []corev1.Taint) bool {
	for _, taint := range taints {
		if taint.Effect == corev1.TaintEffectPreferNoSchedule || strings.HasPrefix(taint.Key, conditions) {
			continue
		}
		if !slices.ContainsFunc(tolerations, func(t corev1.Toleration) bool { return tolerated(t, taint) }) {
			return false
		}
	}
	return true
}

func tolerated(t corev1.Toleration, taint corev1.Taint) bool {
	if t.Effect != "" && t.Effect != taint.Effect || t.Key != "" && t.Key != taint.Key {
		return false
	}
	return t.Operator != "" && t.Operator != corev1.TolerationOpEqual || t.Value == taint.Value
}
