package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/initguard/initguard/test/poll"
	"github.com/initguard/initguard/test/stack"
)

// fleet is a cluster with the replicas of the webhook behind their balancer.
// Disturbances come one after the other, so that nothing here is locked.
type fleet struct {
	stack    *stack.Stack
	balancer *balancer
	say      deployment
	admin    *kubernetes.Clientset
	config   *rest.Config
	live     []*stack.Beside
	made     int
	// struck is when the disturbance under way really began.
	struck time.Time
}

// within bounds all waiting for something that a disturbance brings about.
const within = 2 * time.Minute

// startFleet starts everything and returns when all replicas are ready.
func startFleet(ctx context.Context, repo string, d deployment, progress io.Writer) (fl *fleet, err error) {
	f := &fleet{say: d}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	if f.stack, err = stack.Prepare(ctx, stack.Options{Repo: repo, Progress: progress}); err != nil {
		return nil, err
	}
	if err := f.stack.PushExamples(ctx); err != nil {
		return nil, err
	}
	if f.balancer, err = newBalancer(ctx, d.probe); err != nil {
		return nil, err
	}
	if err := f.stack.RegisterService(ctx, repo, f.balancer.port()); err != nil {
		return nil, err
	}
	if f.config, err = clientcmd.BuildConfigFromFlags("", f.stack.Cluster.Kubeconfig()); err != nil {
		return nil, err
	}
	if f.admin, err = kubernetes.NewForConfig(f.config); err != nil {
		return nil, err
	}
	for range d.replicas {
		if _, err := f.start(ctx); err != nil {
			return nil, err
		}
	}
	for _, r := range f.live {
		if err := f.awaitReady(ctx, r); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// close ends everything.
func (f *fleet) close() error {
	var errs []error
	if f.balancer != nil {
		errs = append(errs, f.balancer.close())
	}
	if f.stack != nil {
		errs = append(errs, f.stack.Stop())
	}
	return errors.Join(errs...)
}

// start starts one more replica and does not wait for it.
func (f *fleet) start(ctx context.Context) (*stack.Beside, error) {
	f.made++
	r, err := f.stack.Beside(ctx, "replica-"+strconv.Itoa(f.made), f.say.grace,
		append([]string{"--config", f.stack.ConfigFile, "--cert-source=built-in"}, f.say.args...)...)
	if err != nil {
		return nil, err
	}
	f.live = append(f.live, r)
	f.balancer.add(ctx, r.Name, r.Address, r.Health+"/readyz")
	return r, nil
}

// leaves takes a replica off the list of those that shall run.
func (f *fleet) leaves(r *stack.Beside) {
	f.live = slices.DeleteFunc(f.live, func(other *stack.Beside) bool { return other == r })
}

// stop tells a replica to end, as the kubelet does, and fails when it has to be
// killed in the end.
func (f *fleet) stop(r *stack.Beside) error {
	begin := time.Now()
	if err := r.Stop(); err != nil {
		return err
	}
	f.balancer.remove(r.Name)
	if took := time.Since(begin); took >= f.say.grace {
		return fmt.Errorf("%s did not end within its %s:\n%s", r.Name, f.say.grace, r.Logs(20))
	}
	return nil
}

// kill ends a replica without a warning.
func (f *fleet) kill(ctx context.Context, r *stack.Beside) error {
	f.leaves(r)
	f.struck = time.Now()
	if err := syscall.Kill(r.PID(), syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", r.Name, err)
	}
	err := f.poll(ctx, func() error {
		if f.balancer.ready(r.Name) {
			return errors.New("its probe has not failed yet")
		}
		return nil
	})
	f.balancer.remove(r.Name)
	return err
}

func (f *fleet) awaitReady(ctx context.Context, r *stack.Beside) error {
	err := f.poll(ctx, func() error {
		select {
		case <-r.Done():
			return fmt.Errorf("it ended: %w", r.Err())
		default:
		}
		if !f.balancer.ready(r.Name) {
			return errors.New("it is not ready")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", r.Name, err, r.Logs(20))
	}
	return nil
}

// well is nil when all replicas that shall run do so and are ready.
func (f *fleet) well() error {
	for _, r := range f.live {
		if err := r.Err(); err != nil {
			return err
		}
		if !f.balancer.ready(r.Name) {
			return fmt.Errorf("%s is not ready:\n%s", r.Name, r.Logs(20))
		}
	}
	if len(f.live) != f.say.replicas {
		return fmt.Errorf("%d replicas run, want %d", len(f.live), f.say.replicas)
	}
	return nil
}

// poll asks until there is no error any more.
func (f *fleet) poll(ctx context.Context, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return poll.Wait(ctx, 100*time.Millisecond, ask)
}

// maxMetrics bounds what is read of a page of metrics, in bytes.
const maxMetrics = 16 << 20

// sum adds the metrics of a page whose name and labels begin so.
func sum(page, begin string) (float64, error) {
	total := 0.0
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, begin) {
			continue
		}
		fields := strings.Fields(line)
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, fmt.Errorf("metric %q: %w", strings.TrimSpace(line), err)
		}
		total += value
	}
	return total, nil
}

// metrics reads the metrics of a replica.
func metrics(ctx context.Context, r *stack.Beside) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Metrics+"/metrics", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	page, err := io.ReadAll(io.LimitReader(response.Body, maxMetrics))
	return string(page), errors.Join(err, response.Body.Close())
}

// unanswered counts the calls to webhooks after which the API server let a
// request pass because no answer came, since it started.
func (f *fleet) unanswered(ctx context.Context) (int, error) {
	page, err := f.admin.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return 0, fmt.Errorf("metrics of the API server: %w", err)
	}
	n, err := sum(string(page), "apiserver_admission_webhook_fail_open_count{")
	return int(n), err
}
