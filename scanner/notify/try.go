package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
)

// Tried is what a mail server said of one mail.
type Tried struct {
	// Accepted are addresses; Refused and Later are addresses with the answer.
	Accepted []string
	Refused  []string
	Later    []string
}

// Try sends a digest at once, beside the queue, and says what came of it. The
// error names the stage at which it failed.
func (m *Mail) Try(ctx context.Context, d notice.Digest) (Tried, error) {
	people, others := reachable(d.To)
	if len(others) > 0 {
		return Tried{}, fmt.Errorf("%q is no mail address", printable(others[0].Address))
	}
	if len(people) == 0 {
		return Tried{}, errors.New("nobody to send a mail to")
	}
	v, err := m.relay.send(ctx, addresses(people), m.Message(ctx, d))
	if err != nil {
		return Tried{}, fmt.Errorf("mail server %s:%d: %w", m.relay.settings.Host, m.relay.settings.Port, err)
	}
	t := Tried{Accepted: v.accepted}
	for _, r := range v.refused {
		t.Refused = append(t.Refused, r.address+": "+r.answer)
	}
	for _, address := range v.later {
		t.Later = append(t.Later, address+": "+v.answer)
	}
	return t, nil
}

// Sample is a digest about a workload that is made up, for whoever tries how
// mails arrive and what they look like.
func Sample(namespace string, to []notice.Contact, now time.Time) notice.Digest {
	began := metav1.NewTime(now.Add(-3 * time.Hour))
	limitAt := metav1.NewTime(now.Add(14 * time.Hour))
	perHour, limit, used := int32(120), int64(4096), int64(2402)
	r := &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "statefulset-example"},
		Status: v1alpha1.ZombieReportStatus{
			Workload:  v1alpha1.Workload{Group: "apps", Kind: "StatefulSet", Name: "example"},
			Summary:   v1alpha1.Summary{Workload: "StatefulSet/example", Pods: 1, Zombies: 2341, PerHour: "120", PIDLimitIn: "14h", Cause: "PID1NotReaping", Parent: "mongod"},
			FirstSeen: began, LastSeen: metav1.NewTime(now),
			History: []v1alpha1.Episode{{From: began, MostZombies: 2341, MostPods: 1}},
			Pods: []v1alpha1.Pod{{
				Name: "example-0", UID: "none", Zombies: 2341, OldestSince: began, PerHour: &perHour, PIDLimit: &limit, PIDsUsed: &used, LimitAt: &limitAt,
				Containers: []v1alpha1.Container{{Name: "mongod", Zombies: 2341, OldestSince: began, PerHour: &perHour, Causes: []v1alpha1.Cause{{
					Cause: "PID1NotReaping", Parent: "mongod", ParentPID: 1, Parents: 1, Zombies: 2341, OldestSince: began, PerHour: &perHour,
					Children:  []v1alpha1.Children{{Name: "mongosh", Count: 2341}},
					StartedBy: &v1alpha1.Starter{Container: "mongod", Field: "readinessProbe", Certainty: "Certain", PeriodSeconds: 30},
				}}}},
			}},
		},
	}
	return notice.Digest{
		ID: fmt.Sprintf("test%d", now.UnixNano()), Namespace: namespace, At: now, Severity: string(notice.Critical), To: to,
		NoContact: "somebody tried how mails arrive; the workload in it is made up",
		Items:     []notice.Item{{Report: r, Kind: notice.KindFiring, Severity: string(notice.Critical), Since: began.Time, Reasons: []string{"this is a test"}}},
	}
}
