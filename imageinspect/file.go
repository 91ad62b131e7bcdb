package imageinspect

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/initguard/initguard/imageinspect/identity"
)

// MaxText bounds the text of a file, in bytes. The longest entrypoint scripts
// of public images have about 100 KiB.
const MaxText = 1 << 20

// File is a file of an image, distilled to what a verdict needs: a program of
// hundreds of MiB becomes a few words, so that it can be kept in memory.
type File struct {
	// Asked is the path by which it was asked for; Path is where the file
	// really lies, every symlink resolved.
	Asked, Path string
	// Way is over what it was found. Where there is no file, Asked and Way are
	// all that a File has.
	Way Way
	// Dir is true for a directory. It has none of what follows.
	Dir bool
	// Executable is true when anyone may execute the file.
	Executable bool
	// Size is the file's size in bytes.
	Size int64
	// Text is a text's content; empty for any other file.
	Text string
	// Program is what a binary says of itself; nil for any other file.
	Program *identity.Identity
}

// Read distills the content of a regular file: f with Text or Program set. It
// reads no more than it needs. An error wraps ErrNotRead or is the reader's.
func (f File) Read(content io.Reader) (File, error) {
	r := bufio.NewReader(content)
	head, err := r.Peek(len(elfMagic))
	if err != nil && err != io.EOF { //nolint:errorlint // Peek returns it bare.
		return File{}, fmt.Errorf("read: %w", err)
	}
	if string(head) == elfMagic {
		found, err := identity.Read(r)
		if err != nil {
			return File{}, fmt.Errorf("read a program: %w", err)
		}
		f.Program = &found
		return f, nil
	}
	text, err := io.ReadAll(io.LimitReader(r, MaxText+1))
	switch {
	case err != nil:
		return File{}, fmt.Errorf("read: %w", err)
	case bytes.IndexByte(text, 0) >= 0: // no text
		return f, nil
	case len(text) > MaxText:
		return File{}, fmt.Errorf("the file is longer than %d KiB: %w", MaxText>>10, ErrNotRead)
	}
	f.Text = string(text)
	return f, nil
}

// elfMagic begins every ELF file.
const elfMagic = "\x7fELF"
