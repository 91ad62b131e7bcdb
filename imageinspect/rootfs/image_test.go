package rootfs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// Short names for the parts of a layer.
var (
	program  = imagetest.Program
	data     = imagetest.Data
	dir      = imagetest.Dir
	symlink  = imagetest.Symlink
	hardLink = imagetest.HardLink
	hidden   = imagetest.Whiteout
	emptied  = imagetest.Opaque
	files    = imagetest.Files
)

func TestFile(t *testing.T) {
	base := files(dir("bin/"), program("bin/sh", "shell"), dir("etc/"), data("etc/os-release", "ID=test"))
	for _, tc := range []struct {
		name   string
		layers []imagetest.Layer // lowest first
		path   string
		want   string
	}{
		{"one layer", []imagetest.Layer{base}, "/bin/sh", "/bin/sh=shell"},
		{"nothing", nil, "/bin/sh", "none"},
		{"not there", []imagetest.Layer{base}, "/bin/bash", "none"},
		{"a folder", []imagetest.Layer{base}, "/bin", "/bin/"},
		{"the root", nil, "/", "//"},
		{"below a file", []imagetest.Layer{base}, "/bin/sh/x", "none"},
		{"upper goes before lower", []imagetest.Layer{base, files(program("bin/sh", "other"))}, "/bin/sh", "/bin/sh=other"},
		{"under other layers", []imagetest.Layer{base, files(data("a", "")), files(data("b", ""))}, "/bin/sh", "/bin/sh=shell"},
		{"whiteout", []imagetest.Layer{base, files(hidden("bin/sh"))}, "/bin/sh", "none"},
		{"whiteout of the folder", []imagetest.Layer{base, files(hidden("bin"))}, "/bin/sh", "none"},
		{"whiteout of another", []imagetest.Layer{base, files(hidden("bin/bash"))}, "/bin/sh", "/bin/sh=shell"},
		{"whiteout, then made anew", []imagetest.Layer{base, files(hidden("bin/sh")), files(program("bin/sh", "new"))}, "/bin/sh", "/bin/sh=new"},
		{"whiteout beside the new file", []imagetest.Layer{base, files(hidden("bin/sh"), program("bin/sh", "new"))}, "/bin/sh", "/bin/sh=new"},
		{"whiteout of the folder beside a new one", []imagetest.Layer{base, files(hidden("bin"), dir("bin"), program("bin/a", "new"))}, "/bin/sh", "none"},
		{"opaque", []imagetest.Layer{base, files(dir("bin"), emptied("bin"))}, "/bin/sh", "none"},
		{"opaque hides lower layers only", []imagetest.Layer{base, files(dir("bin"), program("bin/sh", "new"), emptied("bin"))}, "/bin/sh", "/bin/sh=new"},
		{"opaque folder is there", []imagetest.Layer{base, files(emptied("bin"))}, "/bin", "/bin/"},
		{"opaque root", []imagetest.Layer{base, files(emptied("."), data("a", ""))}, "/bin/sh", "none"},
		{"opaque elsewhere", []imagetest.Layer{base, files(emptied("etc"))}, "/bin/sh", "/bin/sh=shell"},
		{"names of AUFS", []imagetest.Layer{base, files(data(".wh..wh.aufs", ""), data("bin/.wh..wh.plnk", ""), data("bin/.wh.", ""), data("bin/.wh...", ""))}, "/bin/sh", "/bin/sh=shell"},
		{"a file over a folder", []imagetest.Layer{base, files(data("bin", "file"))}, "/bin/sh", "none"},
		{"a folder over a file", []imagetest.Layer{files(data("bin", "file")), base}, "/bin/sh", "/bin/sh=shell"},
		{"a folder over a file over a folder", []imagetest.Layer{base, files(data("bin", "file")), files(dir("bin"))}, "/bin/sh", "none"},
		{"a folder over a symlink", []imagetest.Layer{files(symlink("bin", "usr/bin"), program("usr/bin/a", "a")), base}, "/bin/a", "none"},
		{"a symlink over a folder", []imagetest.Layer{base, files(symlink("bin", "usr/bin"), program("usr/bin/sh", "new"))}, "/bin/sh", "/usr/bin/sh=new"},
		{"usr-merge", []imagetest.Layer{files(symlink("bin", "usr/bin"), program("usr/bin/dash", "dash"), symlink("usr/bin/sh", "dash"))}, "/bin/sh", "/usr/bin/dash=dash"},
		{"usr-merge over layers", []imagetest.Layer{files(symlink("bin", "usr/bin"), symlink("usr/bin/sh", "dash")), files(program("usr/bin/dash", "dash"))}, "/bin/sh", "/usr/bin/dash=dash"},
		{"absolute symlink", []imagetest.Layer{base, files(symlink("sh", "/bin/sh"))}, "/sh", "/bin/sh=shell"},
		{"symlink upwards", []imagetest.Layer{base, files(symlink("a/b/sh", "../../bin/sh"))}, "/a/b/sh", "/bin/sh=shell"},
		{"symlink out of the root", []imagetest.Layer{base, files(symlink("sh", "../../../bin/./sh"))}, "/sh", "/bin/sh=shell"},
		{"symlink through a missing folder", []imagetest.Layer{base, files(symlink("sh", "none/../bin/sh"))}, "/sh", "none"},
		{"symlink to nothing", []imagetest.Layer{base, files(symlink("sh", "bin/ksh"))}, "/sh", "none"},
		{"empty symlink", []imagetest.Layer{base, files(symlink("sh", ""))}, "/sh", "none"},
		{"symlink to a folder", []imagetest.Layer{base, files(symlink("b", "bin/"))}, "/b", "/bin/"},
		{"chain over layers", []imagetest.Layer{base, files(symlink("b", "c")), files(symlink("c", "a/x")), files(symlink("a", "/")), files(symlink("x", "bin"))}, "/b/sh", "/bin/sh=shell"},
		{"symlink loop", []imagetest.Layer{files(symlink("a", "b"), symlink("b", "a"))}, "/a", "not read: more than 40 symlinks on the way to a file"},
		{"symlink to itself", []imagetest.Layer{files(symlink("a", "a/b"))}, "/a", "not read: more than 40 symlinks on the way to a file"},
		{"symlink that grows", []imagetest.Layer{files(symlink("a", strings.Repeat("a/", 1000)))}, "/a", "not read: a path is longer than 4096 bytes"},
		{"hard link", []imagetest.Layer{files(program("bin/[", "busybox"), hardLink("bin/sh", "bin/["))}, "/bin/sh", "/bin/sh=busybox"},
		{"hard link stays in its layer", []imagetest.Layer{files(program("a", "old"), hardLink("b", "a")), files(program("a", "new"))}, "/b", "/b=old"},
		{"hard link to a hard link", []imagetest.Layer{files(program("a", "x"), hardLink("b", "./a"), hardLink("c", "/b"))}, "/c", "/c=x"},
		{"hard link to a symlink", []imagetest.Layer{files(program("x/a", "x"), program("y/a", "y"), symlink("x/l", "a"), hardLink("y/l", "x/l"))}, "/y/l", "/y/a=y"},
		{"hard link into another layer", []imagetest.Layer{base, files(hardLink("sh", "bin/sh"))}, "/sh", "not read: a hard link leads to a file that is not in its layer"},
		{"later duplicate wins", []imagetest.Layer{files(program("a", "1"), program("a", "2"))}, "/a", "/a=2"},
		{"file, then symlink", []imagetest.Layer{files(program("a", "1"), program("b", "2"), symlink("a", "b"))}, "/a", "/b=2"},
		{"symlink, then file", []imagetest.Layer{files(symlink("a", "b"), program("b", "2"), program("a", "1"))}, "/a", "/a=1"},
		{"folder, then file", []imagetest.Layer{files(program("a/b", "1"), data("a", "2"))}, "/a/b", "none"},
		{"below a symlink of the layer", []imagetest.Layer{files(symlink("bin", "usr/bin"), program("bin/x", "x"))}, "/usr/bin/x", "/usr/bin/x=x"},
		{"whiteout below a symlink of the layer", []imagetest.Layer{files(symlink("bin", "usr/bin"), program("usr/bin/x", "x")), files(symlink("bin", "usr/bin"), hidden("bin/x"))}, "/bin/x", "none"},
		{"odd names", []imagetest.Layer{files(dir("./"), dir("./bin/"), program("./bin//sh", "odd"))}, "/bin/sh", "/bin/sh=odd"},
		{"name that leaves the root", []imagetest.Layer{files(program("../../bin/sh", "odd"))}, "/bin/sh", "/bin/sh=odd"},
		{"absolute name", []imagetest.Layer{files(program("/bin/sh", "odd"))}, "/bin/sh", "/bin/sh=odd"},
		{"trailing slash in the question", []imagetest.Layer{base}, "/bin/../bin/sh/", "/bin/sh=shell"},
		{"binary", []imagetest.Layer{files(program("a", "a\x00b"))}, "/a", "/a="},
		{"long script", []imagetest.Layer{files(program("a", strings.Repeat("#", imageinspect.MaxText+1)))}, "/a", "not read: the file is longer than 1024 KiB: file not read"},
		{"zstd", []imagetest.Layer{{Entries: base.Entries, Stored: types.OCILayerZStd}}, "/bin/sh", "/bin/sh=shell"},
		{"plain", []imagetest.Layer{{Entries: base.Entries, Stored: types.OCIUncompressedLayer}}, "/bin/sh", "/bin/sh=shell"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			im := image(t, &meter{}, Bounds{}, tc.layers...)
			if got := said(im.File(t.Context(), tc.path)); got != tc.want {
				t.Errorf("File(%s) = %q, want %q", tc.path, got, tc.want)
			}
			// Asked again it costs nothing.
			if got := said(im.File(ended(), tc.path)); got != tc.want {
				t.Errorf("asked again: %q", got)
			}
			if f, ok := im.Known(tc.path); ok != (tc.want[0] == '/') || ok && said(f, nil) != tc.want {
				t.Errorf("Known(%s) = %v, %v", tc.path, f, ok)
			}
		})
	}
}

