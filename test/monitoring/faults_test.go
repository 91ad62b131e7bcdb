package monitoring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/poll"
)

// work has the webhook and the responder do all that they count.
func (l *live) work(t *testing.T) {
	t.Helper()
	l.skipped(t) // First: what the webhook counted before is gone then.
	for name, image := range map[string]string{
		"warned": "REGISTRY/shop/web:1.4", "clean": "REGISTRY/shop/web-tini:1.4", "missing": "REGISTRY/shop/missing:1", "refused": "127.0.0.1:9/shop/web:1",
	} {
		l.apply(t, deployment(name, image, ""))
	}
	l.apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: faulty, labels: {initguard.dev/warn: sometimes}}")
	l.apply(t, strings.Replace(deployment("x", "REGISTRY/shop/web:1.4", ""), "namespace: shop", "namespace: faulty", 1))
	l.unreadable(t)
	l.late(t)
	for _, file := range []string{l.ConfigFile, l.settings} {
		l.refuse(t, file)
	}
	l.traffic(t)
}

// traffic does what rates are made of: an image that was not asked for before,
// one that was, a pod that is injected and one that can't be, alerts.
func (l *live) traffic(t *testing.T) {
	t.Helper()
	l.round++
	image := fmt.Sprintf("shop/new:%d", l.round)
	script := imagetest.Program("run.sh", fmt.Sprintf("#!/bin/sh\nexec node %d\n", l.round))
	if _, err := l.Registry.PushSpecs(t.Context(), image, imagetest.Spec{Entrypoint: []string{"/run.sh"}, Layers: []imagetest.Layer{imagetest.Files(script)}}); err != nil {
		t.Fatal(err)
	}
	pod := func(name, spec string) string {
		return fmt.Sprintf("---\napiVersion: v1\nkind: Pod\nmetadata: {name: %s-%d, namespace: shop, annotations: {initguard.dev/inject: share-pid}}\nspec: %s\n", name, l.round, spec)
	}
	l.apply(t, deployment(fmt.Sprintf("new-%d", l.round), "REGISTRY/"+image, `, readinessProbe: {exec: {command: [sh, -c, "a | b"]}}`)+
		pod("one", "{containers: [{name: app, image: REGISTRY/shop/web:1.4}]}")+
		pod("host", "{shareProcessNamespace: false, containers: [{name: app, image: REGISTRY/shop/web:1.4}]}"))
	l.tell(t, alertToken, `{"version":"4","status":"firing","alerts":[{"status":"firing","fingerprint":"a","startsAt":"2026-01-01T00:00:00Z",`+
		`"labels":{"alertname":"Zombies","namespace":"shop","pod":"web-0"}}]}`)
	for range 5 {
		l.tell(t, "another-token-of-nobody", `{}`)
	}
}

// unreadable applies an object of a known kind without a template that is one.
func (l *live) unreadable(t *testing.T) {
	t.Helper()
	l.apply(t, `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: deploymentconfigs.apps.openshift.io}
spec:
  group: apps.openshift.io
  scope: Namespaced
  names: {plural: deploymentconfigs, singular: deploymentconfig, kind: DeploymentConfig, listKind: DeploymentConfigList}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`)
	l.kubectl(t, "", "wait", "--for=condition=Established", "crd/deploymentconfigs.apps.openshift.io", "--timeout=30s")
	l.apply(t, "apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\nmetadata: {name: odd, namespace: shop}\nspec: {template: none}\n")
}

// refuseReports has the API server refuse reports in a namespace until the
// function is called.
func (l *live) refuseReports(t *testing.T) (end func()) {
	t.Helper()
	const none = `{"count/zombiereports.initguard.dev":"0"}`
	l.apply(t, "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none, namespace: shop}\nspec: {hard: "+none+"}")
	l.kubectl(t, "", "patch", "resourcequota", "none", "-n", "shop", "--subresource=status", "--type=merge", "-p", `{"status":{"hard":`+none+`,"used":`+none+`}}`)
	return func() { l.kubectl(t, "", "delete", "resourcequota", "none", "-n", "shop") }
}

func deployment(name, image, more string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: shop}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: app, image: "%[2]s"%[3]s}]}
`, name, image, more)
}

// late has a registry answer after the deadline.
func (l *live) late(t *testing.T) {
	t.Helper()
	if _, err := l.Registry.PushSpecs(t.Context(), "shop/late:1", imagetest.Spec{Cmd: []string{"node"}}); err != nil {
		t.Fatal(err)
	}
	gate, open := imagetest.Gate()
	l.Registry.Break(gate)
	l.apply(t, deployment("late", "REGISTRY/shop/late:1", ""))
	open()
	l.Registry.Break(nil)
}

// skipped applies without a webhook, and starts it again.
func (l *live) skipped(t *testing.T) {
	t.Helper()
	if err := l.StopWebhook(); err != nil {
		t.Fatal(err)
	}
	apply := func(from, to int) {
		var all strings.Builder
		for i := from; i < to; i++ {
			all.WriteString("---\n" + deployment(fmt.Sprintf("skipped-%d", i), "REGISTRY/shop/web:1.4", ""))
		}
		l.apply(t, all.String())
	}
	// An increase is seen when the first one was scraped.
	apply(0, 1)
	l.seen(t, `apiserver_admission_webhook_fail_open_count{name="workloads.initguard.dev"}`)
	apply(1, 9)
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if err := l.StartWebhook(ctx); err != nil {
		t.Fatal(err)
	}
}

// seen waits until there is something of an expression.
func (l *live) seen(t *testing.T, expr string) {
	t.Helper()
	poll.Until(t, 500*time.Millisecond, within, expr, func() error {
		got, err := l.query(t, expr)
		if err == nil && len(got) == 0 {
			err = errors.New("there is none")
		}
		return err
	})
}

// refuse changes a file into one that is refused.
func (l *live) refuse(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString("\nnoSuchField: 1\n"); err != nil {
		t.Fatal(err)
	}
}

// tell posts as Alertmanager does, until it is answered by a leader.
func (l *live) tell(t *testing.T, token, body string) {
	t.Helper()
	poll.Until(t, 200*time.Millisecond, within, "an answer to an alert", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.alerts+"/alerts", bytes.NewReader([]byte(body)))
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("%s", response.Status)
		}
		return nil
	})
}
