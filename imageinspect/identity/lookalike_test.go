package identity

import (
	"slices"
	"strings"
	"testing"
)

// TestLookAlikes: files that hold what an init holds, and are none. To take one
// of them for an init is the worst that this package can do.
func TestLookAlikes(t *testing.T) {
	tini := rodata(find(t, "tini").all...) + rodata("tini version 0.19.0")
	embedded := string(file{texts: tini}.make())
	tests := []struct {
		name string
		file file
		want string
	}{
		{"a program that mentions tini", file{texts: rodata("tini", "tini version 0.19.0", "/usr/bin/tini", "TINI_SUBREAPER")}, ""},
		{"true, called tini", file{texts: rodata("Usage: %s [ignored command line arguments]")}, ""},
		{"texts behind what is loaded, as in .comment", file{after: tini}, ""},
		{"a Go program with the texts", file{texts: tini, data: goData("go1.22.3", "")}, ""},
		{"an old Go program with the texts", file{texts: tini, data: pointerData()}, ""},
		{"a Go program whose build can't be read", file{texts: tini, notes: note("Go", 4, "an id")}, ""},
		{"a large program", file{texts: tini + strings.Repeat("x", 2*mib)}, ""},
		{"a program that carries tini", file{texts: rodata("an installer") + embedded}, ""},
		{"one that carries it in its data", file{data: embedded}, ""},
		{"the head of a file in a loader", file{texts: tini + "\x7fELF\x02\x01\x01\x00" + strings.Repeat("\x00", 32)}, "tini"},
		{"tini and dumb-init in one", file{texts: tini + rodata(find(t, "dumb-init").all...)}, ""},
		{"an object file", file{kind: 1, texts: tini}, ""},
		{"a core dump", file{kind: 4, texts: tini}, ""},
		{"busybox that mentions tini", file{texts: rodata(find(t, "busybox").all...) + rodata("tini version 0.19.0")}, "busybox"},
		{"catatonit, which calls itself tini", file{texts: rodata(find(t, "catatonit").all...) + rodata("tini version %s_%s")}, "catatonit"},
		{"klibc's sh, which descends from dash", file{
			texts: rodata(find(t, "dash").all...), interpreter: "/lib/klibc-BYbXLcVn0oBCXSsfIsSdPVk6D3M.so",
		}, ""},
		{"busybox with dash's texts", file{texts: rodata(find(t, "dash").all...) + rodata(find(t, "busybox").all...)}, "busybox"},
		{"the compiler of ksh93", file{texts: rodata(find(t, "ksh93").all...) + rodata("[+NAME?shcomp - compile a shell script]")}, ""},
		{"a Go program of another name with gosu's texts", file{
			texts: rodata(find(t, "gosu").all...), data: goData("go1.22.3", "path\texample.com/other\n"),
		}, ""},
		{"gosu without its texts", file{data: goData("go1.22.3", "path\tgithub.com/tianon/gosu\n")}, "gosu"},
		{"gosu's texts in a program that Go did not build", file{texts: rodata(find(t, "gosu").all...)}, ""},
		{"gosu built from a file", file{
			texts: rodata(find(t, "gosu").all...), data: goData("go1.22.3", "path\tcommand-line-arguments\n"),
		}, "gosu"},
	}
	for _, tt := range tests {
		if id := mustRead(t, tt.file.make()); id.Program != tt.want {
			t.Errorf("%s: said to be %q, want %q", tt.name, id.Program, tt.want)
		}
	}
	if id := mustRead(t, []byte("#!/bin/sh\n# "+tini)); id != (Identity{}) {
		t.Errorf("a script: %+v", id)
	}
}

func find(t *testing.T, name string) program {
	t.Helper()
	all := programs()
	i := slices.IndexFunc(all, func(p program) bool { return p.name == name })
	if i < 0 {
		t.Fatalf("no program %s", name)
	}
	return all[i]
}

// TestTruncated: a file that ends too early is no program that anyone can run,
// so it is no init either.
func TestTruncated(t *testing.T) {
	whole := file{texts: rodata(find(t, "tini").all...), data: "data"}.make()
	end := strings.LastIndex(string(whole), "data") + len("data")
	for n := range whole {
		id := mustRead(t, whole[:n])
		if n < end && (id.Program != "" || id.Whole) {
			t.Fatalf("%d of %d bytes: %+v", n, len(whole), id)
		}
		if n >= end && id.Program != "tini" {
			t.Fatalf("%d of %d bytes: %+v", n, len(whole), id)
		}
	}
}
