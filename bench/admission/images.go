package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/stack"
)

// remember has the webhook learn many images, and prints what it takes to keep
// them.
func remember(ctx context.Context, s *stack.Stack, o options) error {
	own, err := newServer("initguard", s.WebhookURL()+"/validate", s.WebhookPID(), s.CA())
	if err != nil {
		return err
	}
	if _, err := kubectl(ctx, s, namespace, "apply", "-f", "-"); err != nil {
		return err
	}
	first, _, err := own.memory()
	if err != nil {
		return err
	}
	template, err := makeReview(ctx, s, pod("containers: [{name: app, image: REGISTRY/many/app0:1}, {name: second, image: REGISTRY/many/app0:1, args: [--second]}]"))
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "pushing", o.images, "images")
	if _, err := flood(ctx, o, func(ctx context.Context, i int) error {
		_, err := s.Registry.PushSpecs(ctx, imageName(i), distinct(i, o.scripts))
		return err
	}, o.images); err != nil {
		return err
	}
	review := func(i int) []byte {
		return bytes.ReplaceAll(template, []byte("many/app0:1"), []byte(imageName(i)))
	}
	fmt.Fprintln(os.Stderr, "asking about each")
	s.Registry.ResetCounts()
	if _, err := flood(ctx, o, func(ctx context.Context, i int) error { return own.learn(ctx, review(i)) }, o.images); err != nil {
		return err
	}
	cold := s.Registry.Counts()
	s.Registry.ResetCounts()
	if _, err := flood(ctx, o, func(ctx context.Context, i int) error { return own.learn(ctx, review(i)) }, o.images); err != nil {
		return err
	}
	warm := s.Registry.Counts()
	now, most, err := own.memory()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "asking about one new image for", pods, "pods at once")
	if _, err := s.Registry.PushSpecs(ctx, imageName(o.images), distinct(o.images, o.scripts)); err != nil {
		return err
	}
	s.Registry.ResetCounts()
	o.parallel = pods
	if _, err := flood(ctx, o, func(ctx context.Context, _ int) error { return own.learn(ctx, review(o.images)) }, pods); err != nil {
		return err
	}
	storm := s.Registry.Counts()
	fmt.Println("| images | scripts | before | resident | at most | GETs, first time | GETs, second time | GETs, 1,000 pods of a new image at once |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- |")
	gets := func(c imagetest.Counts) int { return c[imagetest.GetManifest] + c[imagetest.GetBlob] }
	fmt.Printf("| %d | %t | %.1f MiB | %.1f MiB | %.1f MiB | %d | %d | %d |\n",
		o.images, o.scripts, first, now, most, gets(cold), gets(warm), gets(storm))
	return nil
}

// pods is how many pods of one image ask at once.
const pods = 1000

func imageName(i int) string { return fmt.Sprintf("many/app%d:1", i) }

// distinct is an image that no other is like, with as much to say as those of
// real services have.
func distinct(i int, scripts bool) imagetest.Spec {
	spec := imagetest.Spec{
		Cmd: []string{"node", fmt.Sprintf("server-%d.js", i)}, WorkingDir: "/app", User: "1000",
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	}
	for n := range 12 {
		spec.Env = append(spec.Env, fmt.Sprintf("SETTING_%d=value-%d-of-image-%d", n, n, i))
	}
	if scripts {
		text := fmt.Sprintf("#!/bin/sh\nset -e\n# image %d\n%s", i, strings.Repeat("export A_SETTING=some-value-of-the-script\n", 40)+"exec \"$@\"\n")
		spec.Entrypoint = []string{"/entrypoint.sh"}
		spec.Layers = []imagetest.Layer{imagetest.Files(imagetest.Program("entrypoint.sh", text), imagetest.Program("bin/sh", "\x7fELF dash"))}
	}
	return spec
}

// learnMost bounds how long one image may take to be known.
const learnMost = time.Minute

// learn asks until the webhook knows the image.
func (s *server) learn(ctx context.Context, review []byte) error {
	ctx, cancel := context.WithTimeout(ctx, learnMost)
	defer cancel()
	for {
		answer, err := s.ask(ctx, review)
		if err != nil {
			return err
		}
		if bytes.Contains(answer, []byte("PID 1 will be node")) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("it answered %s", answer)
		}
	}
}
