package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// load applies workloads at a steady rate, whether or not answers come: a slow
// webhook doesn't slow the others down.
type load struct {
	client *kubernetes.Clientset
	images []string
	every  time.Duration

	mu       sync.Mutex
	outcomes []outcome
}

// outcome is how one apply went.
type outcome struct {
	sent   time.Time
	took   time.Duration
	err    error
	warned bool
}

// applyTimeout is more than the API server waits for a webhook.
const applyTimeout = 30 * time.Second

// newLoad makes a load of the images of the stack whose PID 1 does not reap.
func newLoad(config *rest.Config, host string, rate int) (*load, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1 // the rate is set here
	config.WarningHandlerWithContext = heard{}
	config.UserAgent = "kubectl"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &load{client: client, images: []string{host + "/shop/web:1.4", host + "/shop/cache:7"}, every: time.Second / time.Duration(rate)}, nil
}

// heardKey is where a request's context holds whether initguard warned.
type heardKey struct{}

// heard notes the warnings of each request.
type heard struct{}

// HandleWarningHeaderWithContext is called before the request returns.
func (heard) HandleWarningHeaderWithContext(ctx context.Context, _ int, _, text string) {
	if yes, ok := ctx.Value(heardKey{}).(*bool); ok && isOurs(text) {
		*yes = true
	}
}

// isOurs is true for the warning that every workload here has to get.
func isOurs(text string) bool {
	return strings.HasPrefix(text, "initguard: ") && strings.Contains(text, "does not reap zombies")
}

// run applies until ctx ends, and waits for the last answer.
func (l *load) run(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	begin := time.Now()
	for i := 0; ; i++ {
		timer := time.NewTimer(time.Until(begin.Add(time.Duration(i) * l.every)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		under.Go(func() { l.note(l.apply(context.WithoutCancel(ctx), i)) })
	}
}

func (l *load) note(o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes = append(l.outcomes, o)
}

// between gives what was sent from one time until another.
func (l *load) between(from, until time.Time) []outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []outcome
	for _, o := range l.outcomes {
		if !o.sent.Before(from) && o.sent.Before(until) {
			out = append(out, o)
		}
	}
	return out
}

// apply creates a Pod or a Deployment, as a dry run of the server's.
func (l *load) apply(ctx context.Context, i int) outcome {
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	var warned bool
	ctx = context.WithValue(ctx, heardKey{}, &warned)
	options := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: "kubectl-client-side-apply"}
	meta := metav1.ObjectMeta{Name: fmt.Sprint("web-", i), Labels: map[string]string{"app": "web"}}
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: l.images[i/2%len(l.images)]}}}
	sent := time.Now()
	var err error
	if i%2 == 0 {
		_, err = l.client.CoreV1().Pods(metav1.NamespaceDefault).Create(ctx, &corev1.Pod{ObjectMeta: meta, Spec: spec}, options)
	} else {
		_, err = l.client.AppsV1().Deployments(metav1.NamespaceDefault).Create(ctx, &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: meta.Labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: meta.Labels}, Spec: spec},
		}}, options)
	}
	return outcome{sent: sent, took: time.Since(sent), err: err, warned: warned}
}
