package notice

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

const (
	// offerFor is how long what was offered waits to be stored: whoever offered it
	// has given up by then, and offers it again.
	offerFor = time.Minute
	// maxOffers is how many offers may wait, maxAlerts how many alerts each report
	// may be offered meanwhile.
	maxOffers = 256
	maxAlerts = 16
	// The bounds of what is stored of an alert.
	maxFingerprint = 64
	maxAlertName   = 256
	maxPodName     = 253
)

// Joined is an alert of the platform, with the report of the pod that it names.
type Joined struct {
	Report types.NamespacedName
	Alert  v1alpha1.Alert
}

// Found is a pod with zombies.
type Found struct {
	Key types.NamespacedName
	// Report is as it is stored, Pod in it. Neither is to be changed.
	Report *v1alpha1.ZombieReport
	Pod    *v1alpha1.Pod
}

// takeAlerts has a notice keep alerts. One that fires stays until it ends: the
// report is one incident, whatever else fires for it.
func takeAlerts(n *v1alpha1.Notice, alerts []v1alpha1.Alert) {
	for i := range alerts {
		a, have := &alerts[i], n.Alert
		switch {
		case a.EndsAt == nil:
			if have == nil || have.EndsAt != nil || have.Fingerprint == a.Fingerprint && have.StartsAt.Before(&a.StartsAt) {
				n.Alert = a.DeepCopy()
			}
		case have != nil && have.Fingerprint == a.Fingerprint && have.EndsAt == nil:
			have.EndsAt = a.EndsAt.DeepCopy()
		}
	}
}

// keeps says whether a notice has kept alerts.
func keeps(n *v1alpha1.Notice, alerts []v1alpha1.Alert) bool {
	if n == nil {
		n = new(v1alpha1.Notice)
	}
	next := n.DeepCopy()
	takeAlerts(next, alerts)
	return equality.Semantic.DeepEqual(n, next)
}

// storable is an alert as the API server takes it: times in whole seconds and
// not before 1970, texts that are not too long.
func storable(a v1alpha1.Alert) v1alpha1.Alert {
	a = *a.DeepCopy()
	a.Fingerprint = cut(a.Fingerprint, maxFingerprint)
	a.Name = cut(a.Name, maxAlertName)
	a.Pod = cut(a.Pod, maxPodName)
	a.StartsAt = seconds(a.StartsAt)
	if a.EndsAt != nil {
		ends := seconds(*a.EndsAt)
		a.EndsAt = &ends
	}
	return a
}

func seconds(t metav1.Time) metav1.Time {
	if t.Unix() < 0 || t.Year() > 9999 {
		return metav1.Unix(0, 0)
	}
	return metav1.NewTime(t.Truncate(time.Second))
}

// cut cuts a text between two characters.
func cut(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "?")
}
