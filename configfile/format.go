package configfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v3"
)

const (
	// APIVersion is the version of the format of all configuration files.
	APIVersion = "config.initguard.dev/v1alpha1"
	// MaxBytes is the largest configuration file that is read.
	MaxBytes = 1 << 20
)

// Format is a kind of file. T is a struct whose fields, all with a yaml tag, are
// structs, slices, strings, bools, ints, durations, CIDRs (netip.Prefix), or
// what reads itself (encoding.TextUnmarshaler). It holds the fields apiVersion
// and kind.
type Format[T any] struct {
	// Kind is what the file has to say it is.
	Kind string
	// Default returns what a file that sets nothing means, a value of its own
	// each time.
	Default func() *T
	// Check sets the defaults that depend on what is around them, and notes what
	// can be read but can't be meant.
	Check func(r *Report, c *T)
}

// Parse reads a file, YAML or JSON, strictly: an unknown field, a field twice,
// an alias, a second document or more than MaxBytes is an error. The name is the
// file's, for messages. Whatever is wrong is reported at once: the error is an
// *Error.
func (f Format[T]) Parse(name string, data []byte) (*T, error) {
	r := newReport()
	h := header{kind: f.Kind}
	root := r.document(data, h)
	if root == nil || !r.header(root, h) {
		return nil, r.err(name)
	}
	c := f.Default()
	r.decode(root, "", reflect.ValueOf(c).Elem())
	f.Check(r, c)
	if err := r.err(name); err != nil {
		return nil, err
	}
	return c, nil
}

// header is what a file has to say it is.
type header struct{ kind string }

// least is what the smallest file has to hold.
func (h header) least() string {
	return fmt.Sprintf(`the least that it must hold is "apiVersion: %s" and "kind: %s"`, APIVersion, h.kind)
}

// document returns the file's one document, or nil after noting why there is
// none.
func (r *Report) document(data []byte, h header) *yaml.Node {
	if len(data) > MaxBytes {
		r.add(0, "", "is larger than %d bytes, which is the most that is read", MaxBytes)
		return nil
	}
	if line, what := illegible(data); what != "" {
		r.add(line, "", "is not YAML: %s", what)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	switch {
	case errors.Is(err, io.EOF):
		r.add(1, "", "the file is empty; %s", h.least())
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		r.add(second.Line, "", "a second document starts here; a file holds one")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntax(err)
		return nil
	}
	root := first.Content[0]
	switch {
	case isNull(root):
		r.add(1, "", "the file is empty; %s", h.least())
		return nil
	case root.Kind != yaml.MappingNode:
		r.add(root.Line, "", "the file is %s, not a mapping; %s", kindOf(root), h.least())
		return nil
	}
	return root
}

// header checks what the file says it is. A file of another version or kind
// isn't looked at any further: what else it holds means something else.
func (r *Report) header(root *yaml.Node, h header) bool {
	known := true
	for _, want := range []struct{ field, value string }{{"apiVersion", APIVersion}, {"kind", h.kind}} {
		node := valueOf(root, want.field)
		switch {
		case node == nil || isNull(node):
			r.add(root.Line, want.field, "is missing; must be %s", want.value)
		case node.Kind != yaml.ScalarNode:
			r.add(node.Line, want.field, "is %s; must be %s", kindOf(node), want.value)
			known = false
		case node.Value != want.value:
			r.add(node.Line, want.field, "%s is not supported; must be %s", Quote(node.Value), want.value)
			known = false
		}
	}
	return known
}

// valueOf returns a field of a mapping, nil when it isn't there.
func valueOf(mapping *yaml.Node, field string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if key := mapping.Content[i]; key.Kind == yaml.ScalarNode && key.Value == field {
			return mapping.Content[i+1]
		}
	}
	return nil
}
