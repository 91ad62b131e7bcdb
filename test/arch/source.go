package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// File is what the rules need to know of one Go file.
type File struct {
	// Path is the file, slash-separated, below the module's root.
	Path string
	// Test is true for a _test.go file.
	Test bool
	// Imports are the import paths, in the file's order.
	Imports []string
	// Uses are the package-level names that the file takes out of package os,
	// such as "os.Getenv", each once a use.
	Uses []Use
}

// Use is one place where a name of package os stands.
type Use struct {
	Name string
	Line int
}

// Dir is the folder of the file's package; "." is the root.
func (f File) Dir() string { return path.Dir(f.Path) }

// Read parses all Go files of the module whose root is fsys. It leaves out
// nested modules, testdata and folders whose name starts with a dot or an
// underscore, as the go command does.
func Read(fsys fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && foreign(fsys, p) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(p) != ".go" {
			return nil
		}
		f, err := readFile(fsys, p)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// foreign is true for a folder whose files are not packages of this module.
func foreign(fsys fs.FS, dir string) bool {
	base := path.Base(dir)
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

func readFile(fsys fs.FS, p string) (File, error) {
	text, err := fs.ReadFile(fsys, p)
	if err != nil {
		return File{}, err
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, p, text, parser.SkipObjectResolution)
	if err != nil {
		return File{}, fmt.Errorf("parse: %w", err)
	}
	f := File{Path: p, Test: strings.HasSuffix(p, "_test.go")}
	osName := ""
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return File{}, fmt.Errorf("%s: import %s: %w", p, spec.Path.Value, err)
		}
		f.Imports = append(f.Imports, imported)
		if imported == "os" {
			osName = "os"
			if spec.Name != nil {
				osName = spec.Name.Name
			}
		}
	}
	f.Uses = uses(set, parsed, osName)
	return f, nil
}

// uses lists what the file takes out of package os, which it calls osName.
func uses(set *token.FileSet, file *ast.File, osName string) []Use {
	if osName == "" {
		return nil
	}
	var found []Use
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := selector.X.(*ast.Ident); ok && x.Name == osName {
			found = append(found, Use{Name: "os." + selector.Sel.Name, Line: set.Position(selector.Pos()).Line})
		}
		return true
	})
	return found
}
