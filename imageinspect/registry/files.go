package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"weak"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

// files are the files of one image, for one namespace that proved that it may
// read the image. Layers are read with the same login.
type files struct {
	client    *Client
	request   request
	namespace string
	digest    v1.Hash
	layers    []layerRef
	held      *rootfs.Image // under liveMu
}

// withFiles adds the files to the images of an answer, which is shared.
func (c *Client) withFiles(a answer, namespace string) []imageinspect.Image {
	r := a.place.with(a.rights)
	out := make([]imageinspect.Image, len(a.images))
	for i, image := range a.images {
		out[i] = image
		out[i].Repository = r.repository.Name()
		out[i].Files = &files{client: c, request: r, namespace: namespace, digest: a.contents[i].digest, layers: a.contents[i].layers}
	}
	return out
}

// File returns what lies at an absolute path, from memory or out of the
// layers. When ctx ends first, the reading goes on, and its answer is there
// for a later call.
func (f *files) File(ctx context.Context, path string) (imageinspect.File, error) {
	return f.ask(ctx, path, func(ctx context.Context, image *rootfs.Image) (imageinspect.File, error) {
		return image.File(ctx, path)
	})
}

// First returns the first of several paths at which a program lies, as
// rootfs.Image does.
func (f *files) First(ctx context.Context, paths []string) (imageinspect.File, error) {
	// No path holds a NUL byte.
	return f.ask(ctx, "\x00"+strings.Join(paths, "\x00"), func(ctx context.Context, image *rootfs.Image) (imageinspect.File, error) {
		return image.First(ctx, paths)
	})
}

// Known is File where memory has it.
func (f *files) Known(path string) (imageinspect.File, bool) {
	if a, ok := f.client.caches.knownFile(f.key(path)); ok {
		return a.file, a.err == nil
	}
	image := f.live(false)
	if image == nil {
		return imageinspect.File{}, false
	}
	file, ok := image.Known(path)
	if ok {
		f.client.caches.files.add(f.key(path).id(), fileAnswer{file: file}.keep())
	}
	return file, ok
}

func (f *files) key(path string) fileKey {
	return fileKey{contentKey: f.request.content(f.digest), path: path}
}

// read is a question to an image's layers.
type read func(ctx context.Context, image *rootfs.Image) (imageinspect.File, error)

// ask answers from memory or joins the reading of the layers.
func (f *files) ask(ctx context.Context, question string, ask read) (imageinspect.File, error) {
	c := f.client
	known := func() (answer, bool) { return f.known(question) }
	if a, ok := known(); ok {
		return a.file.file, a.file.err
	}
	image := f.live(true)
	run := func() answer { return f.readOnce(question, image, ask) } //nolint:contextcheck // It outlives its callers.
	flight, busy := c.flights.join(f.flightKey(question), c.slots(f.namespace), known, run)
	if busy != nil {
		return imageinspect.File{}, &rootfs.Error{Reason: textBusy, Cause: busy}
	}
	select {
	case <-flight.done:
	case <-ctx.Done():
		return imageinspect.File{}, fmt.Errorf("waiting for a file of the image: %w", ctx.Err())
	}
	if p := flight.answer.problem; p != nil {
		return imageinspect.File{}, notRead(p)
	}
	return flight.answer.file.file, flight.answer.file.err
}

// flightKey is one question about one image, asked with the same rights.
func (f *files) flightKey(question string) failureKey {
	return failureKey{accessKey: accessKey{sessionKey: f.request.session(f.request.allCredentials()), identifier: f.digest.String()}, question: question}
}

// known answers from memory, or says that it can't.
func (f *files) known(question string) (answer, bool) {
	caches := f.client.caches
	if a, ok := caches.knownFile(f.key(question)); ok {
		return answer{file: a}, true
	}
	if p, ok := caches.failures.get(f.flightKey(question)); ok {
		return answer{file: fileAnswer{err: notRead(p)}}, true
	}
	if p, ok := caches.failures.get(repositoryKey(f.request)); ok {
		return answer{file: fileAnswer{err: notRead(p)}}, true
	}
	return answer{}, false
}

// notRead is the error for a problem on the way to a layer.
func notRead(p *problem) error {
	if e := (*rootfs.Error)(nil); errors.As(p.cause, &e) {
		return e
	}
	return &rootfs.Error{Reason: textNotRead, Cause: p}
}

// What tenants are told of all that a registry may do.
const (
	textNotRead   = "a layer could not be read"
	textNotInTime = "the layers could not be read in time"
)

