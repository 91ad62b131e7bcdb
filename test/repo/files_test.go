package repo_test

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// Longest files, in lines. Tables of test cases may take more.
const (
	maxLines     = 400
	maxTestLines = 600
)

// generated is how Go tools mark a generated file:
// https://go.dev/s/generatedcode.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func TestFileLengths(t *testing.T) {
	seen := 0
	for name, text := range texts(t) {
		if path.Ext(name) != ".go" || generated.Match(text) {
			continue
		}
		seen++
		limit := maxLines
		if strings.HasSuffix(name, "_test.go") {
			limit = maxTestLines
		}
		if lines := bytes.Count(text, []byte("\n")); lines > limit {
			t.Errorf("%s has %d lines, more than %d: split it by what it does", name, lines, limit)
		}
	}
	if seen == 0 {
		t.Error("no Go files found")
	}
}

// mention is the name of a page, alone or in a path or URL.
var mention = regexp.MustCompile(`[A-Za-z0-9_./:-]*[A-Za-z0-9_]\.md\b`)

// TestPagesExist fails where a page is named that is not in the repository:
// in a link, it must lie where the link points; elsewhere its name must exist.
func TestPagesExist(t *testing.T) {
	all := texts(t)
	names := make(map[string]bool)
	for name := range all {
		names[path.Base(name)] = true
	}
	for name, text := range all {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range mention.FindAllString(string(text), -1) {
			if !strings.Contains(m, "://") && !names[path.Base(m)] {
				t.Errorf("%s names %s, which is not in the repository", name, m)
			}
		}
	}
}

// link is an inline Markdown link; its group is the target.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksLead(t *testing.T) {
	for name, text := range texts(t) {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := fs.Stat(os.DirFS(root), path.Join(path.Dir(name), target)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere: %v", name, m[1], err)
			}
		}
	}
}

// texts are the texts that people write in this repository, by their path.
func texts(t *testing.T) map[string][]byte {
	t.Helper()
	fsys := os.DirFS(root)
	found := make(map[string][]byte)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "bin" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !written(name):
			return nil
		}
		found[name], err = fs.ReadFile(fsys, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func written(name string) bool {
	switch path.Ext(name) {
	case ".go", ".md", ".yaml", ".yml", ".mod":
		return true
	}
	return path.Base(name) == "Makefile" || name == ".ci/run"
}
