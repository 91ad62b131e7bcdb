package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"strconv"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/initguard/initguard/imageinspect"
)

// maxVerdicts is how many verdicts are kept. One takes some 2 KiB.
const maxVerdicts = 8192

// Verdicts keeps the verdicts on containers whose entrypoints were followed
// through files: a Deployment, its ReplicaSet and its pods ask the same. An
// image's files never change under its digest, so that verdicts don't expire.
// They hold for one evaluator. It is safe for concurrent use.
type Verdicts struct {
	known *lru.Cache[verdictKey, imageinspect.Result]
}

type verdictKey [sha256.Size]byte

// NewVerdicts makes an empty store.
func NewVerdicts() (*Verdicts, error) {
	known, err := lru.New[verdictKey, imageinspect.Result](maxVerdicts)
	if err != nil {
		return nil, fmt.Errorf("verdicts: %w", err)
	}
	return &Verdicts{known: known}, nil
}

// evaluate judges a container, from memory where it can.
func (v *Verdicts) evaluate(ctx context.Context, e *imageinspect.Evaluator, image imageinspect.Image, o imageinspect.Overrides) imageinspect.Result {
	if v == nil || image.Files == nil || image.Digest == "" {
		return e.Evaluate(ctx, image, o)
	}
	key := keyOf(image, o)
	if known, ok := v.known.Get(key); ok {
		return known
	}
	result := e.Evaluate(ctx, image, o)
	if ctx.Err() == nil && lasts(result.Verdict) {
		v.known.Add(key, result)
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
