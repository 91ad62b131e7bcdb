package imagetest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"path"
)

// Entry is one entry of a layer's archive.
type Entry struct {
	tar.Header
	Content string
}

// Program is a file that anyone may execute: a script or a binary.
func Program(name, content string) Entry {
	return Entry{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755}, Content: content}
}

// Data is a file that nobody executes.
func Data(name, content string) Entry {
	return Entry{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, Content: content}
}

// Dir is a folder.
func Dir(name string) Entry {
	return Entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}}
}

// Symlink points to a target, absolute or relative to its own folder.
func Symlink(name, target string) Entry {
	return Entry{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}}
}

// HardLink is another name of a file that the layer lists before.
func HardLink(name, target string) Entry {
	return Entry{Header: tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o755}}
}

// Whiteout hides what lower layers have at a path.
func Whiteout(name string) Entry {
	return Data(path.Join(path.Dir(name), ".wh."+path.Base(name)), "")
}

// Opaque hides what lower layers have in a folder.
func Opaque(dir string) Entry { return Data(path.Join(dir, ".wh..wh..opq"), "") }

// Archive writes entries as a tar archive.
func Archive(entries ...Entry) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		e.Size = int64(len(e.Content))
		if err := w.WriteHeader(&e.Header); err != nil {
			return nil, fmt.Errorf("entry %q: %w", e.Name, err)
		}
		if _, err := io.WriteString(w, e.Content); err != nil {
			return nil, fmt.Errorf("entry %q: %w", e.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return out.Bytes(), nil
}
