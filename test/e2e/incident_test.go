//go:build e2e

package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/test/alertmanager"
	"github.com/initguard/initguard/test/images"
	"github.com/initguard/initguard/test/mailserver"
	"github.com/initguard/initguard/test/poll"
)

// keepMail is where the first mail of the incident is written, for the picture in
// docs/: make update-mail-picture MAIL=FILE.
var keepMail = flag.String("keep-mail", "", "file to write the first mail of TestIncident to")

const (
	incidentNamespace = "shop-prod"
	alertsToken       = "a-token-for-alertmanager"
	mailUser          = "initguard"
	mailPassword      = "correct-horse"
	incidentMost      = 5 * time.Minute
)

// incident is an installation with a mail server and an Alertmanager.
type incident struct {
	*installation
	mails  *mailserver.Server
	alerts *alertmanager.Alertmanager
	first  map[string]string // UIDs of the workers before anything was done, by name
}

// TestIncident goes the whole way of an incident: pods pile up zombies, their
// people get one mail, an alert of the platform is joined with what was found, a
// pod whose team wants it is evicted, and the next apply is told what was seen.
func TestIncident(t *testing.T) {
	t.Parallel()
	i := startIncident(t)
	i.workloads(t)
	i.told(t)
	i.alerted(t)
	i.evicted(t)
	i.observed(t)
}

