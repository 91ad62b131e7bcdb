package notice

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// silent is a channel that takes all and says nothing.
type silent struct{}

func (silent) Tell(Digest) bool { return true }
func (silent) Told() []Result   { return nil }

// BenchmarkTurn is a turn in which as many namespaces have a digest that is not
// told: the mail server is down.
func BenchmarkTurn(b *testing.B) {
	for _, namespaces := range []int{500, 5000} {
		b.Run(fmt.Sprint(namespaces), func(b *testing.B) {
			s := Default()
			s.Platform = "platform@example.com"
			rules, faults := New(s)
			if len(faults) > 0 {
				b.Fatal(faults)
			}
			now := noon()
			var stored []*v1alpha1.ZombieReport
			for n := range namespaces {
				at := metav1.NewTime(now.Add(-time.Hour))
				stored = append(stored, &v1alpha1.ZombieReport{
					ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("ns%d", n), Name: "deployment-web"},
					Status: v1alpha1.ZombieReportStatus{
						Summary: v1alpha1.Summary{Zombies: 100, Pods: 1}, Pods: []v1alpha1.Pod{{Name: "web-1", Zombies: 100}},
						Notice: &v1alpha1.Notice{
							Severity: string(Warning), Since: &at, Pending: &v1alpha1.Digest{ID: fmt.Sprint("d", n), Kind: KindFiring, At: at, Severity: string(Warning)},
						},
					},
				})
			}
			d := NewDesk(Options{
				Rules: func() *Rules { return rules }, Namespaces: func(string) (Namespace, bool) { return Namespace{}, true },
				Channels: []Named{{Name: "mail", Channel: silent{}}},
			})
			d.Turn(now, stored)
			for b.Loop() {
				d.Turn(now, stored)
			}
		})
	}
}