// readOnce is one reading with its own deadline, apart from any caller. While
// others, who proved rights of their own, read the same, it waits for them.
func (f *files) readOnce(question string, image *rootfs.Image, ask read) answer {
	c := f.client
	ctx, cancel := context.WithTimeout(c.base, c.bounds.Load().Timeout)
	defer cancel()
	ctx = withSpender(ctx, spender{namespace: f.namespace})
	var a fileAnswer
	known := func() (ok bool) { a, ok = c.caches.knownFile(f.key(question)); return ok }
	key := load{contentKey: f.request.content(f.digest), question: question}
	err := c.loads.do(ctx, key, known, func() error {
		start := c.options.Now()
		a = explained(f.request.repository.Name(), f.readNow(ctx, image, ask))
		c.options.Observer.Reading(readingResult(a.err), c.options.Now().Sub(start))
		f.keep(question, a)
		return a.err
	})
	if err != nil && a.err == nil { // nobody has read it
		a.err = &rootfs.Error{Reason: textNotInTime, Cause: err}
		f.keep(question, a)
	}
	return answer{file: a}
}

// keep remembers an answer, for good or for a while.
func (f *files) keep(question string, a fileAnswer) {
	// What is known of the distribution must not depend on what else was asked.
	for _, path := range rootfs.Releases() {
		f.Known(path)
	}
	switch e := (*rootfs.Error)(nil); {
	case !errors.As(a.err, &e) || e.Lasting: // a file that is too long, for example
		f.client.caches.files.add(f.key(question).id(), a.keep())
	case f.client.base.Err() == nil:
		f.remember(question, e)
	}
}

// readNow waits for a place and reads.
func (f *files) readNow(ctx context.Context, image *rootfs.Image, ask read) fileAnswer {
	end, err := f.client.readings.begin(ctx, f.namespace)
	if err != nil {
		return fileAnswer{err: &rootfs.Error{Reason: textBusy, Cause: err}}
	}
	defer end()
	file, err := ask(ctx, image)
	if e := (*rootfs.Error)(nil); err != nil && ctx.Err() != nil && !errors.As(err, &e) {
		err = &rootfs.Error{Reason: textNotInTime, Cause: err}
	}
	return fileAnswer{file: file, err: err}
}

// remember keeps a failure for a while, as that of an inspection.
func (f *files) remember(question string, e *rootfs.Error) {
	p := &problem{code: codeUnreachable, result: resultUnreachable, detail: f.request.repository.Name() + ": " + e.Reason, cause: e}
	if why := (*problem)(nil); errors.As(e.Cause, &why) {
		p.result, p.detail, p.retryAfter = why.result, why.detail, why.retryAfter
	}
	key := f.flightKey(question)
	if p.retryAfter > 0 {
		key = repositoryKey(f.request)
	}
	f.client.keep(key, p)
}

// liveKey is an image whose layers are read with certain rights.
type liveKey struct {
	sessionKey
	digest v1.Hash
}

// live returns what is known of the image's layers as long as anyone uses it:
// all that ask at about the same time share it. begin makes one where there is
// none.
func (f *files) live(begin bool) *rootfs.Image {
	c, key := f.client, liveKey{sessionKey: f.request.session(f.request.allCredentials()), digest: f.digest}
	c.liveMu.Lock()
	defer c.liveMu.Unlock()
	if p, ok := c.caches.live.get(key); ok {
		if f.held = p.Value(); f.held != nil {
			return f.held
		}
	}
	if begin {
		f.held = rootfs.New(c.layersFor(f), c.options.Layers)
		c.caches.live.add(key, weak.Make(f.held), liveTTL)
	}
	return f.held
}

// layersFor makes layers that are read from the registry.
func (c *Client) layersFor(f *files) []rootfs.Layer {
	out := make([]rootfs.Layer, len(f.layers))
	for i, l := range f.layers {
		digest := l.sum.digest()
		out[i] = rootfs.Layer{Refusal: l.refusal, Digest: digest, Size: l.size, Open: func(ctx context.Context) (io.ReadCloser, error) {
			return c.layer(ctx, f.request, digest, l.size)
		}}
	}
	return out
}

// layer begins to read a layer with the rights that got its image.
func (c *Client) layer(ctx context.Context, r request, digest v1.Hash, size int64) (body io.ReadCloser, err error) {
	var refused refusals
	for _, w := range r.rights {
		err = c.as(ctx, r, w, &refused, func(ctx context.Context, s *session) (err error) {
			body, err = s.layer(ctx, digest, size)
			return err
		})
		if err == nil || !refuses(err) {
			return body, err
		}
	}
	return nil, refused.furthest()
}