// pods are the UIDs of a workload's pods that are not being deleted, by name.
func (i *incident) pods(t *testing.T, app string) map[string]string {
	t.Helper()
	var list struct {
		Items []struct {
			Metadata struct {
				Name, UID         string
				DeletionTimestamp *string
			}
		}
	}
	if err := json.Unmarshal([]byte(i.run(t, "", "-n", incidentNamespace, "get", "pods", "-l", "app="+app, "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, p := range list.Items {
		if p.Metadata.DeletionTimestamp == nil {
			found[p.Metadata.Name] = p.Metadata.UID
		}
	}
	return found
}

// report waits until a workload's report is as it should be.
func (i *incident) report(t *testing.T, name, what string, is func(v1alpha1.ZombieReportStatus) bool) v1alpha1.ZombieReportStatus {
	t.Helper()
	var r v1alpha1.ZombieReport
	poll.Until(t, time.Second, incidentMost, what, func() error {
		out, err := i.Kubectl(t.Context(), "-n", incidentNamespace, "get", "zombiereport", name, "-o", "json").Output()
		if err != nil {
			return err
		}
		r = v1alpha1.ZombieReport{}
		if err := json.Unmarshal(out, &r); err != nil {
			return err
		}
		if !is(r.Status) {
			return fmt.Errorf("%+v, notice %+v, remedy %+v", r.Status.Summary, r.Status.Notice, r.Status.Remedy)
		}
		return nil
	})
	return r.Status
}

// told: one mail to those whom the namespace names in a domain that is allowed,
// about the workload that is bad and no other; and an Event on that.
func (i *incident) told(t *testing.T) {
	t.Helper()
	first := i.arrived(t, 1)[0]
	i.report(t, "deployment-worker", "the report says that people were told", func(s v1alpha1.ZombieReportStatus) bool {
		return s.Notice != nil && s.Notice.Last != nil && s.Notice.Pending == nil
	})
	mails := i.arrived(t, 1)
	if len(mails) != 1 || !slices.Equal(mails[0].to, []string{"lead@example.org", "owner@example.org"}) {
		t.Errorf("%d mails, the first to %q", len(mails), mails[0].to)
	}
	for _, want := range []string{"Deployment/worker", "PID 1", "sleep", "initguard.dev/notify", "shareProcessNamespace: true"} {
		if !strings.Contains(first.text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, first.text)
		}
	}
	if strings.Contains(first.text, "quiet") || !strings.Contains(first.head.Get("Subject"), "silver") {
		t.Errorf("subject %q:\n%s", first.head.Get("Subject"), first.text)
	}
	if *keepMail != "" {
		if err := os.WriteFile(*keepMail, []byte(first.raw), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	poll.Until(t, time.Second, incidentMost, "an Event on the workload", func() error {
		out := i.run(t, "", "-n", incidentNamespace, "get", "events", "--field-selector", "reason=ZombieProcesses,involvedObject.name=worker")
		if !strings.Contains(out, "deployment/worker") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
}

// alerted: an alert that the platform's own rules fire for a pod that is below
// the thresholds has its people told, as one incident.
func (i *incident) alerted(t *testing.T) {
	t.Helper()
	var pod string
	for name := range i.pods(t, "quiet") {
		pod = name
	}
	i.report(t, "deployment-quiet", "the quiet workload's zombies", func(s v1alpha1.ZombieReportStatus) bool { return s.Summary.Zombies == 2 })
	if err := i.alerts.Add(t.Context(), map[string]string{"alertname": "ZombieProcesses", "namespace": incidentNamespace, "pod": pod}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	i.report(t, "deployment-quiet", "the alert is joined, and told", func(s v1alpha1.ZombieReportStatus) bool {
		return s.Notice != nil && s.Notice.Alert != nil && s.Notice.Alert.Pod == pod && s.Notice.Last != nil && s.Notice.Pending == nil
	})
	var about []string
	for _, m := range i.arrived(t, 2) {
		if strings.Contains(m.text, "Deployment/quiet") {
			about = append(about, m.head.Get("Message-ID"))
		}
	}
	if len(about) != 1 {
		t.Errorf("%d mails about the workload of the alert: %q", len(about), about)
	}
}

// evicted: one of the workers, once, by the Eviction API; the other one stays,
// and what came instead is looked at.
func (i *incident) evicted(t *testing.T) {
	t.Helper()
	s := i.report(t, "deployment-worker", "a pod is evicted", func(s v1alpha1.ZombieReportStatus) bool {
		return s.Remedy != nil && len(s.Remedy.Acts) > 0 && s.Remedy.Acts[0].Phase == "Evicted"
	})
	act := s.Remedy.Acts[0]
	if i.first[act.Pod] != act.UID {
		t.Errorf("%+v is none of %v", act, i.first)
	}
	var now map[string]string
	poll.Until(t, time.Second, incidentMost, "what came instead", func() error {
		if now = i.pods(t, "worker"); len(now) != 2 || now[act.Pod] != "" {
			return fmt.Errorf("%v", now)
		}
		return nil
	})
	// The successor has zombies, too; the budget keeps it and the other one.
	i.report(t, "deployment-worker", "the successor's zombies", func(s v1alpha1.ZombieReportStatus) bool {
		return slices.ContainsFunc(s.Pods, func(p v1alpha1.Pod) bool { return i.first[p.Name] == "" && p.Zombies >= 4 })
	})
	after := i.report(t, "deployment-worker", "the report", func(v1alpha1.ZombieReportStatus) bool { return true })
	if len(after.Remedy.Acts) != 1 {
		t.Errorf("acts beyond the budget: %+v", after.Remedy.Acts)
	}
	for name, uid := range i.pods(t, "worker") {
		if now[name] != uid {
			t.Errorf("the pods were %v, and are %v", now, i.pods(t, "worker"))
		}
	}
	if out := i.run(t, "", "-n", incidentNamespace, "get", "events", "--field-selector", "reason=ZombiesEvicted"); !strings.Contains(out, "deployment/worker") {
		t.Errorf("no Event: %s", out)
	}
}

// observed: who applies the workload again is told what was seen in it, for as
// long as image and command are those in which it was.
func (i *incident) observed(t *testing.T) {
	t.Helper()
	apply := func(image, more string) string {
		return i.run(t, fmt.Sprintf(incidentWorkload, "worker", 2, image, images.ProgramFolder+"/orphan", more), "apply", "--dry-run=server", "-f", "-")
	}
	image := i.push(t)
	poll.Until(t, time.Second, time.Minute, "a warning with what was seen", func() error {
		if out := apply(image, "\n          env: [{name: CHANGED, value: \"1\"}]"); !strings.Contains(out, "observed: ") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	other := strings.Split(image, "@")[0] + "@sha256:" + strings.Repeat("0", 64)
	if out := apply(other, ""); !strings.Contains(out, "Warning: ") || strings.Contains(out, "observed: ") {
		t.Errorf("with another image: %s", out)
	}
}
