package inject

import (
	"encoding/json"
	"strings"
)

// Operation is one operation of a JSON patch (RFC 6902) on a pod template.
type Operation struct {
	Op   string `json:"op"`
	Path string `json:"path"`
	// Value is nil for remove alone.
	Value any `json:"value,omitempty"`
}

// Patch is the JSON patch of operations on an object that holds the pod
// template below the given fields; a Pod holds it at its root.
func Patch(operations []Operation, fields ...string) ([]byte, error) {
	below := ""
	for _, f := range fields {
		below += "/" + escapePointer(f)
	}
	out := make([]Operation, len(operations))
	for i, o := range operations {
		o.Path = below + o.Path
		out[i] = o
	}
	return json.Marshal(out) //nolint:wrapcheck // Only values of ours: it can't fail.
}

// builder gathers operations.
type builder struct{ operations []Operation }

func (b *builder) add(path string, value any) {
	b.operations = append(b.operations, Operation{Op: "add", Path: path, Value: value})
}

func (b *builder) remove(path string) {
	b.operations = append(b.operations, Operation{Op: "remove", Path: path})
}

// escapePointer makes a field's name fit for a JSON pointer (RFC 6901).
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
