package imagetest

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

// Tree is an image's files in memory, by absolute path. A text that begins with
// "-> " is a symlink, one that begins with \x7fELF a program. Folders exist
// where files lie in them. Every file is executable.
type Tree map[string]string

// File gives a file as imageinspect.Files does.
func (t Tree) File(ctx context.Context, name string) (imageinspect.File, error) {
	f, err := t.file(ctx, name)
	f.Asked, f.Way = name, t.Way(name)
	return f, err
}

func (t Tree) file(ctx context.Context, name string) (imageinspect.File, error) {
	if err := ctx.Err(); err != nil {
		return imageinspect.File{}, fmt.Errorf("tree: %w", err)
	}
	if strings.Contains(name, "..") {
		passed := t.trace(name)
		name = passed[len(passed)-1]
	}
	for range 40 {
		text, ok := t[name]
		target, link := strings.CutPrefix(text, "-> ")
		switch {
		case ok && link:
			name = path.Join(path.Dir(name), target)
			if path.IsAbs(target) {
				name = path.Clean(target)
			}
			continue
		case ok:
			f := imageinspect.File{Path: name, Executable: true, Size: int64(len(text))}
			return f.Read(strings.NewReader(text)) //nolint:wrapcheck // Says all that there is to say.
		}
		next, moved := t.throughParent(name)
		if !moved {
			return t.dir(name)
		}
		name = next
	}
	return imageinspect.File{}, fmt.Errorf("too many symlinks: %w", imageinspect.ErrNotRead)
}

// Known is File: nothing here costs anything.
func (t Tree) Known(name string) (imageinspect.File, bool) {
	f, err := t.File(context.Background(), name)
	return f, err == nil
}

// throughParent follows the uppermost symlink among a path's folders.
func (t Tree) throughParent(name string) (string, bool) {
	parts := strings.Split(strings.TrimPrefix(name, "/"), "/")
	for i := 1; i < len(parts); i++ {
		dir := "/" + strings.Join(parts[:i], "/")
		target, link := strings.CutPrefix(t[dir], "-> ")
		if !link {
			continue
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(dir), target)
		}
		return path.Join(append([]string{target}, parts[i:]...)...), true
	}
	return "", false
}

func (t Tree) dir(name string) (imageinspect.File, error) {
	for file := range t {
		if name == "/" || strings.HasPrefix(file, name+"/") {
			return imageinspect.File{Path: name, Dir: true}, nil
		}
	}
	return imageinspect.File{}, imageinspect.ErrNoFile
}
