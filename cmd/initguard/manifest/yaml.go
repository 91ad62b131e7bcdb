package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/yaml"
)

// yaml takes one YAML document. It is read twice: as kubectl reads it, for the
// values (yes is true there, 0777 octal), and as nodes, for the lines. It is
// false when the text is no YAML.
func (p *parser) yaml(chunk []byte, line int) bool {
	at := span{first: line, last: line + newlines(chunk)}
	decoder := yaml.NewDecoder(bytes.NewReader(chunk))
	var root, more yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return true // nothing but comments
	case err != nil:
		p.index++
		p.yamlError(at, err)
		return false
	}
	p.index++
	top := resolve(&root)
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		p.index--
		return true
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			p.yamlError(at, err)
			return false
		}
		p.problem(at.line(more.Line), p.index, "a second document starts here: put --- on a line of its own")
		return true
	}
	raw, err := kyaml.YAMLToJSON(chunk)
	if err != nil {
		p.yamlError(at, err)
		return false
	}
	f := finder{lines: make(map[string]int), at: at, budget: maxNodes}
	f.mapping(top, "", 0)
	p.object(raw, tree{text: chunk, line: at.line(top.Line), lines: f.lines}, "", nil, 0)
	return true
}

// span are the lines of a document in its file.
type span struct{ first, last int }

// line is a line of the document in its file. YAML takes more characters for
// line breaks than editors do, and may count too far.
func (s span) line(n int) int { return min(max(s.first+n-1, s.first), s.last) }

// yamlLine is how the YAML packages name a line in their errors.
var yamlLine = regexp.MustCompile(`line (\d+): `)

// yamlError reports an error with its line in the file, where it names one.
func (p *parser) yamlError(at span, err error) {
	text, line := err.Error(), at.first
	if m := yamlLine.FindStringSubmatchIndex(text); m != nil {
		if n, err := strconv.Atoi(text[m[2]:m[3]]); err == nil {
			line = at.line(n)
			text = text[m[1]:]
		}
	}
	for _, prefix := range []string{"error converting YAML to JSON: ", "yaml: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	p.problem(line, p.index, "is not YAML: %s", text)
}

const (
	// maxNodes bounds the nodes that are looked at for their lines in one
	// document; aliases can name a node over and over.
	maxNodes = 2_000_000
	// maxFields bounds how deep containers may lie.
	maxFields = 32
)

// finder notes the lines of list items and containers.
type finder struct {
	lines  map[string]int
	at     span
	budget int
}

// holdsObjects are the fields whose items have lines of their own.
func holdsObjects(field string) bool {
	return field == "items" || field == "containers" || field == "initContainers"
}

func (f *finder) mapping(n *yaml.Node, path string, depth int) {
	n = resolve(n)
	if n == nil || n.Kind != yaml.MappingNode || depth > maxFields {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if f.budget--; f.budget < 0 {
			return
		}
		field, value := n.Content[i].Value, resolve(n.Content[i+1])
		switch {
		case value == nil:
		case value.Kind == yaml.MappingNode:
			f.mapping(value, join(path, field), depth+1)
		case value.Kind == yaml.SequenceNode && holdsObjects(field):
			f.sequence(value, join(path, field), field == "items", depth)
		}
	}
}

func (f *finder) sequence(n *yaml.Node, path string, objects bool, depth int) {
	for i, item := range n.Content {
		if f.budget--; f.budget < 0 {
			return
		}
		at := fmt.Sprintf("%s[%d]", path, i)
		f.lines[at] = f.at.line(item.Line)
		if objects {
			f.mapping(item, at, depth+1)
		}
	}
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// maxAliases bounds aliases of aliases.
const maxAliases = 8

// resolve is what a document or an alias stands for; nil for nothing.
func resolve(n *yaml.Node) *yaml.Node {
	for range maxAliases {
		switch {
		case n == nil:
			return nil
		case n.Kind == yaml.DocumentNode && len(n.Content) > 0:
			n = n.Content[0]
		case n.Kind == yaml.AliasNode:
			n = n.Alias
		default:
			return n
		}
	}
	return nil
}
