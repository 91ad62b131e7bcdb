package explain

import (
	"slices"
	"strings"

	"github.com/initguard/initguard/api/v1alpha1"
)

// QuickFix is what ends the zombies, until there are new ones.
type QuickFix struct {
	Commands []string `json:"commands"`
	Note     string   `json:"note,omitempty"`
}

// maxDeletes bounds the pods that the quick fix names one by one.
const maxDeletes = 3

const quickNote = "the zombies end with it, and new ones come from then on"

// Quick deletes the pod, or restarts what has many of them. one says that the
// report holds the one pod that was asked for.
func Quick(namespace string, s *v1alpha1.ZombieReportStatus, one bool) QuickFix {
	w := s.Workload
	kubectl := "kubectl -n " + namespace
	switch {
	case len(s.Pods) == 0:
		return QuickFix{Commands: []string{}}
	case w.Kind == "Pod":
		return QuickFix{
			Commands: []string{kubectl + " delete pod " + s.Pods[0].Name},
			Note:     "nothing owns this pod, so that nothing makes a new one: keep its manifest",
		}
	case !one && len(s.Pods) > maxDeletes && restartable(w):
		return QuickFix{Commands: []string{kubectl + " rollout restart " + strings.ToLower(w.Kind) + "/" + w.Name}, Note: quickNote}
	default:
		q := QuickFix{Note: quickNote}
		for _, p := range s.Pods {
			q.Commands = append(q.Commands, kubectl+" delete pod "+p.Name)
		}
		return q
	}
}

// maxObjectName is how long an object's name is, at most.
const maxObjectName = 253

// restartable says whether a command may restart a workload by its name. Kind and
// name are what a pod says of its owner, which the API server takes as it is:
// "x -n kube-system" would be another namespace's. An object's name has nothing
// like that.
func restartable(w v1alpha1.Workload) bool {
	return w.Group == "apps" && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, w.Kind) &&
		w.Name != "" && len(w.Name) <= maxObjectName && w.Name[0] != '-' && strings.Trim(w.Name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// What says what the commands do.
func (q QuickFix) What() string {
	switch {
	case len(q.Commands) == 0:
		return ""
	case strings.Contains(q.Commands[0], " rollout restart "):
		return "restart the pods"
	case len(q.Commands) > 1:
		return "delete the pods"
	default:
		return "delete the pod"
	}
}
