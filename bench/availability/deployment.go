package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
)

// deployment is what an installation says about its replicas.
type deployment struct {
	replicas int
	grace    time.Duration // between SIGTERM and SIGKILL
	args     []string      // of the webhook, those aside that name its files or its Pod
	probe    probe
}

// probe is how readiness is found out.
type probe struct {
	every    time.Duration
	failures int // in a row, until a replica counts as not ready
}

// readDeployment reads manifests/base/deployment.yaml, so that what is measured
// is what is installed.
func readDeployment(repo string) (deployment, error) {
	file := filepath.Join(repo, "manifests", "base", "deployment.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return deployment{}, err
	}
	var object appsv1.Deployment
	if err := yaml.UnmarshalStrict(text, &object); err != nil {
		return deployment{}, fmt.Errorf("%s: %w", file, err)
	}
	pod := object.Spec.Template.Spec
	if object.Spec.Replicas == nil || pod.TerminationGracePeriodSeconds == nil || len(pod.Containers) != 1 || pod.Containers[0].ReadinessProbe == nil {
		return deployment{}, fmt.Errorf("%s: want replicas, terminationGracePeriodSeconds and one container with a readinessProbe", file)
	}
	ready := pod.Containers[0].ReadinessProbe
	d := deployment{
		replicas: int(*object.Spec.Replicas), grace: time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second,
		probe: probe{every: time.Duration(ready.PeriodSeconds) * time.Second, failures: int(ready.FailureThreshold)},
	}
	for _, arg := range pod.Containers[0].Args {
		// There is no Pod here, nor what the kubelet puts in for $(NAME).
		if strings.HasPrefix(arg, "--") && !strings.HasPrefix(arg, "--config=") && !strings.Contains(arg, "$(") {
			d.args = append(d.args, arg)
		}
	}
	if d.replicas < 2 || d.probe.every <= 0 || d.probe.failures < 1 {
		return d, fmt.Errorf("%s: want two replicas or more, and the readinessProbe's periodSeconds and failureThreshold", file)
	}
	return d, nil
}
