package remedy

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/remedy"
	"github.com/initguard/initguard/scanner/remedy/desk"
	"github.com/initguard/initguard/scanner/responder"
	"github.com/initguard/initguard/test/poll"
)

// publish runs a desk with the responder's own publisher, which stores what it
// says, until the test ends or stop is called.
func publish(t *testing.T, d *desk.Desk) (stop func()) {
	t.Helper()
	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(rest.CopyConfig(shared.config), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	m, err := responder.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	p := responder.NewPublisher(responder.APIStore{Client: c}, responder.NewState(), responder.Desks{Remedies: d.Turn}, m, time.Minute, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	if err := p.Load(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{}, 2)
	go func() {
		defer func() { ended <- struct{}{} }()
		_ = d.Run(ctx) // It ends with ctx.
	}()
	go func() {
		defer func() { ended <- struct{}{} }()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				p.Plan(time.Now())
				p.Step(ctx, time.Now())
			}
		}
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-ended
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

func acts(t *testing.T, namespace string) []v1alpha1.Act {
	t.Helper()
	r := new(v1alpha1.ZombieReport)
	if err := shared.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "deployment-web"}, r); err != nil {
		t.Fatal(err)
	}
	if r.Status.Remedy == nil {
		return nil
	}
	return r.Status.Remedy.Acts
}

func until(t *testing.T, what string, ask func() error) {
	t.Helper()
	poll.Until(t, 50*time.Millisecond, 30*time.Second, what, ask)
}

// ends waits for an act that ended in a phase.
func ends(t *testing.T, namespace, phase string) v1alpha1.Act {
	t.Helper()
	var act v1alpha1.Act
	until(t, "an act "+phase, func() error {
		all := acts(t, namespace)
		if len(all) != 1 || all[0].Phase != phase {
			return fmt.Errorf("acts %+v", all)
		}
		act = all[0]
		return nil
	})
	return act
}

func event(t *testing.T, namespace, reason string) eventsv1.Event {
	t.Helper()
	var found eventsv1.Event
	until(t, "an Event "+reason, func() error {
		var list eventsv1.EventList
		if err := shared.admin.List(t.Context(), &list, client.InNamespace(namespace)); err != nil {
			return err
		}
		n := 0
		for i := range list.Items {
			if list.Items[i].Reason == reason {
				found = list.Items[i]
				n++
			}
		}
		if n != 1 {
			return fmt.Errorf("%d of them in %+v", n, list.Items)
		}
		return nil
	})
	return found
}

// TestEvicted: one of two sick pods is evicted, by its UID; the act is in the
// report, an Event is on the Deployment, and the next leader does no more.
func TestEvicted(t *testing.T) {
	namespace(t, "evicted", true)
	_, pods := deployment(t, "evicted")
	budget(t, "evicted", 1)
	report(t, "evicted", pods...)
	stop := publish(t, newDesk(t, nil))
	act := ends(t, "evicted", remedy.PhaseEvicted)
	evicted := 0
	for _, p := range pods {
		now, err := current(t, p)
		if err != nil {
			t.Fatal(err)
		}
		if now.DeletionTimestamp == nil {
			continue
		}
		evicted++
		if string(p.UID) != act.UID || !remedy.Evicted(now) {
			t.Errorf("%s ends, the act is %+v, its conditions %+v", p.Name, act, now.Status.Conditions)
		}
	}
	if evicted != 1 {
		t.Errorf("%d pods end", evicted)
	}
	e := event(t, "evicted", "ZombiesEvicted")
	d := new(appsv1.Deployment)
	if err := shared.admin.Get(t.Context(), client.ObjectKey{Namespace: "evicted", Name: "web"}, d); err != nil {
		t.Fatal(err)
	}
	if e.Regarding.UID != d.UID || e.Regarding.Kind != "Deployment" || e.Related == nil || string(e.Related.UID) != act.UID || !strings.Contains(e.Note, act.Pod+" with 2000 zombies") {
		t.Errorf("%+v", e)
	}
	stop()
	publish(t, newDesk(t, nil))
	event(t, "evicted", "ZombiesEvicted") // Still one.
	ends(t, "evicted", remedy.PhaseEvicted)
}

// TestResumed: a new leader finds what is intended, and evicts.
func TestResumed(t *testing.T) {
	namespace(t, "resumed", true)
	_, pods := deployment(t, "resumed")
	r := report(t, "resumed", pods...)
	s := remedy.Default()
	c, reason := s.Find(r, string(pods[0].UID), time.Now())
	if reason != "" {
		t.Fatal(reason)
	}
	r.Status.Remedy = remedy.Add(nil, remedy.NewAct(&c, pods[0].CreationTimestamp.Time, time.Now()))
	if err := shared.admin.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	publish(t, newDesk(t, nil))
	if act := ends(t, "resumed", remedy.PhaseEvicted); act.UID != string(pods[0].UID) {
		t.Errorf("%+v", act)
	}
	if now, err := current(t, pods[1]); err != nil || now.DeletionTimestamp != nil {
		t.Errorf("the other pod: %v, %+v", err, now)
	}
}

