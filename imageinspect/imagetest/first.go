package imagetest

import (
	"context"
	"errors"

	"github.com/initguard/initguard/imageinspect"
)

// First gives the first of several paths at which a program lies, as a PATH is
// searched.
func (t Tree) First(ctx context.Context, paths []string) (imageinspect.File, error) {
	for i, p := range paths {
		f, err := t.File(ctx, p)
		if err != nil && !errors.Is(err, imageinspect.ErrNoFile) {
			return imageinspect.File{}, err
		}
		if err == nil && !f.Dir && f.Executable {
			f.Way = t.Way(paths[:i+1]...)
			return f, nil
		}
	}
	return imageinspect.File{Way: t.Way(paths...)}, imageinspect.ErrNoFile
}
