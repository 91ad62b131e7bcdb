package render

import (
	"slices"

	"github.com/initguard/initguard/imageinspect"
)

// Answer says who is PID 1 and what follows from it.
type Answer struct {
	Verdict imageinspect.Outcome `json:"verdict"`
	// PID1 is the base name of the program that ends up as PID 1, empty when
	// that is not known.
	PID1 string `json:"pid1"`
	// Reason says why, in one sentence.
	Reason string `json:"reason"`
	// ReasonCode is the reason for programs.
	ReasonCode imageinspect.Code `json:"reasonCode"`
	// ByName is true when the answer rests on the program's name alone.
	ByName bool `json:"byName,omitempty"`
	// MustBePID1 is true for a program that refuses to work as anything else.
	MustBePID1 bool `json:"mustBePID1,omitempty"`
	// HarmedByOrphans says what an orphan's exit does to PID 1.
	HarmedByOrphans string `json:"harmedByOrphans,omitempty"`
}

// Way is how argv leads to PID 1.
type Way struct {
	Argv  []string            `json:"argv,omitempty"`
	Chain []imageinspect.Step `json:"chain,omitempty"`
}

// Image is the answer of `initguard image`.
type Image struct {
	Image string `json:"image"`
	// Answer is the answer for all platforms, Unknown where they differ.
	Answer
	// Digest and Way are given where all platforms agree; Digest is the first
	// platform's then.
	Digest string `json:"digest,omitempty"`
	Way
	Mend
	// Platforms are empty when the image could not be read, and when it was not
	// asked: the pod's command decides alone then.
	Platforms []Platform `json:"platforms"`

	unasked bool
}

// Platform is the answer for one platform of an image.
type Platform struct {
	Platform string `json:"platform"`
	Digest   string `json:"digest"`
	Answer
	Way
	Mend
}

// NewAnswer takes the answer out of a result. Details are given in full: this
// runs with its caller's own rights.
func NewAnswer(r imageinspect.Result) Answer {
	v := r.Verdict
	reason := v.Reason.Text
	if v.Reason.Detail != "" {
		reason += ": " + v.Reason.Detail
	}
	return Answer{
		Verdict: v.Outcome, PID1: r.PID1, Reason: reason, ReasonCode: v.Reason.Code,
		ByName: v.ByName, MustBePID1: v.MustBePID1, HarmedByOrphans: v.HarmedByOrphans,
	}
}

// NewWay takes the way to PID 1 out of a result. Parts of argv that can't be
// known are written as $(NAME).
func NewWay(r imageinspect.Result) Way {
	argv := make([]string, len(r.Argv))
	for i, word := range r.Argv {
		argv[i] = imageinspect.Display(word)
	}
	return Way{Argv: argv, Chain: r.Chain}
}

// Mender says what to do about a result.
type Mender func(imageinspect.Result) Mend

// NewImage makes one answer of those for an image's platforms.
func NewImage(image string, images []imageinspect.Image, results []imageinspect.Result, mend Mender) Image {
	out := Image{Image: image, Platforms: make([]Platform, 0, len(images))}
	names := make([]string, len(images))
	for i, r := range results {
		names[i] = images[i].Platform
		out.Platforms = append(out.Platforms, Platform{
			Platform: images[i].Platform, Digest: images[i].Digest, Answer: NewAnswer(r), Way: NewWay(r), Mend: mend(r),
		})
	}
	out.Answer = NewAnswer(imageinspect.Agree(names, results))
	if out.agrees() {
		first := out.Platforms[0]
		out.Digest, out.Way, out.Mend = first.Digest, first.Way, first.Mend
	}
	return out
}

// NewUnasked is the answer that holds whatever the image is.
func NewUnasked(image string, r imageinspect.Result, mend Mender) Image {
	return Image{Image: image, Answer: NewAnswer(r), Way: NewWay(r), Mend: mend(r), Platforms: []Platform{}, unasked: true}
}

// NewUnread is the answer for an image that could not be read.
func NewUnread(image string, reason imageinspect.Reason) Image {
	unknown := imageinspect.Result{Verdict: imageinspect.Verdict{Reason: reason}}
	return Image{Image: image, Answer: NewAnswer(unknown), Platforms: []Platform{}}
}

// agrees is true when all platforms have the same answer on the same way.
func (i Image) agrees() bool {
	for _, p := range i.Platforms {
		if !same(p, i.Platforms[0]) {
			return false
		}
	}
	return len(i.Platforms) > 0
}

func same(a, b Platform) bool {
	return a.Answer == b.Answer && slices.Equal(a.Argv, b.Argv) && slices.Equal(a.Chain, b.Chain)
}