// ended is a context with which nothing can be read.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestAttributes(t *testing.T) {
	im := image(t, &meter{}, Bounds{}, files(program("p", "#!/bin/sh"), data("d", "text"), program("e", "\x7fELF")))
	for path, want := range map[string]imageinspect.File{
		"/p": {Path: "/p", Executable: true, Size: 9, Text: "#!/bin/sh"},
		"/d": {Path: "/d", Size: 4, Text: "text"},
	} {
		want.Asked = path
		if got, err := im.File(t.Context(), path); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %+v, %v; want %+v", path, got, err, want)
		}
	}
	if got, err := im.File(t.Context(), "/e"); err != nil || got.Program == nil {
		t.Errorf("/e = %+v, %v; want a program", got, err)
	}
}

// large is a layer that can't be read to its end by the way.
func large(first ...imagetest.Entry) imagetest.Layer {
	for i := range 40 {
		first = append(first, data(fmt.Sprintf("zz/%02d", i), noise(64<<10, uint64(i))))
	}
	return files(first...)
}

// TestReadsNoFurther: streams are cut as soon as the answer went by, and layers
// below are not touched.
func TestReadsNoFurther(t *testing.T) {
	var m meter
	im := image(t, &m, Bounds{}, large(program("low", "")), large(program("a", "#!/bin/sh"), program("b", "\x7fELF")))
	if got := said(im.File(t.Context(), "/a")); got != "/a=#!/bin/sh" {
		t.Fatal(got)
	}
	if n := m.read.Load(); n > 2*bufferSize || m.opened.Load() != 1 {
		t.Errorf("%d bytes of %d layers were read", n, m.opened.Load())
	}
	// What was not read yet is not known to be missing.
	if _, ok := im.Known("/low"); ok {
		t.Error("/low is known")
	}
	before := m.read.Load()
	if got := said(im.File(t.Context(), "/none")); got != "none" {
		t.Error(got)
	}
	// Now all is known but contents.
	for path, want := range map[string]string{"/none2": "none", "/zz": "/zz/", "/zz/none": "none", "/a": "/a=#!/bin/sh"} {
		if got := said(im.File(ended(), path)); got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
	if m.opened.Load() != 3 || m.read.Load()-before < 4<<20 {
		t.Errorf("%d bytes of %d layers were read", m.read.Load(), m.opened.Load())
	}
}

// TestKeepsWhatIsLikely: what is often asked next is there when it went by.
func TestKeepsWhatIsLikely(t *testing.T) {
	var m meter
	im := image(t, &m, Bounds{}, large(
		dir("bin"), program("bin/dash", "\x7fELF"), symlink("bin/sh", "dash"), program("bin/other", "\x7fELF"),
		data("etc/debian_version", "12"), data("etc/os-release", "ID=debian"), data("etc/passwd", "root"),
		program("run.sh", "#!/bin/sh"), program("app/node_modules/x/run.sh", "#!/bin/sh"), program("text", "no script"),
		program("z", "#!/bin/bash"),
	))
	if got := said(im.File(t.Context(), "/z")); got != "/z=#!/bin/bash" {
		t.Fatal(got)
	}
	for path, want := range map[string]bool{
		"/bin/sh": true, "/bin/dash": true, "/etc/os-release": true, "/etc/debian_version": true, "/run.sh": true,
		"/bin/other": false, "/etc/passwd": false, "/app/node_modules/x/run.sh": false, "/text": false, "/none": false,
	} {
		if _, ok := im.Known(path); ok != want {
			t.Errorf("Known(%s) = %v", path, ok)
		}
	}
	if m.opened.Load() != 1 {
		t.Errorf("%d layers were opened", m.opened.Load())
	}
}

// TestHardLinkCostsASecondReading: the content went by before anyone knew.
func TestHardLinkCostsASecondReading(t *testing.T) {
	var m meter
	im := image(t, &m, Bounds{}, large(program("bin/[", "\x7fELF"), hardLink("bin/sh", "bin/[")))
	if f, err := im.File(t.Context(), "/bin/sh"); err != nil || f.Path != "/bin/sh" || f.Program == nil {
		t.Errorf("%+v, %v", f, err)
	}
	if m.opened.Load() != 2 || m.read.Load() > 4*bufferSize {
		t.Errorf("%d bytes of %d layers were read", m.read.Load(), m.opened.Load())
	}
}

func TestFirst(t *testing.T) {
	layers := []imagetest.Layer{
		files(program("usr/local/bin/tool", "local"), program("usr/bin/app", "low")),
		files(dir("sbin/app"), data("usr/sbin/app", "no program"), program("bin/app", "app"), program("usr/bin/tool", "tool")),
	}
	for _, tc := range []struct{ paths, want string }{
		{"/sbin/app /usr/sbin/app /bin/app /usr/bin/app", "/bin/app=app"},
		{"/usr/bin/app /bin/app", "/bin/app=app"}, // the upper layer first
		{"/usr/local/bin/tool /usr/bin/tool", "/usr/bin/tool=tool"},
		{"/none/app /usr/bin/app", "/usr/bin/app=low"},
		{"/sbin/app /usr/sbin/app", "none"},
		{"/none", "none"},
		{"", "none"},
	} {
		im := image(t, &meter{}, Bounds{}, layers...)
		for range 2 {
			if got := said(im.First(t.Context(), strings.Fields(tc.paths))); got != tc.want {
				t.Errorf("First(%s) = %q, want %q", tc.paths, got, tc.want)
			}
		}
	}
}

// TestManyAtOnce: whoever asks while a layer is read waits for that reading.
func TestManyAtOnce(t *testing.T) {
	var m meter
	im := image(t, &m, Bounds{}, large(program("bin/a", "a"), program("bin/b", "b")), large(data("x", "x")))
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			path := []string{"/none", "/none/b", "/bin/none", "/zz/none"}[i%4]
			if got := said(im.File(t.Context(), path)); got != "none" {
				t.Errorf("%s = %q", path, got)
			}
			im.Known("/bin/a")
		})
	}
	all.Wait()
	if m.opened.Load() != 2 {
		t.Errorf("%d layers were opened, want each once", m.opened.Load())
	}
}

func TestContextEnds(t *testing.T) {
	var m meter
	im := image(t, &m, Bounds{}, files(program("a", "a")))
	_, err := im.File(ended(), "/a")
	if !errors.Is(err, context.Canceled) || errors.Is(err, imageinspect.ErrNotRead) {
		t.Errorf("error = %v", err)
	}
	im.turn <- struct{}{} // someone else is reading
	if _, err := im.File(ended(), "/a"); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	<-im.turn
	// Nothing is wrong with the image afterwards.
	if got := said(im.File(t.Context(), "/a")); got != "/a=a" {
		t.Error(got)
	}
}
