package integration

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestThousandPodsOneInspection: a thousand pods of an image that nobody knows
// yet cost the registry one inspection.
func TestThousandPodsOneInspection(t *testing.T) {
	const pods, workers = 1000, 100
	namespace(t, "storm", "")
	if _, err := shared.Registry.PushSpecs(t.Context(), "storm/web:1", imagetest.Spec{Cmd: []string{"node", "storm"}}); err != nil {
		t.Fatal(err)
	}
	client := apiServer(t)
	shared.Registry.ResetCounts()
	before := inspections(t)
	gate, open := imagetest.Gate()
	shared.Registry.Break(imagetest.On(gate, imagetest.HeadManifest))
	defer shared.Registry.Break(nil)
	var left, warned, refused atomic.Int32
	left.Store(pods)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				n := left.Add(-1)
				if n < 0 {
					return
				}
				if n == pods-workers {
					open() // as many have come while the inspection waits
				}
				code, warning := dryRunPod(t, client, fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p%d","namespace":"storm"},`+
					`"spec":{"containers":[{"name":"app","image":"%s/storm/web:1"}]}}`, n, shared.Registry.Host()))
				if code != http.StatusCreated {
					refused.Add(1)
				}
				if strings.Contains(warning, "PID 1 will be node") {
					warned.Add(1)
				}
			}
		})
	}
	group.Wait()
	counts, after := shared.Registry.Counts(), inspections(t)
	if counts[imagetest.HeadManifest] != 1 || counts[imagetest.GetManifest] != 1 || counts[imagetest.GetBlob] != 1 {
		t.Errorf("requests to the registry %v, want one HEAD, one manifest, one config", counts)
	}
	if n := after["ok"] - before["ok"]; n != 1 {
		t.Errorf("%v inspections, want 1", n)
	}
	if refused.Load() != 0 || warned.Load() == 0 {
		t.Errorf("%d of %d pods were refused, %d were warned about", refused.Load(), pods, warned.Load())
	}
	t.Logf("%d of %d pods were warned about in time", warned.Load(), pods)
}

// apiServer is a client of the API server without a limit of its own.
func apiServer(t *testing.T) *http.Client {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", shared.Cluster.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// dryRunPod creates a pod with a dry run, and returns the status and the warnings.
func dryRunPod(t *testing.T, client *http.Client, pod string) (code int, warnings string) {
	t.Helper()
	url := shared.Cluster.Server + "/api/v1/namespaces/storm/pods?dryRun=All"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader([]byte(pod)))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	response, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	return response.StatusCode, strings.Join(response.Header.Values("Warning"), "\n")
}

// TestRegistryHangs: with the registry hanging, 50 pods are admitted, none of
// them held up for longer than the deadline; when it has been back for ten
// seconds, the same apply gives verdicts.
func TestRegistryHangs(t *testing.T) {
	const pods = 50
	namespace(t, "hanging", "")
	var manifest strings.Builder
	for i := range pods {
		image := fmt.Sprintf("hanging/app%d:1", i)
		if _, err := shared.Registry.PushSpecs(t.Context(), image, imagetest.Spec{Cmd: []string{"node", image}}); err != nil {
			t.Fatal(err)
		}
		// Containers of a name of their own: kubectl prints equal warnings once.
		fmt.Fprintf(&manifest, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%d, namespace: hanging}\nspec: {containers: [{name: app%d, image: REGISTRY/%s}]}\n", i, i, image)
	}
	// A short deadline for a short test; bound is the histogram's next above.
	restore := reconfigure(t, "inspection: {deadline: 500ms}\n")
	defer restore()
	const bound = "1.0935000000000001"
	// Connections from before never get an answer, not even when it is back.
	shared.Registry.Break(imagetest.Hang())
	defer shared.Registry.Break(nil)
	before := admissions(t)
	out := applyFor(t, 3*time.Minute, manifest.String())
	after := admissions(t)
	if n := strings.Count(out, " created"); n != pods || strings.Contains(out, "Warning") {
		t.Errorf("%d of %d pods were admitted: %s", n, pods, out)
	}
	if all, quick := after["+Inf"]-before["+Inf"], after[bound]-before[bound]; all < pods || quick != all {
		t.Errorf("%v of %v requests were answered within %s s: %v", quick, all, bound, after)
	}
	shared.Registry.Break(nil)
	back := time.Now()
	restore()
	if out, err := kubectl(t, "", "delete", "pods", "--all", "-n", "hanging", "--wait=true"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "ten seconds with the registry", func() error {
		if d := time.Since(back); d < 10*time.Second {
			return fmt.Errorf("it is back for %s", d)
		}
		return nil
	})
	out = applyFor(t, 3*time.Minute, manifest.String())
	if n := strings.Count(out, "PID 1 will be node"); n != pods {
		t.Errorf("%d of %d pods have a verdict: %s", n, pods, out)
	}
}

// applyFor applies what takes long, and must be admitted.
func applyFor(t *testing.T, limit time.Duration, manifest string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := shared.Cluster.Kubectl(ctx, "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(manifest, "REGISTRY", shared.Registry.Host()))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
	return string(out)
}

// reconfigure adds to the webhook's configuration and returns when that is in
// force, as what it returns does for the configuration from before.
func reconfigure(t *testing.T, addition string) (restore func()) {
	t.Helper()
	return reconfigureWith(t, func(config string) string { return config + addition })
}

// reconfigureWith changes the webhook's configuration, as reconfigure does.
func reconfigureWith(t *testing.T, change func(config string) string) (restore func()) {
	t.Helper()
	original, err := os.ReadFile(shared.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content []byte) {
		t.Helper()
		const metric = "initguard_config_reloads_total"
		before := labelled(t, metric, "result")["taken"]
		if err := os.WriteFile(shared.ConfigFile, content, 0o600); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the change of the configuration", func() error {
			if after := labelled(t, metric, "result"); after["taken"] <= before {
				return fmt.Errorf("reloads %v", after)
			}
			return nil
		})
	}
	write([]byte(change(string(original))))
	return sync.OnceFunc(func() { write(original) })
}

// admissions is the histogram of the time to answer, by upper bound.
func admissions(t *testing.T) map[string]float64 {
	t.Helper()
	return labelled(t, "initguard_admission_duration_seconds_bucket", "le")
}
