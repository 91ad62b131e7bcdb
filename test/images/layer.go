package images

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// unneeded are folders that no program needs to run.
func unneeded() []string {
	return []string{"usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/i18n", "usr/share/bug", "usr/share/lintian"}
}

// folderLayer packs a folder, without what is the same file in the folder
// below. It isn't compressed: it travels within one machine.
func folderLayer(root, below string) (v1.Layer, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == root {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(unneeded(), name) {
			return fs.SkipDir
		}
		if below != "" && same(file, filepath.Join(below, name)) {
			return nil
		}
		return pack(w, file, name, entry)
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("pack %s: %w", root, err)
	}
	return static.NewLayer(buffer.Bytes(), types.OCIUncompressedLayer), nil
}

// same is true for two names of one file, and for folders.
func same(file, other string) bool {
	a, err := os.Lstat(file)
	if err != nil {
		return false
	}
	b, err := os.Lstat(other)
	return err == nil && (os.SameFile(a, b) || a.IsDir() && b.IsDir() && a.Mode() == b.Mode())
}

func pack(w *tar.Writer, file, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	var target string
	if info.Mode()&fs.ModeSymlink != 0 {
		if target, err = os.Readlink(file); err != nil {
			return err
		}
	}
	header, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	header.Name, header.Uname, header.Gname = name, "", ""
	if info.IsDir() {
		header.Name += "/"
	}
	if err := w.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	content, err := os.Open(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return errors.Join(err, content.Close())
}

// file is a program's content, or where a symbolic link points to.
type file struct{ content, target string }

// filesLayer packs files by absolute path, with the folders above them.
func filesLayer(files map[string]file) (v1.Layer, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	made := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, dir := range above(name) {
			if made[dir] {
				continue
			}
			made[dir] = true
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}); err != nil {
				return nil, err
			}
		}
		f := files[name]
		header := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(name, "/"), Mode: 0o755, Size: int64(len(f.content))}
		if f.target != "" {
			header.Typeflag, header.Linkname = tar.TypeSymlink, f.target
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return static.NewLayer(buffer.Bytes(), types.OCIUncompressedLayer), nil
}

// above are the folders above a file, outermost first, without those that every
// root has.
func above(name string) []string {
	var dirs []string
	for dir := path.Dir(strings.TrimPrefix(name, "/")); dir != "." && dir != "usr" && dir != "usr/local" && dir != "tmp"; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	return dirs
}
