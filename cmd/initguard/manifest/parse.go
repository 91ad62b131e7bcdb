package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Options say how a file is to be taken.
type Options struct {
	// Found is true for a file that nobody named: what is no Kubernetes object
	// is skipped there instead of being a problem.
	Found bool
}

// Parse takes the objects out of one file. limits are lowered by what it used.
func Parse(file string, data []byte, o Options, limits *Limits) Input {
	p := parser{file: file, options: o, limits: limits}
	switch {
	case int64(len(data)) > limits.Bytes:
		p.problem(0, 0, "more than %d MiB of manifests: check them in parts", MaxBytes>>20)
		return p.out
	case !utf8.Valid(data):
		p.problem(0, 0, "is not UTF-8 text")
		return p.out
	}
	limits.Bytes -= int64(len(data))
	line := 1
	for _, chunk := range split(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		if looksLikeJSON(chunk) {
			p.json(chunk, line)
		} else {
			p.yaml(chunk, line)
		}
		line += bytes.Count(chunk, []byte("\n"))
	}
	if p.index == 0 && len(p.out.Problems) == 0 && !o.Found {
		p.problem(0, 0, "holds no objects")
	}
	return p.out
}

// split cuts a file after each line that separates documents, as kubectl does:
// three dashes, then nothing but blanks and a comment.
func split(data []byte) [][]byte {
	var chunks [][]byte
	start, at := 0, 0
	for at < len(data) {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if isSeparator(data[at:end]) {
			// The separator stays with the document behind it: lines are counted
			// in whole chunks.
			if at > start {
				chunks = append(chunks, data[start:at])
			}
			start = at
		}
		at = end
	}
	return append(chunks, data[start:])
}

func isSeparator(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	rest = bytes.TrimSpace(rest)
	return ok && (len(rest) == 0 || rest[0] == '#')
}

// looksLikeJSON decides as kubectl does: by the first character.
func looksLikeJSON(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(withoutSeparator(data), " \t\r\n"), []byte("{"))
}

// withoutSeparator is a chunk behind its separator, from the line's end on, so
// that lines still count.
func withoutSeparator(chunk []byte) []byte {
	line, _, _ := bytes.Cut(chunk, []byte("\n"))
	if !isSeparator(line) {
		return chunk
	}
	return chunk[len(line):]
}

type parser struct {
	file    string
	options Options
	limits  *Limits
	index   int
	out     Input
}

func (p *parser) problem(line, index int, format string, args ...any) {
	p.out.Problems = append(p.out.Problems, Problem{File: p.file, Line: line, Index: index, Text: fmt.Sprintf(format, args...)})
}

// tree is where the parts of a document stand.
type tree struct {
	text  []byte
	line  int
	lines map[string]int
}

// head is what every object has.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name         string            `json:"name"`
		GenerateName string            `json:"generateName"`
		Namespace    string            `json:"namespace"`
		Labels       map[string]string `json:"labels"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

// object takes one document, or the items of a list. path is where it stands
// in the document: empty, or items[3]; parent is the list's head.
func (p *parser) object(raw []byte, t tree, path string, parent *head, depth int) {
	line := t.line
	if at, ok := t.lines[path]; ok && path != "" {
		line = at
	}
	var h head
	if err := json.Unmarshal(raw, &h); err != nil {
		p.notAnObject(line, err)
		return
	}
	if parent != nil {
		h.inherit(*parent)
	}
	switch {
	case h.Kind == "" || h.APIVersion == "":
		p.notAnObject(line, nil)
	case isList(h.Kind) && h.Items != nil:
		p.list(h, t, path, line, depth)
	default:
		p.add(raw, h, t, path, line)
	}
}

// inherit fills in what the items of a typed list may leave out.
func (h *head) inherit(list head) {
	if kind := strings.TrimSuffix(list.Kind, "List"); h.Kind == "" && kind != "" {
		h.Kind = kind
		if h.APIVersion == "" {
			h.APIVersion = list.APIVersion
		}
	}
}

func (p *parser) notAnObject(line int, err error) {
	switch {
	case p.options.Found:
		p.out.Skipped++
	case err != nil:
		p.problem(line, p.index, "is not a Kubernetes object: %s", jsonError(err))
	default:
		p.problem(line, p.index, "is not a Kubernetes object: apiVersion or kind is missing")
	}
}

// jsonError words an error for people who never saw the Go types behind it.
func jsonError(err error) string {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Sprintf("%s: want %s, not %s", wrong.Field, wrong.Type, wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Sprintf("want an object, not %s", wrong.Value)
	default:
		return strings.TrimPrefix(err.Error(), "json: ")
	}
}

func (p *parser) list(h head, t tree, path string, line, depth int) {
	if depth == maxListDepth {
		p.problem(line, p.index, "more than %d lists within one another", maxListDepth)
		return
	}
	if path != "" {
		path += "."
	}
	for i, item := range h.Items {
		if p.limits.Documents <= 0 {
			p.tooMany(line)
			return
		}
		p.object(item, t, fmt.Sprintf("%sitems[%d]", path, i), &h, depth+1)
	}
}

func (p *parser) tooMany(line int) {
	p.problem(line, p.index, "more than %d objects: check them in parts", MaxDocuments)
}

func (p *parser) add(raw []byte, h head, t tree, path string, line int) {
	if p.limits.Documents <= 0 {
		p.tooMany(line)
		return
	}
	p.limits.Documents--
	d := Document{
		File: p.file, Index: p.index, Line: line, APIVersion: h.APIVersion, Kind: h.Kind,
		Namespace: h.Metadata.Namespace, Name: h.Metadata.Name, Labels: h.Metadata.Labels, Raw: raw, Text: t.text, place: path, lines: t.lines,
	}
	if d.Name == "" {
		d.Name = h.Metadata.GenerateName
	}
	p.out.Documents = append(p.out.Documents, d)
}
