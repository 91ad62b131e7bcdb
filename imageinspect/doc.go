// Package imageinspect says which process will be PID 1 of a container and
// whether that process reaps orphans.
//
// It is pure: what an image says reaches it as data (Image) or through the
// small interface Files, asked lazily and by path. Where the answer can't be
// known it is Unknown with a reason, never a guess.
package imageinspect
