package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/yaml"

	"github.com/initguard/initguard/webhook/inject"
)

// Editor changes one document of a file, with all objects in it. What it does
// not change keeps its comments, order and style, apart from indentation.
type Editor struct {
	root    *yaml.Node
	compact bool
}

// Edit opens the document that an object stands in.
func Edit(d Document) (*Editor, error) {
	text := d.Text
	if text == nil {
		var err error
		if text, err = kyaml.JSONToYAML(d.Raw); err != nil {
			return nil, fmt.Errorf("convert from JSON: %w", err)
		}
	}
	e := &Editor{root: &yaml.Node{}}
	if err := yaml.Unmarshal(text, e.root); err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	e.compact = isCompact(e.root, 0)
	return e, nil
}

// Apply applies operations to the pod template that an object of the document
// holds below fields.
func (e *Editor) Apply(d Document, operations []inject.Operation, fields ...string) error {
	at := placeTokens(d.place)
	at = append(at, fields...)
	for _, o := range operations {
		tokens := slices.Concat(at, pointerTokens(o.Path))
		if err := e.apply(o, tokens); err != nil {
			return fmt.Errorf("%s %s: %w", o.Op, o.Path, err)
		}
	}
	return nil
}

// YAML writes the document.
func (e *Editor) YAML() ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if e.compact {
		encoder.CompactSeqIndent()
	}
	if err := errors.Join(encoder.Encode(e.root), encoder.Close()); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return out.Bytes(), nil
}

// placeTokens are the fields and indices of items[3].
func placeTokens(place string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`items\[(\d+)\]`).FindAllStringSubmatch(place, -1) {
		out = append(out, "items", m[1])
	}
	return out
}

func pointerTokens(pointer string) []string {
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, t := range tokens {
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
	}
	return tokens
}

var errMerged = errors.New("stands where a YAML merge or anchor brings it in: write it out")

func (e *Editor) apply(o inject.Operation, tokens []string) error {
	node := e.root
	if node.Kind == yaml.DocumentNode {
		node = node.Content[0]
	}
	for _, token := range tokens[:len(tokens)-1] {
		next := child(node, token)
		if next == nil || next.Kind == yaml.AliasNode {
			return errMerged
		}
		if next.Kind != yaml.MappingNode && next.Kind != yaml.SequenceNode {
			return fmt.Errorf("%s is no mapping and no list", token)
		}
		node = next
	}
	last := tokens[len(tokens)-1]
	if o.Op == "remove" {
		return remove(node, last)
	}
	value, err := nodeOf(o.Value)
	if err != nil {
		return err
	}
	if node.Kind == yaml.SequenceNode {
		return insert(node, last, value)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == last {
			node.Content[i+1] = value
			return nil
		}
	}
	node.Style &^= yaml.FlowStyle
	if len(node.Content) == 0 {
		node.Style = 0
	}
	node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: last}, value)
	return nil
}

func child(node *yaml.Node, token string) *yaml.Node {
	if node.Kind == yaml.SequenceNode {
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= len(node.Content) {
			return nil
		}
		return node.Content[i]
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == token {
			return node.Content[i+1]
		}
	}
	return nil
}

func remove(node *yaml.Node, token string) error {
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == token {
			node.Content = slices.Delete(node.Content, i, i+2)
			return nil
		}
	}
	return errMerged
}

func insert(list *yaml.Node, token string, value *yaml.Node) error {
	at := len(list.Content)
	if token != "-" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > at {
			return fmt.Errorf("no place %s in the list", token)
		}
		at = n
	}
	if value.Kind != yaml.ScalarNode {
		list.Style &^= yaml.FlowStyle
	}
	list.Content = slices.Insert(list.Content, at, value)
	return nil
}

// plainWord is what is read as a string by every version of YAML, unquoted.
var plainWord = regexp.MustCompile(`^[/A-Za-z]([A-Za-z0-9/._:-]*[A-Za-z0-9/_])?$`)

// nodeOf makes a node of a value.
func nodeOf(value any) (*yaml.Node, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return read(decoder)
}

// read makes a node of the next JSON value, in its order.
func read(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	switch t := token.(type) {
	case json.Delim:
		n := &yaml.Node{Kind: yaml.MappingNode}
		if t == '[' {
			n.Kind = yaml.SequenceNode
		}
		for decoder.More() {
			item, err := read(decoder)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, item)
		}
		if _, err := decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("value: %w", err)
		}
		return n, nil
	case string:
		n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: t}
		if word := strings.ToLower(t); !plainWord.MatchString(t) || slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, word) {
			n.Style = yaml.DoubleQuotedStyle
			if strings.Contains(t, `"`) && !strings.ContainsFunc(t, func(r rune) bool { return r < ' ' }) {
				n.Style = yaml.SingleQuotedStyle
			}
		}
		return n, nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: t.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(t)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

// isCompact is true for YAML whose lists stand as far left as their field.
func isCompact(n *yaml.Node, depth int) bool {
	if depth > maxFields {
		return false
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if value := n.Content[i+1]; value.Kind == yaml.SequenceNode && value.Style&yaml.FlowStyle == 0 && len(value.Content) > 0 {
				return value.Column == n.Content[i].Column
			}
		}
	}
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return isCompact(c, depth+1) })
}
