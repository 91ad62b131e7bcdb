package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Stdin is the name that stands for standard input.
const Stdin = "-"

// maxFiles bounds the files of one input.
const maxFiles = 100_000

// Read reads files, directories and, for "-", standard input, in the order
// given. Directories are read with all that lies below them, but for what
// starts with a dot. What can't be read is a problem of the Input; the only
// error is that of ctx.
func Read(ctx context.Context, names []string, stdin io.Reader) (Input, error) {
	limits := DefaultLimits()
	var out Input
	for _, name := range names {
		switch info, err := os.Stat(name); {
		case name == Stdin:
			out.add(readFrom(stdin, "stdin", Options{}, &limits))
		case err != nil:
			out.add(unreadable(name, err))
		case info.IsDir():
			if err := out.directory(ctx, name, &limits); err != nil {
				return Input{}, err
			}
		default:
			out.add(readFile(name, Options{}, &limits))
		}
		if err := ctx.Err(); err != nil {
			return Input{}, fmt.Errorf("reading manifests: %w", err)
		}
	}
	return out, nil
}

func (in *Input) add(more Input) {
	in.Documents = append(in.Documents, more.Documents...)
	in.Problems = append(in.Problems, more.Problems...)
	in.Skipped += more.Skipped
}

// directory reads the manifests below a directory, in lexical order.
func (in *Input) directory(ctx context.Context, dir string, limits *Limits) error {
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			in.add(unreadable(path, err))
			return nil
		case path != dir && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !isManifest(path):
			return nil
		}
		// A link to a file is followed, as ConfigMap volumes need it.
		if info, err := os.Stat(path); err != nil {
			in.add(unreadable(path, err))
			return nil
		} else if !info.Mode().IsRegular() {
			return nil
		}
		if files++; files > maxFiles {
			in.Problems = append(in.Problems, Problem{File: dir, Text: fmt.Sprintf("more than %d files: check them in parts", maxFiles)})
			return fs.SkipAll
		}
		in.add(readFile(path, Options{Found: true}, limits))
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading manifests: %w", err)
	}
	if files == 0 {
		in.Problems = append(in.Problems, Problem{File: dir, Text: "holds no " + strings.Join(suffixes(), ", ") + " file"})
	}
	return nil
}

func suffixes() []string { return []string{".yaml", ".yml", ".json"} }

func isManifest(path string) bool {
	return slices.Contains(suffixes(), strings.ToLower(filepath.Ext(path)))
}

func readFile(name string, o Options, limits *Limits) Input {
	f, err := os.Open(name)
	if err != nil {
		return unreadable(name, err)
	}
	out := readFrom(f, name, o, limits)
	if err := f.Close(); err != nil {
		out.add(unreadable(name, err))
	}
	return out
}

// readFrom reads no more than one byte past what is left.
func readFrom(r io.Reader, name string, o Options, limits *Limits) Input {
	data, err := io.ReadAll(io.LimitReader(r, limits.Bytes+1))
	if err != nil {
		return unreadable(name, err)
	}
	return Parse(name, data, o, limits)
}

// unreadable is the problem of a file that can't be read. The error's own
// mention of the file is left out: the problem names it.
func unreadable(name string, err error) Input {
	text := err.Error()
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		text = p.Err.Error()
	}
	return Input{Problems: []Problem{{File: name, Text: text}}}
}
