package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook"
)

// oneByOne is an Inspector that notes what it is asked, and whether twice at a
// time.
type oneByOne struct {
	asked []string
	busy  atomic.Bool
	wrong atomic.Bool
}

func (o *oneByOne) Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	if o.busy.Swap(true) {
		o.wrong.Store(true)
	}
	defer o.busy.Store(false)
	o.asked = append(o.asked, fmt.Sprintf("%s %s %s %v", q.Namespace, q.Reference, q.ServiceAccount, q.PullSecrets))
	if _, bounded := ctx.Deadline(); !bounded || q.Reference == "panics" {
		panic("without a bound")
	}
	return nil, &imageinspect.Failure{Reason: imageinspect.Reason{Code: imageinspect.CodeUnreachable}}
}

func runningPod(namespace, spec string) webhook.Workload {
	return webhook.Workload{Namespace: namespace, Raw: []byte(`{"metadata":{"name":"p"},"spec":` + spec + `}`)}
}

// TestWarmUp: each image is asked for once with the same rights, one at a time,
// and only where an apply would ask for it.
func TestWarmUp(t *testing.T) {
	t.Parallel()
	pods := []webhook.Workload{
		runningPod("shop", `{"containers":[{"name":"a","image":"panics"},{"name":"b","image":"web"}],"initContainers":[{"name":"i","image":"once"},{"name":"s","image":"side","restartPolicy":"Always"}]}`),
		runningPod("shop", `{"containers":[{"name":"a","image":"web"}]}`),
		runningPod("zoo", `{"containers":[{"name":"a","image":"web"}],"serviceAccountName":"robot","imagePullSecrets":[{"name":"login"}]}`),
		runningPod("zoo", `{"containers":[{"name":"a","image":"other","command":["tini","--","x"]}]}`),
		runningPod("zoo", `{"hostPID":true,"containers":[{"name":"a","image":"host"}]}`),
		runningPod("zoo", `{"os":{"name":"windows"},"containers":[{"name":"a","image":"windows"}]}`),
		runningPod("kube-system", `{"containers":[{"name":"a","image":"system"}]}`),
		{Namespace: "shop", Raw: []byte(`{`)},
	}
	for name, tc := range map[string]struct {
		settings string
		pods     existing
		ended    bool
		asked    string
		logged   string
	}{
		"all":       {pods: existing{workloads: pods}, asked: "shop panics  [], shop web  [], shop side  [], zoo web robot [login]", logged: "were looked at"},
		"so many":   {settings: "cache: {images: 2}", pods: existing{workloads: pods}, asked: "shop panics  [], shop web  []"},
		"forbidden": {pods: existing{forbidden: []string{"pods"}}, logged: "manifests/components/warm-up gives it that right"},
		"broken":    {pods: existing{err: errors.New("reset")}, logged: "looked at in part"},
		"ended":     {pods: existing{workloads: pods}, ended: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, tc.settings)
			s := f.handler.Settings()
			var o oneByOne
			s.Assessor.Inspector = &o
			f.handler.Settings = func() webhook.Settings { return s }
			f.handler.Existing = &tc.pods
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tc.ended {
				cancel()
			}
			f.handler.WarmUp(ctx)
			if got := strings.Join(o.asked, ", "); got != tc.asked || o.wrong.Load() {
				t.Errorf("asked %q, two at a time: %v; want %q", got, o.wrong.Load(), tc.asked)
			}
			if !strings.Contains(f.log.String(), tc.logged) {
				t.Errorf("logged %s; want %q", f.log, tc.logged)
			}
		})
	}
}
