package configfile

import (
	"encoding"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// The YAML library's own strict decoding gives its errors as prose with Go's
// type names and without the field's path, and stops at the first kind of
// mistake; so the nodes are walked here. Its recursion is as deep as the types
// of the format, whatever the file holds.

// decode sets v from a node and notes what is wrong.
func (r *Report) decode(node *yaml.Node, path string, v reflect.Value) {
	switch {
	case node.Kind == yaml.AliasNode:
		r.add(node.Line, path, "is an alias, which is not supported; write the value out")
		return
	case isNull(node):
		return
	}
	r.lines[path] = node.Line
	switch v.Addr().Interface().(type) {
	case *time.Duration, *netip.Prefix, encoding.TextUnmarshaler:
		r.scalar(node, path, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.mapping(node, path, v)
	case reflect.Slice:
		r.list(node, path, v)
	default:
		r.scalar(node, path, v)
	}
}

func (r *Report) mapping(node *yaml.Node, path string, v reflect.Value) {
	if node.Kind != yaml.MappingNode {
		r.add(node.Line, path, "is %s; must be a mapping", kindOf(node))
		return
	}
	fields := fieldsOf(v)
	seen := make(map[string]int)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.add(key.Line, path, "a field's name is %s; must be a string", kindOf(key))
			continue
		}
		at := join(path, Printable(key.Value, MaxValue))
		if first, twice := seen[key.Value]; twice {
			r.add(key.Line, at, "is set twice, first in line %d", first)
			continue
		}
		seen[key.Value] = key.Line
		if field, known := fields[key.Value]; known {
			r.decode(value, at, field)
			continue
		}
		r.add(key.Line, at, "unknown field; %s", hint(key.Value, names(fields)))
	}
}

func (r *Report) list(node *yaml.Node, path string, v reflect.Value) {
	if node.Kind != yaml.SequenceNode {
		r.add(node.Line, path, "is %s; must be a list", kindOf(node))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content))
	for i, item := range node.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		if isNull(item) {
			r.add(item.Line, at, "has no value")
			continue
		}
		r.decode(item, at, list.Index(i))
	}
	v.Set(list)
}

// scalar sets a single value.
func (r *Report) scalar(node *yaml.Node, path string, v reflect.Value) {
	if node.Kind != yaml.ScalarNode {
		r.add(node.Line, path, "is %s; must be a single value", kindOf(node))
		return
	}
	var err error
	switch target := v.Addr().Interface().(type) {
	case *time.Duration:
		*target, err = duration(node.Value)
	case *netip.Prefix:
		*target, err = prefix(node.Value)
	case encoding.TextUnmarshaler:
		err = target.UnmarshalText([]byte(node.Value))
	default:
		err = kinds(node, v)
	}
	if err != nil {
		r.add(node.Line, path, "%s", err)
	}
}

// kinds sets a value of a named type by what it is made of.
func kinds(node *yaml.Node, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		s, err := text(node)
		v.SetString(s)
		return err
	case reflect.Bool:
		b, err := boolean(node)
		v.SetBool(b)
		return err
	case reflect.Int:
		n, err := whole(node)
		v.SetInt(int64(n))
		return err
	}
	return fmt.Errorf("fields of type %s can't be read", v.Type())
}

func text(node *yaml.Node) (string, error) {
	if node.ShortTag() != "!!str" {
		return "", fmt.Errorf("is %s; must be a string: put it in quotes", kindOf(node))
	}
	return node.Value, nil
}

func boolean(node *yaml.Node) (bool, error) {
	if node.ShortTag() == "!!bool" {
		switch node.Value {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return false, fmt.Errorf("%s must be true or false", Quote(node.Value))
}

func whole(node *yaml.Node) (int, error) {
	n, err := strconv.Atoi(node.Value)
	if err != nil || node.ShortTag() != "!!int" {
		return 0, fmt.Errorf("%s must be a whole number, without quotes", Quote(node.Value))
	}
	return n, nil
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || s == "0" {
		return 0, fmt.Errorf("%s must be a duration with its unit, such as 500ms, 2s or 1m30s", Quote(s))
	}
	return d, nil
}

// prefix reads a CIDR or one address.
func prefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%s must be a CIDR such as 10.1.0.0/16, or one IP address", Quote(s))
		}
		p = netip.PrefixFrom(addr, addr.BitLen())
	}
	switch {
	case p.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%s is IPv4 written as IPv6; write it as IPv4", Quote(s))
	case p != p.Masked():
		return netip.Prefix{}, fmt.Errorf("%s has bits set past its length; write %s", Quote(s), p.Masked())
	}
	return p, nil
}

// fieldsOf returns a struct's fields by their names in the file.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := make(map[string]reflect.Value, v.NumField())
	for i := range v.NumField() {
		fields[v.Type().Field(i).Tag.Get("yaml")] = v.Field(i)
	}
	return fields
}

func names(fields map[string]reflect.Value) []string {
	list := make([]string, 0, len(fields))
	for name := range fields {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func join(path, field string) string {
	return strings.TrimPrefix(path+"."+field, ".")
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// kindOf says in words what a node holds.
func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch tag := node.ShortTag(); tag {
	case "!!null":
		return "nothing"
	case "!!str":
		return "a string"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	default:
		return "of type " + Printable(tag, MaxValue)
	}
}
