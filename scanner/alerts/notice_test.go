package alerts

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
)

// letters are what was told.
type letters struct {
	told    []notice.Digest
	results []notice.Result
}

func (l *letters) Tell(d notice.Digest) bool {
	l.told = append(l.told, d)
	l.results = append(l.results, notice.Result{ID: d.ID, At: d.At})
	return true
}

func (l *letters) Told() []notice.Result {
	results := l.results
	l.results = nil
	return results
}

// TestAlertIsNews puts the shelf before the desk that decides on notices: an
// alert for a pod with few zombies is told at once, and is one incident with the
// report.
func TestAlertIsNews(t *testing.T) {
	settings := notice.Default()
	settings.Platform, settings.Gather = "platform@example.com", 0
	rules, faults := notice.New(settings)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	now := at(10, 0)
	sent := new(letters)
	desk := notice.NewDesk(notice.Options{
		Rules: func() *notice.Rules { return rules }, Namespaces: func(string) (notice.Namespace, bool) { return notice.Namespace{}, true },
		Channels: []notice.Named{{Name: "mail", Channel: sent}},
	})
	s := NewShelf(desk.Turn)
	key := types.NamespacedName{Namespace: "shop-prod", Name: "deployment-web"}
	reports := []*v1alpha1.ZombieReport{reported(key.Namespace, key.Name, nil, "web-1")}
	turn := func() {
		now = now.Add(5 * time.Second)
		if n, ok := s.Turn(now, reports)[key]; ok {
			next := reports[0].DeepCopy()
			next.Status.Notice = n
			reports[0] = next
		}
	}
	for range 10 {
		turn()
	}
	if len(sent.told) != 0 {
		t.Fatalf("three zombies were told: %+v", sent.told)
	}
	a := fires("a", "web-1", 1)
	s.Offer(key, a)
	for range 20 {
		turn()
	}
	if len(sent.told) != 1 || len(sent.told[0].Items) != 1 || sent.told[0].Items[0].Report.Name != key.Name {
		t.Fatalf("told %+v, want one digest with the report", sent.told)
	}
	n := reports[0].Status.Notice
	if n.Alert == nil || n.Alert.Fingerprint != "a" || n.Severity != "Warning" || n.Last == nil || n.Pending != nil {
		t.Errorf("the report keeps %+v", n)
	}
	ended := over("a", "web-1", 1, 9)
	s.Offer(key, ended)
	for range 20 {
		turn()
	}
	if n := reports[0].Status.Notice; n.Alert == nil || n.Alert.EndsAt == nil || n.Last == nil || len(sent.told) != 1 {
		t.Errorf("resolved, the report keeps %+v, and %d digests were told", n, len(sent.told))
	}
}
