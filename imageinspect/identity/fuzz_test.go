package identity

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzRead: no file makes it panic, what it says fits what it read, and it says
// the same of the same file whatever stands behind.
func FuzzRead(f *testing.F) {
	for _, p := range programs() {
		f.Add(p.sample().make())
	}
	f.Add(file{is32: true, order: binary.BigEndian, interpreter: "/lib/ld.so.1"}.make())
	f.Add(file{notes: note("GNU", 3, "an id") + note("Go", 4, "another")}.make())
	f.Add(file{data: goData("go1.22.3", "path\tmain\nmod\tmain\tv1.0.0\t\n"), claims: 1 << 62}.make())
	f.Add(file{texts: rodata("", "main.reapChildren") + modulesStart + modulesEnd, data: pointerData()}.make())
	f.Add([]byte("#!/bin/sh\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		id, err := Read(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if id.Program != "" && !id.Whole {
			t.Errorf("%s, of half a file", id.Program)
		}
		texts := []string{id.Program, id.Version, id.BuildID, id.Interpreter}
		if id.Go != nil {
			texts = append(texts, id.Go.Version, id.Go.Module, id.Go.Package, id.Go.Reaper)
		}
		for _, text := range texts {
			if shown(text) != text {
				t.Errorf("%q can't be shown", text)
			}
		}
		if !id.Whole {
			return
		}
		again, err := Read(bytes.NewReader(append(bytes.Clone(content), "more"...)))
		if err != nil || !same(id, again) {
			t.Errorf("%+v, and with more behind %+v, %v", id, again, err)
		}
	})
}

func same(a, b Identity) bool {
	if (a.Go == nil) != (b.Go == nil) || a.Go != nil && *a.Go != *b.Go {
		return false
	}
	a.Go, b.Go = nil, nil
	return a == b
}
