package responder

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Desks decide what is told and done about reports. What they return is kept in
// the reports; they do nothing on the strength of it before they find it in the
// stored ones. Each is called every few seconds, by one goroutine, with all
// reports as they are stored, in order, which it may keep and must not change. A
// report that it does not return stays as it is. Either may be nil.
type Desks struct {
	Notices  func(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice
	Remedies func(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Remedy
}

// aside is what desks want to be kept in a report.
type aside struct {
	notice       *v1alpha1.Notice
	remedy       *v1alpha1.Remedy
	tells, mends bool
}

// consult asks the desks.
func (d Desks) consult(now time.Time, reports map[Key]*record) map[Key]aside {
	if d.Notices == nil && d.Remedies == nil {
		return nil
	}
	stored := make([]*v1alpha1.ZombieReport, 0, len(reports))
	for _, r := range reports {
		if r.report != nil {
			stored = append(stored, r.report)
		}
	}
	slices.SortFunc(stored, func(a, b *v1alpha1.ZombieReport) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	wanted := make(map[Key]aside)
	if d.Notices != nil {
		for k, notice := range d.Notices(now, stored) {
			wanted[Key(k)] = aside{notice: notice, tells: true}
		}
	}
	if d.Remedies != nil {
		for k, remedy := range d.Remedies(now, stored) {
			a := wanted[Key(k)]
			a.remedy, a.mends = remedy, true
			wanted[Key(k)] = a
		}
	}
	return wanted
}

// keep puts into a status what is to be kept: what is wanted, else what was
// written before.
func (a aside) keep(before *v1alpha1.ZombieReportStatus, s *v1alpha1.ZombieReportStatus) {
	if before != nil {
		s.Notice, s.Remedy = before.Notice.DeepCopy(), before.Remedy.DeepCopy()
	}
	if a.tells {
		s.Notice = asStored(a.notice)
	}
	if a.mends {
		s.Remedy = asStored(a.remedy)
	}
}

// asStored is what comes back of something that is written: times are told in
// seconds there. What differs in less would be written again and again.
func asStored[T any](wanted *T) *T {
	text, err := json.Marshal(wanted)
	if err != nil || wanted == nil {
		return nil
	}
	back := new(T)
	if err := json.Unmarshal(text, back); err != nil {
		return nil
	}
	return back
}

var errDropped = errors.New("the CRD zombiereports.initguard.dev is of a former version, which drops notices and evictions: apply its new version")

// dropped says whether what desks want did not come back of a write: the API
// server drops what its CRD does not have, without an error.
func dropped(wrote, back v1alpha1.ZombieReportStatus) error {
	if wrote.Notice != nil && back.Notice == nil || wrote.Remedy != nil && back.Remedy == nil {
		return errDropped
	}
	return nil
}
