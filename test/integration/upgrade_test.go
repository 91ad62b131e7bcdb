package integration

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/initguard/initguard/test/cluster"
)

const (
	installBefore = "testdata/install-before.yaml"
	installNow    = "../../manifests/install.yaml"
)

// TestUpgrade applies the present manifests over former ones that run: nothing is
// refused, what the pods wrote stays, the webhook configurations are there and
// trusted at any moment, and the cluster is as after a new installation. Then the
// removal takes away all that has no namespace.
func TestUpgrade(t *testing.T) {
	for _, way := range []struct {
		name        string
		before, now []string // flags of kubectl apply
	}{
		{"client-side", nil, nil},
		{"server-side", []string{"--server-side"}, []string{"--server-side"}},
		{"from client-side to server-side", nil, []string{"--server-side", "--force-conflicts"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			u := newUpgrade(t)
			u.kubectl(t, append([]string{"apply", "-f", installBefore}, way.before...)...)
			u.fill(t)
			gap := u.watchForGaps(t)
			out := u.kubectl(t, append([]string{"apply", "-f", installNow}, way.now...)...)
			if strings.Contains(out, "Warning") {
				t.Errorf("the upgrade warns: %s", out)
			}
			if err := gap(); err != nil {
				t.Error(err)
			}
			// All that the manifests say is so, and what they leave open was kept.
			u.kubectl(t, append([]string{"diff", "-f", installNow}, way.now...)...)
			for _, secret := range []string{"initguard-webhook-tls", "initguard-scanner-ca"} {
				if data := u.kubectl(t, "get", "secret", secret, "-n", "initguard-system", "-o", "jsonpath={.data}"); !strings.Contains(data, stored) {
					t.Errorf("Secret %s lost what was in it: %s", secret, data)
				}
			}
			u.wantNoLeftovers(t)
			u.remove(t)
		})
	}
}

type upgrade struct {
	*cluster.Cluster
	clients kubernetes.Interface
}

func newUpgrade(t *testing.T) *upgrade {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &upgrade{Cluster: c, clients: clients}
}

func (u *upgrade) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := u.Kubectl(ctx, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %q: %v: %s", args, err, out)
	}
	return string(out)
}

// stored is what a test writes into Secrets, as it is stored.
const stored = "d3JpdHRlbg=="

// bundle is the authority that the configurations are made to trust.
func bundle(t *testing.T) []byte {
	t.Helper()
	return authority(t, "before the upgrade").PEM()
}

// fill writes what the pods of an installation write.
func (u *upgrade) fill(t *testing.T) {
	t.Helper()
	for _, secret := range []string{"initguard-webhook-tls", "initguard-scanner-ca"} {
		u.kubectl(t, "patch", "secret", secret, "-n", "initguard-system", "--field-manager=initguard", "-p", `{"data":{"key":"`+stored+`"}}`)
	}
	encoded := base64.StdEncoding.EncodeToString(bundle(t))
	for kind, entries := range map[string]int{"validatingwebhookconfiguration": 2, "mutatingwebhookconfiguration": 1} {
		var operations []string
		for i := range entries {
			operations = append(operations, fmt.Sprintf(`{"op":"add","path":"/webhooks/%d/clientConfig/caBundle","value":%q}`, i, encoded))
		}
		u.kubectl(t, "patch", kind, "initguard", "--type=json", "--field-manager=initguard", "-p", "["+strings.Join(operations, ",")+"]")
	}
}

// lastMark is the annotation after which nothing is followed any more.
const lastMark = "test.initguard.dev/last"

// watchForGaps follows both webhook configurations until the function that it
// returns is called, which says whether one was gone, or an entry of it without
// its authority, in between.
func (u *upgrade) watchForGaps(t *testing.T) (end func() error) {
	t.Helper()
	api := u.clients.AdmissionregistrationV1()
	options := metav1.ListOptions{FieldSelector: "metadata.name=initguard"}
	validating, err1 := api.ValidatingWebhookConfigurations().Watch(t.Context(), options)
	mutating, err2 := api.MutatingWebhookConfigurations().Watch(t.Context(), options)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	found := make(chan error, 2)
	for _, w := range []watch.Interface{validating, mutating} {
		go func() { found <- follow(w) }()
	}
	return func() error {
		u.kubectl(t, "annotate", "validatingwebhookconfiguration,mutatingwebhookconfiguration", "initguard", lastMark+"=")
		return errors.Join(<-found, <-found)
	}
}

// follow gives the gaps of all changes until the last one.
func follow(w watch.Interface) error {
	defer w.Stop()
	var gaps error
	for event := range w.ResultChan() {
		gaps = errors.Join(gaps, gapIn(event))
		if object, ok := event.Object.(metav1.Object); ok {
			if _, last := object.GetAnnotations()[lastMark]; last {
				return gaps
			}
		}
	}
	return errors.Join(gaps, errors.New("the watch ended early"))
}

// gapIn says what is missing in a configuration as it was at some moment.
func gapIn(event watch.Event) error {
	var clients []admissionregistrationv1.WebhookClientConfig
	want := 0
	switch c := event.Object.(type) {
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		want = 2
		for _, w := range c.Webhooks {
			clients = append(clients, w.ClientConfig)
		}
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		want = 1
		for _, w := range c.Webhooks {
			clients = append(clients, w.ClientConfig)
		}
	}
	if event.Type == watch.Deleted || event.Type == watch.Error || len(clients) < want {
		return fmt.Errorf("%s %T with %d entries", event.Type, event.Object, len(clients))
	}
	for _, c := range clients {
		if !bytes.Contains(c.CABundle, []byte("BEGIN CERTIFICATE")) {
			return fmt.Errorf("%T had an entry without caBundle", event.Object)
		}
	}
	return nil
}

// names are the objects of a file of manifests.
func names(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, o := range objects(t, string(text)) {
		found[o.Kind+" "+o.Metadata.Namespace+"/"+o.Metadata.Name] = true
	}
	return found
}

// wantNoLeftovers wants every object of the former version in the present one, or
// named by the changelog as one to be removed.
func (u *upgrade) wantNoLeftovers(t *testing.T) {
	t.Helper()
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	now := names(t, installNow)
	for object := range names(t, installBefore) {
		_, name, _ := strings.Cut(object, "/")
		// A ConfigMap's name ends with a hash of what is in it; the former one
		// stays for the replicas that still read it.
		if !now[object] && !strings.HasPrefix(name, "initguard-config-") && !bytes.Contains(changelog, []byte("`"+name+"`")) {
			t.Errorf("%s is left behind by an upgrade, and the changelog does not name it", object)
		}
	}
}

// remove removes the present version. No controller runs here that would empty
// namespaces.
func (u *upgrade) remove(t *testing.T) {
	t.Helper()
	u.kubectl(t, "delete", "validatingwebhookconfiguration,mutatingwebhookconfiguration", "-l", "app.kubernetes.io/name=initguard")
	u.kubectl(t, "delete", "-f", installNow, "--ignore-not-found", "--wait=false")
	kinds := "validatingwebhookconfigurations,mutatingwebhookconfigurations,clusterroles,clusterrolebindings,priorityclasses"
	if left := u.kubectl(t, "get", kinds, "-o", "name"); strings.Contains(left, "initguard") {
		t.Errorf("left behind: %s", left)
	}
}
