package mirrors

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/initguard/initguard/imageinspect/mirror"
	"github.com/initguard/initguard/test/cluster"
)

const certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

// crd is a stub of a kind of OpenShift's, which takes whatever it is given.
func crd(group, version, plural, kind string) string {
	return fmt.Sprintf(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[3]s.%[1]s, annotations: {api-approved.kubernetes.io: "https://github.com/openshift/api/pull/470"}}
spec:
  group: %[1]s
  scope: Cluster
  names: {plural: %[3]s, singular: %[5]s, kind: %[4]s}
  versions:
  - {name: %[2]s, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
---`, group, version, plural, kind, strings.ToLower(kind))
}

func digestSet(name, source, policy string, mirrors ...string) string {
	return fmt.Sprintf(`
apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: {name: %s}
spec: {imageDigestMirrors: [{source: %q, mirrors: [%s], mirrorSourcePolicy: %s}]}
---`, name, source, strings.Join(mirrors, ", "), policy)
}

// lab is a real API server and a Watcher of it.
type lab struct {
	t       *testing.T
	cluster *cluster.Cluster
	watcher *Watcher
}

func (l *lab) kubectl(manifest string, args ...string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	cmd := l.cluster.Kubectl(ctx, args...)
	cmd.Stdin = strings.NewReader(manifest)
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
}

// apply tries again until the kinds of new CRDs are served.
func (l *lab) apply(manifest string) {
	l.t.Helper()
	l.until("kubectl apply", func() (string, bool) {
		cmd := l.cluster.Kubectl(l.t.Context(), "apply", "-f", "-")
		cmd.Stdin = strings.NewReader(manifest)
		out, err := cmd.CombinedOutput()
		return string(out), err == nil
	})
}

// until polls until ok.
func (l *lab) until(what string, ok func() (got string, ok bool)) {
	l.t.Helper()
	deadline := time.NewTimer(45 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		got, good := ok()
		if good {
			return
		}
		select {
		case <-deadline.C:
			l.t.Fatalf("%s: got %s", what, got)
		case <-tick.C:
		}
	}
}

// endpoints polls until an image is asked for at these places.
func (l *lab) endpoints(image, want string) {
	l.t.Helper()
	name, digest, _ := strings.Cut(image, "@")
	host, repository, _ := strings.Cut(name, "/")
	l.until(image, func() (string, bool) {
		list, err := l.watcher.Current().Rules.Endpoints(mirror.Reference{Host: host, Repository: repository, Tag: "1", Digest: digest})
		var out []string
		for _, e := range list {
			text := e.Host + "/" + e.Repository
			if e.Insecure {
				text += " insecure"
			}
			out = append(out, text)
		}
		got := strings.Join(out, ", ")
		if err != nil {
			got = "refused: " + err.Error()
		}
		return got, got == want
	})
}

// TestWatcher follows objects of a real API server as they come, change and go,
// the kinds included.
func TestWatcher(t *testing.T) {
	c, err := cluster.Start(t.Context(), cluster.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{t: t, cluster: c}
	l.watcher = follow(t, admin(t, c), nil)
	l.until("ready without any of the kinds", func() (string, bool) { err := l.watcher.Ready(nil); return fmt.Sprint(err), err == nil })
	before := l.watcher.Current()
	const byDigest = "@sha256:0"
	l.endpoints("quay.io/a/b"+byDigest, "quay.io/a/b")

	l.apply(crd("config.openshift.io", "v1", "imagedigestmirrorsets", "ImageDigestMirrorSet") +
		crd("config.openshift.io", "v1", "imagetagmirrorsets", "ImageTagMirrorSet") +
		crd("config.openshift.io", "v1", "images", "Image") +
		crd("operator.openshift.io", "v1alpha1", "imagecontentsourcepolicies", "ImageContentSourcePolicy"))
	l.apply(digestSet("one", "quay.io/a", "AllowContactingSource", "b.example.com", "c.example.com"))
	l.endpoints("quay.io/a/b"+byDigest, "b.example.com/b, c.example.com/b, quay.io/a/b")
	l.endpoints("quay.io/a/b", "quay.io/a/b")
	if before == l.watcher.Current() {
		t.Error("another state is the same pointer")
	}

	l.apply(digestSet("two", "quay.io/a", "AllowContactingSource", "a.example.com", "b.example.com"))
	l.endpoints("quay.io/a/b"+byDigest, "a.example.com/b, b.example.com/b, c.example.com/b, quay.io/a/b")
	l.apply(`
apiVersion: operator.openshift.io/v1alpha1
kind: ImageContentSourcePolicy
metadata: {name: old}
spec: {repositoryDigestMirrors: [{source: quay.io/a, mirrors: [c.example.com, d.example.com:5000/x]}]}
---
apiVersion: config.openshift.io/v1
kind: ImageTagMirrorSet
metadata: {name: tags}
spec: {imageTagMirrors: [{source: quay.io/a, mirrors: [t.example.com]}]}
`)
	l.endpoints("quay.io/a/b"+byDigest, "a.example.com/b, b.example.com/b, c.example.com/b, d.example.com:5000/x/b, quay.io/a/b")
	l.endpoints("quay.io/a/b", "t.example.com/b, quay.io/a/b")

	l.apply(digestSet("two", "quay.io/a", "NeverContactSource", "a.example.com"))
	l.endpoints("quay.io/a/b"+byDigest, "a.example.com/b, b.example.com/b, c.example.com/b, d.example.com:5000/x/b")
	l.kubectl("", "delete", "imagedigestmirrorset", "two")
	l.kubectl("", "delete", "imagecontentsourcepolicy", "old")
	l.kubectl("", "delete", "imagetagmirrorset", "tags")
	l.endpoints("quay.io/a/b"+byDigest, "b.example.com/b, c.example.com/b, quay.io/a/b")

	l.images(t)

	l.kubectl("", "delete", "crd", "imagedigestmirrorsets.config.openshift.io")
	l.endpoints("quay.io/a/b"+byDigest, "quay.io/a/b")
	if l.watcher.Current().ImageStreams {
		t.Error("ImageStreams in a cluster without their API group")
	}
	l.apply(crd("image.openshift.io", "v1", "imagestreams", "ImageStream"))
	l.until("ImageStreams", func() (string, bool) { return "false", l.watcher.Current().ImageStreams })
	l.withoutRights(t)
}

// images is the part about the image configuration.
func (l *lab) images(t *testing.T) {
	image := func(spec string) {
		l.apply("apiVersion: config.openshift.io/v1\nkind: Image\nmetadata: {name: cluster}\nspec: " + spec + "\n")
	}
	image(`{registrySources: {blockedRegistries: [evil.example.com, "*.bad.example.com"], insecureRegistries: ["old.example.com:5000"]}}`)
	l.endpoints("evil.example.com/x", "refused: the blocked registries hold evil.example.com")
	l.endpoints("a.bad.example.com/x", "refused: the blocked registries hold *.bad.example.com")
	l.endpoints("old.example.com:5000/x", "old.example.com:5000/x insecure")
	if got := l.watcher.Current().Rules.Search; !slices.Equal(got, defaultSearch()) {
		t.Errorf("searched %v, want OpenShift's default", got)
	}
	image(`{registrySources: {blockedRegistries: null, insecureRegistries: null, allowedRegistries: [quay.io, "no registry"], containerRuntimeSearchRegistries: [quay.io]}}`)
	l.endpoints("evil.example.com/x", "refused: no entry of the allowed registries holds it")
	l.endpoints("quay.io/x", "quay.io/x")
	if got := l.watcher.Current().Rules.Search; !slices.Equal(got, []string{"quay.io"}) {
		t.Errorf("searched %v", got)
	}
	cas := func() (string, bool) {
		got := strings.Join(slices.Sorted(maps.Keys(l.watcher.Current().CAs)), ", ")
		return got, got == "a.example.com, b.example.com:5000"
	}
	image(`{registrySources: {allowedRegistries: null}, additionalTrustedCA: {name: registry-cas}}`)
	l.kubectl("", "create", "namespace", "openshift-config")
	l.kubectl("", "create", "configmap", "registry-cas", "-n", "openshift-config",
		"--from-literal=a.example.com="+certificate, "--from-literal=b.example.com..5000="+certificate,
		"--from-literal=updateservice-registry="+certificate, "--from-literal=c.example.com=no certificate")
	l.until("CAs", cas)
	l.kubectl("", "delete", "configmap", "registry-cas", "-n", "openshift-config")
	l.until("no CAs", func() (string, bool) { _, still := cas(); return "CAs", !still })
	l.kubectl("", "delete", "images.config.openshift.io", "cluster")
	l.until("no image configuration", func() (string, bool) {
		return fmt.Sprint(l.watcher.Current().Rules), len(l.watcher.Current().Rules.Search) == 0
	})
}

// withoutRights: kinds that may not be read are told, and don't keep the
// webhook from getting ready.
func (l *lab) withoutRights(t *testing.T) {
	config := admin(t, l.cluster)
	config.Impersonate = rest.ImpersonationConfig{UserName: "nobody", Groups: []string{"system:authenticated"}}
	var log safeLog
	w := follow(t, config, &log)
	l.until("ready without rights", func() (string, bool) { err := w.Ready(nil); return fmt.Sprint(err), err == nil })
	l.until("told", func() (string, bool) {
		text := log.String()
		return text, strings.Contains(text, "forbidden") && strings.Contains(text, "openshift-registries")
	})
	if n := strings.Count(log.String(), `imagetagmirrorsets.config.openshift.io can't be read`); n != 1 {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
}

func admin(t *testing.T, c *cluster.Cluster) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// follow runs a Watcher until the test ends.
func follow(t *testing.T, config *rest.Config, log *safeLog) *Watcher {
	t.Helper()
	o := Options{Interval: 200 * time.Millisecond}
	if log != nil {
		o.Log = funcr.New(func(prefix, args string) { log.add(prefix + args) }, funcr.Options{})
	}
	w, err := New(config, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}
