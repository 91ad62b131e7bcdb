// Package manifest reads Kubernetes manifests into documents that know where
// in their file they stand, down to the line of each container.
//
// Parse is pure; Read brings files, directories and standard input to it. What
// is read is bounded, since manifests come from anywhere.
package manifest

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Document is one object of a manifest.
type Document struct {
	// File is the file's name as it was given, "stdin" for standard input.
	File string
	// Index counts the documents of the file, from 1. The items of a list share
	// their list's.
	Index int
	// Line is the line on which the object starts, from 1.
	Line int
	// APIVersion, Kind, Namespace and Name are the object's own; Name may be
	// its generateName.
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
	// Labels are the object's own, not those of its pod template.
	Labels map[string]string
	// Raw is the object as JSON.
	Raw []byte
	// Text is the whole document as it stands in the file, YAML with its
	// comments; nil for JSON. The items of a list share their list's.
	Text []byte

	// place is where the object stands in its document: empty, or items[3].
	place string
	lines map[string]int
}

// GVK is the object's group, version and kind.
func (d Document) GVK() schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(d.APIVersion, d.Kind)
}

// LineOf is the line of a container, by its field path in the object such as
// spec.template.spec.containers[0]; of anything else it is the object's.
func (d Document) LineOf(path string) int {
	if d.place != "" {
		path = d.place + "." + path
	}
	if line, ok := d.lines[path]; ok {
		return line
	}
	return d.Line
}

// Problem is a part of the input that can't be used.
type Problem struct {
	// File and Line are the place; Line is 0 when it is the whole file.
	File string
	Line int
	// Index is the document's, 0 when it is the whole file.
	Index int
	// Text says what is wrong and what would be right. It may quote the file:
	// make it printable before showing it.
	Text string
}

func (p Problem) String() string {
	switch {
	case p.File == "":
		return p.Text
	case p.Line == 0:
		return p.File + ": " + p.Text
	default:
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
}

// Input is all that was read, in order.
type Input struct {
	Documents []Document
	Problems  []Problem
	// Skipped counts the documents that are no Kubernetes objects, in files
	// that nobody named but that lay in a directory.
	Skipped int
}

// The bounds of one input.
const (
	// MaxBytes bounds all files together.
	MaxBytes = 64 << 20
	// MaxDocuments bounds the objects of all files together.
	MaxDocuments = 100_000
	// maxListDepth bounds lists within lists.
	maxListDepth = 8
)

// Limits are the bounds that are left while an input is read.
type Limits struct {
	Bytes     int64
	Documents int
}

// DefaultLimits are the bounds of an input as a whole.
func DefaultLimits() Limits { return Limits{Bytes: MaxBytes, Documents: MaxDocuments} }

// isList is true for List and for every typed list, which kubectl takes apart
// the same way.
func isList(kind string) bool { return strings.HasSuffix(kind, "List") }
