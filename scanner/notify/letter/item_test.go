package letter

import (
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// TestAlertThatEnded is kept in the report, and is no reason any more.
func TestAlertThatEnded(t *testing.T) {
	for name, ended := range map[string]bool{"fires": false, "ended": true} {
		t.Run(name, func(t *testing.T) {
			r := report()
			r.Status.Notice = &v1alpha1.Notice{Alert: &v1alpha1.Alert{Name: "PodPIDsHigh", Pod: "web-0", StartsAt: before(time.Hour)}}
			if ended {
				end := before(time.Minute)
				r.Status.Notice.Alert.EndsAt = &end
			}
			if told := strings.Contains(Write(digest(firing(r, "Warning")), settings()).Text, "PodPIDsHigh"); told == ended {
				t.Errorf("told: %v", told)
			}
		})
	}
}
