package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"strconv"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/initguard/initguard/imageinspect"
)

// Bounds of what is kept: verdicts, bytes of all of them, bytes of one. One
// takes some 2 KiB, but may hold the arguments of a pod, which has room for
// megabytes: such a one is judged anew each time.
const (
	maxVerdicts     = 8192
	maxVerdictBytes = 24 << 20
	maxOneVerdict   = 64 << 10
)

// Verdicts keeps the verdicts on containers whose entrypoints were followed
// through files: a Deployment, its ReplicaSet and its pods ask the same. An
// image's files never change under its digest, so that verdicts don't expire.
// They hold for one evaluator. It is safe for concurrent use.
type Verdicts struct {
	mu    sync.Mutex
	known *simplelru.LRU[verdictKey, imageinspect.Result]
	bytes int // of all that is known
}

type verdictKey [sha256.Size]byte

// NewVerdicts makes an empty store.
func NewVerdicts() (*Verdicts, error) {
	v := &Verdicts{}
	known, err := simplelru.NewLRU(maxVerdicts, func(_ verdictKey, gone imageinspect.Result) { v.bytes -= weight(gone) })
	if err != nil {
		return nil, fmt.Errorf("verdicts: %w", err)
	}
	v.known = known
	return v, nil
}

// Bytes is about how much memory the verdicts that are kept take.
func (v *Verdicts) Bytes() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.bytes
}

func (v *Verdicts) get(key verdictKey) (imageinspect.Result, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known.Get(key)
}

func (v *Verdicts) add(key verdictKey, result imageinspect.Result) {
	size := weight(result)
	if size > maxOneVerdict {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known.Remove(key) // another may have judged it at the same time
	v.bytes += size
	v.known.Add(key, result)
	for v.bytes > maxVerdictBytes {
		v.known.RemoveOldest()
	}
}

// weight is about how many bytes of memory a result takes, with its place in the
// store.
func weight(r imageinspect.Result) int {
	const place, word, step, stays = 640, 16, 104, 24
	n := place + len(r.PID1) + len(r.Distribution) + len(r.Init)
	for _, a := range r.Argv {
		n += word + len(a)
	}
	for _, s := range r.Chain {
		n += step + len(s.Kind) + len(s.Program) + len(s.Text) + len(s.Detail) + len(s.Evidence)
	}
	if r.Stays != nil {
		n += stays + len(r.Stays.Script)
	}
	return n + len(r.Verdict.Reason.Text) + len(r.Verdict.Reason.Detail) + len(r.Verdict.HarmedByOrphans)
}

// evaluate judges a container, from memory where it can.
func (v *Verdicts) evaluate(ctx context.Context, e *imageinspect.Evaluator, image imageinspect.Image, o imageinspect.Overrides) imageinspect.Result {
	if v == nil || image.Files == nil || image.Digest == "" {
		return e.Evaluate(ctx, image, o)
	}
	key := keyOf(image, o)
	if known, ok := v.get(key); ok {
		return known
	}
	result := e.Evaluate(ctx, image, o)
	if ctx.Err() == nil && lasts(result.Verdict) {
		v.add(key, result)
	}
	return result
}

// lasts is true for a verdict that another look would not change.
func lasts(v imageinspect.Verdict) bool {
	switch v.Reason.Code {
	case imageinspect.CodeStillInspecting, imageinspect.CodeUnreachable, imageinspect.CodeNotRead:
		return false
	}
	return true
}

// keyOf holds all that a verdict is made of.
func keyOf(image imageinspect.Image, o imageinspect.Overrides) verdictKey {
	h := sha256.New()
	// With the repository, since a registry's word that it has a digest proves
	// nothing about another registry: a hostile one has every digest.
	words(h, image.Repository, image.Digest, image.Platform, o.WorkingDir)
	user := "image"
	if o.RunAsUser != nil {
		user = strconv.FormatInt(*o.RunAsUser, 10)
	}
	words(h, user)
	words(h, o.Command...)
	words(h, o.Args...)
	env := make([]string, 0, 2*len(o.Env)+1)
	for _, e := range o.Env {
		env = append(env, e.Name, strconv.FormatBool(e.Unknown)+e.Value)
	}
	words(h, append(env, strconv.FormatBool(o.EnvFrom))...)
	mounts := make([]string, 0, 2*len(o.Mounts))
	for _, m := range o.Mounts {
		mounts = append(mounts, m.Path, m.Volume)
	}
	words(h, mounts...)
	return verdictKey(h.Sum(nil))
}

// words enters a list such that no other list reads the same.
func words(h hash.Hash, list ...string) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(list)))
	_, _ = h.Write(size[:]) // a hash takes everything
	for _, word := range list {
		binary.BigEndian.PutUint64(size[:], uint64(len(word)))
		_, _ = h.Write(size[:])
		_, _ = io.WriteString(h, word)
	}
}
