//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/initguard/initguard/test/poll"
)

// applyEvery is the time between two applies: the machine has other tests to run.
const applyEvery = 20 * time.Millisecond

// applies are applies in a row, one at a time, until stop.
type applies struct {
	sent           atomic.Int64
	failed, missed int
	first          string // what was wrong first
	stop           func() // ends them; the numbers can be read then

	mu   sync.Mutex
	said []string
}

// HandleWarningHeader notes what the API server warned of.
func (a *applies) HandleWarningHeader(_ int, _, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.said = append(a.said, text)
}

// startApplying begins to apply the workload that leaks, as dry runs.
func (in *installation) startApplying(t *testing.T) *applies {
	t.Helper()
	a := &applies{}
	config, err := clientcmd.BuildConfigFromFlags("", in.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	config.WarningHandler = a
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	if err := yaml.UnmarshalStrict([]byte(installedWorkload), &deployment); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { a.run(ctx, clients, &deployment) })
	a.stop = func() { cancel(); wait.Wait() }
	t.Cleanup(a.stop)
	return a
}

// more waits until that many more applies were sent.
func (a *applies) more(t *testing.T, n int64) {
	t.Helper()
	until := a.sent.Load() + n
	poll.Until(t, applyEvery, rolloutMost, "applies go on", func() error {
		if sent := a.sent.Load(); sent < until {
			return fmt.Errorf("%d of %d", sent, until)
		}
		return nil
	})
}

func (a *applies) run(ctx context.Context, clients kubernetes.Interface, deployment *appsv1.Deployment) {
	tick := time.NewTicker(applyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := clients.AppsV1().Deployments("default").Create(ctx, deployment, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if ctx.Err() != nil {
			return
		}
		a.count(err)
	}
}

// count counts one apply.
func (a *applies) count(err error) {
	a.mu.Lock()
	said := strings.Join(a.said, "\n")
	a.said = nil
	a.mu.Unlock()
	a.sent.Add(1)
	warned := strings.Contains(said, strings.TrimPrefix(installedWarning, "Warning: "))
	switch {
	case err != nil:
		a.failed++
	case !warned:
		a.missed++
	}
	if (err != nil || !warned) && a.first == "" {
		a.first = fmt.Sprintf("at %s: %v, said %q", time.Now().Format(time.TimeOnly), err, said)
	}
}
