package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is the largest configuration file that is read.
const MaxBytes = 1 << 20

// least is what the smallest file has to hold.
const least = `the least that it must hold is "apiVersion: ` + APIVersion + `" and "kind: ` + Kind + `"`

// Parse reads a configuration file, YAML or JSON, strictly: an unknown field,
// a field twice, an alias, a second document or more than MaxBytes is an
// error. The name is the file's, for messages. Whatever is wrong is reported at
// once: the error is an *Error.
func Parse(name string, data []byte) (*Config, error) {
	r := newReport()
	root := r.document(data)
	if root == nil || !r.header(root) {
		return nil, r.err(name)
	}
	c := Default()
	r.decode(root, "", reflect.ValueOf(c).Elem())
	r.fill(c)
	r.validate(c)
	if err := r.err(name); err != nil {
		return nil, err
	}
	return c, nil
}

// document returns the file's one document, or nil after noting why there is
// none.
func (r *report) document(data []byte) *yaml.Node {
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
		r.add(1, "", "the file is empty; %s", least)
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
		r.add(1, "", "the file is empty; %s", least)
		return nil
	case root.Kind != yaml.MappingNode:
		r.add(root.Line, "", "the file is %s, not a mapping; %s", kindOf(root), least)
		return nil
	}
	return root
}

// header checks what the file says it is. A file of another version or kind
// isn't looked at any further: what else it holds means something else.
func (r *report) header(root *yaml.Node) bool {
	known := true
	for _, want := range []struct{ field, value string }{{"apiVersion", APIVersion}, {"kind", Kind}} {
		node := valueOf(root, want.field)
		switch {
		case node == nil || isNull(node):
			r.add(root.Line, want.field, "is missing; must be %s", want.value)
		case node.Kind != yaml.ScalarNode:
			r.add(node.Line, want.field, "is %s; must be %s", kindOf(node), want.value)
			known = false
		case node.Value != want.value:
			r.add(node.Line, want.field, "%s is not supported; must be %s", quote(node.Value), want.value)
			known = false
		}
	}
	return known
}

// fill sets the defaults that depend on what is around them.
func (r *report) fill(c *Config) {
	if !r.given("cache.failureTTLMax") {
		c.Cache.FailureTTLMax = max(c.Cache.FailureTTLMax, min(c.Cache.FailureTTL, maxFailureTTL))
	}
	for i := range c.Workloads {
		if !r.given(fmt.Sprintf("workloads[%d].templatePath", i)) {
			c.Workloads[i].TemplatePath = DefaultTemplatePath
		}
	}
	for i := range c.ExtraPrograms {
		if !r.given(fmt.Sprintf("programs[%d].why", i)) {
			c.ExtraPrograms[i].Why = defaultWhy
		}
	}
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