// TestResumedGone: what is intended and gone is not done to its successor.
func TestResumedGone(t *testing.T) {
	namespace(t, "gone", true)
	set, pods := deployment(t, "gone")
	r := report(t, "gone", pods...)
	s := remedy.Default()
	c, _ := s.Find(r, string(pods[0].UID), time.Now())
	r.Status.Remedy = remedy.Add(nil, remedy.NewAct(&c, pods[0].CreationTimestamp.Time, time.Now()))
	if err := shared.admin.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := shared.admin.Delete(t.Context(), pods[0], client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	successor := pod(t, set, "ReplicaSet", pods[0].Name)
	publish(t, newDesk(t, nil))
	ends(t, "gone", remedy.PhaseGone)
	event(t, "gone", "ZombiesPodGone")
	if now, err := current(t, successor); err != nil || now.DeletionTimestamp != nil {
		t.Errorf("the successor: %v, %+v", err, now)
	}
}

// TestDisruptionBudget: the API server answers 429, which is in the report.
func TestDisruptionBudget(t *testing.T) {
	namespace(t, "pdb", true)
	_, pods := deployment(t, "pdb")
	budget(t, "pdb", 0)
	report(t, "pdb", pods...)
	for _, dryRun := range []bool{true, false} {
		a, err := api(t).Evict(t.Context(), target(pods[0]), dryRun)
		if err != nil || a.Reason != remedy.DisruptionBudget || !strings.Contains(a.Detail, "disruption budget") {
			t.Errorf("dry run %v: %+v, %v", dryRun, a, err)
		}
	}
	publish(t, newDesk(t, nil))
	if act := ends(t, "pdb", remedy.PhaseRefused); act.Reason != remedy.DisruptionBudget.Text() {
		t.Errorf("%+v", act)
	}
	event(t, "pdb", "ZombiesNotEvicted")
	for _, p := range pods {
		if now, err := current(t, p); err != nil || now.DeletionTimestamp != nil {
			t.Errorf("%s: %v, %+v", p.Name, err, now)
		}
	}
}

// TestNoRoleBinding: the API server answers 403.
func TestNoRoleBinding(t *testing.T) {
	namespace(t, "shut", false)
	_, pods := deployment(t, "shut")
	report(t, "shut", pods...)
	a, err := api(t).Evict(t.Context(), target(pods[0]), false)
	if err != nil || a.Reason != remedy.NoRight {
		t.Errorf("%+v, %v", a, err)
	}
	publish(t, newDesk(t, nil))
	if act := ends(t, "shut", remedy.PhaseRefused); !strings.Contains(act.Reason, "no RoleBinding to initguard-remedy") {
		t.Errorf("%+v", act)
	}
}

// TestUID: a pod of another UID is left alone.
func TestUID(t *testing.T) {
	namespace(t, "uid", true)
	_, pods := deployment(t, "uid")
	wrong := target(pods[0])
	wrong.UID = string(pods[1].UID)
	for _, dryRun := range []bool{true, false} {
		if a, err := api(t).Evict(t.Context(), wrong, dryRun); err != nil || a.Reason != remedy.PodGone {
			t.Errorf("dry run %v: %+v, %v", dryRun, a, err)
		}
	}
	missing := target(pods[0])
	missing.Pod = "other"
	if a, err := api(t).Evict(t.Context(), missing, false); err != nil || a.Reason != remedy.PodGone {
		t.Errorf("%+v, %v", a, err)
	}
	if f, err := api(t).Facts(t.Context(), wrong); err != nil || f.Pod != nil {
		t.Errorf("%+v, %v", f, err)
	}
	if a, err := api(t).Evict(t.Context(), target(pods[0]), true); err != nil || a.Reason != "" {
		t.Errorf("a dry run: %+v, %v", a, err)
	}
	if now, err := current(t, pods[0]); err != nil || now.DeletionTimestamp != nil {
		t.Fatalf("after all that it ends: %v, %+v", err, now)
	}
	for range 2 { // The second one does nothing more.
		if a, err := api(t).Evict(t.Context(), target(pods[0]), false); err != nil || a.Reason != "" {
			t.Errorf("%+v, %v", a, err)
		}
	}
	if now, err := current(t, pods[0]); err != nil || now.DeletionTimestamp == nil {
		t.Errorf("%v, %+v", err, now)
	}
}

// TestDryRun says what would be done, and nothing changes.
func TestDryRun(t *testing.T) {
	namespace(t, "dry", true)
	_, pods := deployment(t, "dry")
	report(t, "dry", pods...)
	publish(t, newDesk(t, func(s *remedy.Settings) { s.Mode = remedy.DryRun }))
	if e := event(t, "dry", "ZombiesEvictionDryRun"); !strings.Contains(e.Note, "Dry run: would evict pod ") {
		t.Errorf("%+v", e)
	}
	for _, p := range pods {
		if now, err := current(t, p); err != nil || now.DeletionTimestamp != nil {
			t.Errorf("%s: %v, %+v", p.Name, err, now)
		}
	}
	if a := acts(t, "dry"); len(a) != 0 {
		t.Errorf("%+v", a)
	}
}

// TestFacts reads what a decision takes, with the responder's rights.
func TestFacts(t *testing.T) {
	namespace(t, "facts", false)
	set, pods := deployment(t, "facts")
	ask := target(pods[0])
	f, err := api(t).Facts(t.Context(), ask)
	want := remedy.Owner{Kind: "Deployment", Name: "web", Wanted: 2, Ready: 2, Steady: true}
	if err != nil || f.Owner == nil || f.Pod == nil || f.Label != "" || len(f.Young) != 0 {
		t.Fatalf("%+v, %v", f, err)
	}
	want.UID = f.Owner.UID
	if *f.Owner != want {
		t.Errorf("%+v", *f.Owner)
	}
	ns := new(corev1.Namespace)
	ns.Name = "facts"
	if err := shared.admin.Patch(t.Context(), ns, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"initguard.dev/remediate":"never"}}}`))); err != nil {
		t.Fatal(err)
	}
	ask.Since = pods[0].CreationTimestamp.Time
	pod(t, set, "ReplicaSet", "web-5d4f-c")
	if f, err = api(t).Facts(t.Context(), ask); err != nil || len(f.Young) != 3 || f.Label != "never" || f.TooMany {
		t.Errorf("%+v, %v", f, err)
	}

	three := int32(3)
	s := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "facts", Name: "db"}, Spec: appsv1.StatefulSetSpec{Replicas: &three, Selector: selector(), Template: template()}}
	create(t, s)
	s.Status = appsv1.StatefulSetStatus{ObservedGeneration: s.Generation, Replicas: 3, ReadyReplicas: 2, AvailableReplicas: 1, CurrentRevision: "a", UpdateRevision: "b"}
	setStatus(t, s)
	of := target(pod(t, s, "StatefulSet", "db-0"))
	of.Since = ask.Since
	if f, err = api(t).Facts(t.Context(), of); err != nil || f.Owner == nil || f.Owner.Kind != "StatefulSet" || f.Owner.Steady || f.Owner.Ready != 1 || len(f.Young) != 1 {
		t.Errorf("%+v %+v, %v", f.Owner, f.Young, err)
	}
	other := target(pod(t, s, "DaemonSet", "log-0"))
	if f, err = api(t).Facts(t.Context(), other); err != nil || f.Owner != nil || f.Pod == nil {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestRights asks the API server what the responder may do, and what it may not.
func TestRights(t *testing.T) {
	namespace(t, "rights", true)
	for right, want := range map[string]bool{
		"create pods --subresource=eviction -n rights":           true,
		"create pods --subresource=eviction -n default":          false,
		"create pods --subresource=eviction -A":                  false,
		"delete pods -n rights":                                  false,
		"patch pods -n rights":                                   false,
		"watch pods -A":                                          false,
		"get pods -A":                                            true,
		"get deployments.apps -A":                                true,
		"list deployments.apps -A":                               false,
		"update statefulsets.apps -A":                            false,
		"get namespaces":                                         true,
		"list namespaces":                                        true, // for notices, metadata alone
		"create events.events.k8s.io -A":                         true,
		"create pods --subresource=exec -n rights":               false,
		"list poddisruptionbudgets.policy -A":                    false,
		"update zombiereports.initguard.dev -A":                  true,
		"get secrets -n rights":                                  false,
		"create serviceaccounts --subresource=token -n rights":   false,
		"create pods --subresource=eviction -n " + own:           false,
		"create pods --subresource=eviction -n " + "kube-system": false,
	} {
		out, err := shared.cluster.Kubectl(t.Context(), append([]string{"auth", "can-i", "--as", account}, strings.Fields(right)...)...).Output()
		if _, ok := err.(*exec.ExitError); err != nil && !ok { //nolint:errorlint // its type is all that matters
			t.Fatal(err)
		}
		if got := strings.HasPrefix(string(out), "yes"); got != want {
			t.Errorf("%s: %v, want %v", right, got, want)
		}
	}
}
