package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// json takes JSON objects, one behind the other. Text that merely starts like
// JSON is taken as YAML, of which {a: b} is a part.
func (p *parser) json(chunk []byte, line int) {
	body := withoutSeparator(chunk)
	decoder := json.NewDecoder(bytes.NewReader(body))
	seen := 0
	for count := 0; ; count++ {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil && count == 0 && p.yamlInstead(chunk, line) {
			return
		}
		p.index++
		if err != nil {
			p.problem(line+newlines(body[seen:errorAt(err, seen, len(body))]), p.index, "is not JSON: %s", jsonError(err))
			return
		}
		start := int(decoder.InputOffset()) - len(raw)
		line += newlines(body[seen:start])
		seen = start
		p.object(raw, tree{line: line, lines: jsonLines(raw, line)}, "", nil, 0)
	}
}

// errorAt is the offset of what is wrong: between where the last object was
// found and the end.
func errorAt(err error, from, end int) int {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return end
	}
	return min(max(int(syntax.Offset), from), end)
}

func newlines(b []byte) int { return bytes.Count(b, []byte("\n")) }

// yamlInstead takes a chunk as YAML if it is that.
func (p *parser) yamlInstead(chunk []byte, line int) bool {
	try := parser{file: p.file, options: p.options, limits: p.limits, index: p.index}
	before := *p.limits
	if !try.yaml(chunk, line) {
		*p.limits = before
		return false
	}
	p.index = try.index
	p.out.add(try.out)
	return true
}

// jsonFinder notes the lines of list items and containers in JSON.
type jsonFinder struct {
	decoder *json.Decoder
	text    []byte
	seen    int
	line    int
	lines   map[string]int
}

// jsonLines finds the lines in one valid JSON value.
func jsonLines(raw []byte, first int) map[string]int {
	f := jsonFinder{decoder: json.NewDecoder(bytes.NewReader(raw)), text: raw, line: first, lines: make(map[string]int)}
	f.decoder.UseNumber()
	token, err := f.decoder.Token()
	if err == nil && token == json.Delim('{') {
		f.mapping("", 0)
	}
	return f.lines
}

// here is the line of the token that was just read.
func (f *jsonFinder) here() int {
	at := int(f.decoder.InputOffset())
	f.line += newlines(f.text[f.seen:at])
	f.seen = at
	return f.line
}

// mapping reads an object from behind its brace to its end.
func (f *jsonFinder) mapping(path string, depth int) bool {
	for f.decoder.More() {
		key, err := f.decoder.Token()
		if err != nil {
			return false
		}
		field, _ := key.(string)
		value, err := f.decoder.Token()
		if err != nil {
			return false
		}
		var ok bool
		switch {
		case value == json.Delim('{') && depth < maxFields:
			ok = f.mapping(join(path, field), depth+1)
		case value == json.Delim('[') && depth < maxFields && holdsObjects(field):
			ok = f.sequence(join(path, field), field == "items", depth)
		default:
			ok = f.skip(value)
		}
		if !ok {
			return false
		}
	}
	_, err := f.decoder.Token()
	return err == nil
}

// sequence reads an array from behind its bracket to its end.
func (f *jsonFinder) sequence(path string, objects bool, depth int) bool {
	for i := 0; f.decoder.More(); i++ {
		value, err := f.decoder.Token()
		if err != nil {
			return false
		}
		at := fmt.Sprintf("%s[%d]", path, i)
		f.lines[at] = f.here()
		var ok bool
		if objects && value == json.Delim('{') {
			ok = f.mapping(at, depth+1)
		} else {
			ok = f.skip(value)
		}
		if !ok {
			return false
		}
	}
	_, err := f.decoder.Token()
	return err == nil
}

// skip reads on to the end of a value whose first token was read.
func (f *jsonFinder) skip(first json.Token) bool {
	depth := 0
	for token := first; ; {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth <= 0 {
			return true
		}
		var err error
		if token, err = f.decoder.Token(); err != nil {
			return false
		}
	}
}
