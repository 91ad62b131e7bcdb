package identity

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func mustRead(t *testing.T, content []byte) Identity {
	t.Helper()
	id, err := Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// sample is a file that holds all marks of a program.
func (p program) sample() file {
	f := file{texts: rodata(p.all...)}
	if p.golang {
		f.data = goData("go1.22.3", "")
	}
	return f
}

// TestEveryMarkCounts: each known program is recognised by its marks, and by
// no less.
func TestEveryMarkCounts(t *testing.T) {
	for _, p := range programs() {
		if id := mustRead(t, p.sample().make()); id.Program != p.name || !id.Whole {
			t.Errorf("%s: said to be %q", p.name, id.Program)
		}
		for i, mark := range p.all {
			f := p.sample()
			f.texts = rodata(slices.Delete(slices.Clone(p.all), i, i+1)...)
			if strings.Contains(f.texts, mark) {
				t.Errorf("%s: the mark %q is part of another", p.name, mark)
			}
			if id := mustRead(t, f.make()); id.Program != "" {
				t.Errorf("without %q it is said to be %s", mark, id.Program)
			}
		}
	}
}

// TestRowsAreComplete: a mark is long enough to be found, and one says little.
func TestRowsAreComplete(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range programs() {
		if seen[p.name] {
			t.Errorf("%s has two rows", p.name)
		}
		seen[p.name] = true
		if len(p.all) < 2 || p.most == 0 {
			t.Errorf("%s: too little evidence", p.name)
		}
		texts := make(map[string]bool)
		p.texts(texts)
		for text := range texts {
			if len(text) < keyLength || len(text)+maxVersion >= overlap {
				t.Errorf("%s: %q is too short or too long to be found", p.name, text)
			}
		}
	}
	for _, r := range reapers() {
		if len(r) < keyLength {
			t.Errorf("%q is too short to be found", r)
		}
	}
}

func TestVersions(t *testing.T) {
	tests := []struct{ name, text, version string }{
		{"tini", "tini version 0.19.0 - git.de40ad0", "0.19.0"},
		{"bash", "@(#)Bash version 5.2.15(1) release GNU", "5.2.15"},
		{"busybox", "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)", "1.35.0"},
		{"mksh", "KSH_VERSION=@(#)MIRBSD KSH R59 2023/04/29 +Debian", "R59"},
		{"ksh93", "@(#)$Id: Version AJM 93u+m/1.0.4 2022-10-22 $", "93u+m/1.0.4"},
		{"setpriv", "util-linux 2.38.1", "2.38.1"},
		{"dumb-init", "dumb-init v%.*s", ""},
		{"tini", "tini version " + strings.Repeat("9", 99), ""},
	}
	for _, tt := range tests {
		for _, p := range programs() {
			if p.name != tt.name {
				continue
			}
			f := p.sample()
			f.texts += rodata(tt.text)
			if id := mustRead(t, f.make()); id.Program != tt.name || id.Version != tt.version {
				t.Errorf("%q: %s %q, want %q", tt.text, id.Program, id.Version, tt.version)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	id := mustRead(t, file{
		interpreter: "/lib/ld-musl-x86_64.so.1",
		notes:       note("stapsdt", 3, "none of ours") + note("GNU", 3, "\xbe\x63\x97"),
	}.make())
	if want := (Identity{BuildID: "be6397", Interpreter: "/lib/ld-musl-x86_64.so.1", Whole: true}); id != want {
		t.Errorf("got %+v, want %+v", id, want)
	}
	for _, f := range []file{
		{is32: true, interpreter: "/lib/ld-linux.so.2"},
		{is32: true, order: binary.BigEndian, interpreter: "/lib/ld.so.1"},
		{order: binary.BigEndian, kind: typeDyn, interpreter: "/lib/ld64.so.1"},
	} {
		if id := mustRead(t, f.make()); id.Interpreter != f.interpreter || !id.Whole {
			t.Errorf("%+v: got %+v", f, id)
		}
	}
}

// TestOwnProgram reads this test, which Go built.
func TestOwnProgram(t *testing.T) {
	reapChildren()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	id, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	const here = "github.com/initguard/initguard"
	if id.Go == nil || id.Go.Version != strings.Fields(runtime.Version())[0] || id.Go.Module != here ||
		!strings.HasPrefix(id.Go.Package, here+"/imageinspect/identity") {
		t.Errorf("got %+v", id.Go)
	}
	if id.Go != nil && id.Go.Reaper != here+"/imageinspect/identity.reapChildren" {
		t.Errorf("reaper %q", id.Go.Reaper)
	}
	// It holds the marks of every program, as a scanner for them would.
	if id.Program != "" {
		t.Errorf("said to be %s", id.Program)
	}
}

// reapChildren is a function whose name says that it reaps.
//
//go:noinline
func reapChildren() {}

func TestGo(t *testing.T) {
	const modules = "path\tgithub.com/tianon/gosu\nmod\tgithub.com/tianon/gosu\t(devel)\t\n"
	tests := []struct {
		name string
		file file
		want GoBuild
	}{
		{"a module", file{data: goData("go1.22.3", modules)},
			GoBuild{Version: "go1.22.3", Module: "github.com/tianon/gosu", Package: "github.com/tianon/gosu"}},
		{"no module", file{data: goData("go1.22.3", "")}, GoBuild{Version: "go1.22.3"}},
		{"a broken list of modules", file{data: goData("go1.22.3", "path")}, GoBuild{Version: "go1.22.3"}},
		{"a magic that is none first", file{data: buildMagic + "\x08\x02" + strings.Repeat("\xff", 32) + goData("go1.22.3", "")},
			GoBuild{Version: "go1.22.3"}},
		{"Go before 1.18", file{texts: "x" + modulesStart + modules + modulesEnd, data: pointerData()},
			GoBuild{Module: "github.com/tianon/gosu", Package: "github.com/tianon/gosu"}},
		{"Go before 1.18 with another one's modules", file{
			texts: modulesStart + modules + modulesEnd + modulesStart + modules + modulesEnd, data: pointerData(),
		}, GoBuild{}},
		{"a note alone", file{notes: note("Go", 4, "an id")}, GoBuild{}},
		{"a linked reaper", file{
			texts: "\x00" + rodata("runtime.main", "github.com/ramr/go-reaper.reapChildren", "main.main"),
			data:  goData("go1.22.3", ""),
		}, GoBuild{Version: "go1.22.3", Reaper: "github.com/ramr/go-reaper.reapChildren"}},
		{"a sentence about one", file{
			texts: rodata("call github.com/ramr/go-reaper.reapChildren first"), data: goData("go1.22.3", ""),
		}, GoBuild{Version: "go1.22.3"}},
	}
	for _, tt := range tests {
		id := mustRead(t, tt.file.make())
		if id.Go == nil || *id.Go != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, id.Go, tt.want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	broken := errors.New("broken")
	content := file{texts: strings.Repeat("x", 3*chunkSize)}.make()
	for _, n := range []int{0, 10, chunkSize, chunkSize + 10} {
		r := io.MultiReader(bytes.NewReader(content[:n]), iotest.ErrReader(broken))
		if id, err := Read(r); !errors.Is(err, broken) || id != (Identity{}) {
			t.Errorf("after %d bytes: %+v, %v", n, id, err)
		}
	}
	if id, err := Read(iotest.OneByteReader(bytes.NewReader(content))); err != nil || !id.Whole {
		t.Errorf("byte by byte: %+v, %v", id, err)
	}
}

// endless counts what is read of it.
type endless struct{ n int64 }

func (e *endless) Read(b []byte) (int, error) {
	clear(b)
	e.n += int64(len(b))
	return len(b), nil
}

// TestBounds: no more is read than the file loads, and never more than the
// bound.
func TestBounds(t *testing.T) {
	const most = 1 << 20
	for _, tt := range []struct {
		claims uint64
		whole  bool
	}{{0, true}, {most / 2, true}, {1 << 40, false}} {
		tail := &endless{}
		head := file{data: "data", claims: tt.claims}.make()
		id, err := read(io.MultiReader(bytes.NewReader(head), tail), most)
		if err != nil || id.Whole != tt.whole {
			t.Errorf("%d bytes more: %+v, %v", tt.claims, id, err)
		}
		if tail.n > most+chunkSize || tail.n > int64(tt.claims)+2*chunkSize {
			t.Errorf("%d bytes more: read %d", tt.claims, tail.n)
		}
	}
}

// TestMemory: a file that asks for much to be kept gets little.
func TestMemory(t *testing.T) {
	long := buildMagic + "\x08\x02" + strings.Repeat("\x00", 16) + "\xff\xff\xff\x7f"
	f := file{
		texts: strings.Repeat(modulesStart+strings.Repeat("x", mib), 4),
		data:  strings.Repeat(long+strings.Repeat("\x00", -len(long)&15)+strings.Repeat("x", 2*mib), 4),
		notes: strings.Repeat("x", mib), interpreter: strings.Repeat("x", mib),
	}
	s, err := open(bytes.NewReader(f.make()))
	if err != nil || s == nil {
		t.Fatal(s, err)
	}
	seen := newSight(s.layout)
	if _, err := s.read(MaxBytes, seen.look); err != nil {
		t.Fatal(err)
	}
	kept := slices.Concat(seen.build.found, seen.modules.found, seen.notes, []*capture{&seen.interpreter})
	sum := 0
	for _, c := range kept {
		sum += cap(c.bytes)
	}
	if sum > 2*mib+maxSegments*maxNotes || len(seen.build.found) != 4 || len(seen.modules.found) != 2 {
		t.Errorf("%d builds, %d lists of modules, %d bytes kept", len(seen.build.found), len(seen.modules.found), sum)
	}
	if id := seen.conclude(true); id != (Identity{Whole: true}) {
		t.Errorf("got %+v", id)
	}
}

// TestTextsAreShown: nothing that would garble a message is handed on.
func TestTextsAreShown(t *testing.T) {
	f := file{interpreter: "/lib/ld\n.so", data: goData("go1.22\x1b[31m", "path\tm\xe4in\nmod\tmain\tv1\t\n")}
	id := mustRead(t, f.make())
	if id.Interpreter != "" || id.Go == nil || *id.Go != (GoBuild{Module: "main"}) {
		t.Errorf("got %+v, %+v", id, id.Go)
	}
}

// TestWindows: a mark is found wherever the boundary between two reads falls.
func TestWindows(t *testing.T) {
	mark := rodata("tini version 0.19.0") + rodata(inits()[0].all...)
	for shift := range len(mark) + 40 {
		f := file{texts: strings.Repeat("x", chunkSize-header64-4*segment64-shift) + mark}
		if id := mustRead(t, f.make()); id.Program != "tini" || id.Version != "0.19.0" {
			t.Fatalf("%d bytes before the boundary: %+v", shift, id)
		}
		g := file{data: strings.Repeat("x", (chunkSize-header64-4*segment64-shift)&^15) + goData("go1.22.3", "")}
		if id := mustRead(t, g.make()); id.Go == nil || id.Go.Version != "go1.22.3" {
			t.Fatalf("Go %d bytes before the boundary: %+v", shift, id)
		}
	}
}
