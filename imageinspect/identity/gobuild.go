package identity

import (
	"bytes"
	"encoding/binary"
	"runtime/debug"
	"strings"
)

// What Go's linker writes about a build, at a multiple of 16 in the writable
// data, as debug/buildinfo of the standard library reads it: this magic, the
// size of a pointer, flags; since Go 1.18 flag 2 is set and two texts follow
// at byte 32, each after its length as a varint: Go's version and the modules.
// Before 1.18 pointers to the texts follow, back to what a stream has shown
// already: then the modules alone are read, which stand between two sentinels
// among the program's other texts (cmd/go/internal/modload.infoStart, infoEnd).
const (
	buildMagic   = "\xff Go buildinf:"
	buildAlign   = 16
	buildHeader  = 32
	flagInline   = 2
	modulesStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	modulesEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
	// maxBuild is the most that is read of all that, in bytes. A server of
	// Kubernetes writes some 20 KiB.
	maxBuild = 256 << 10
)

// readGo says what Go wrote; nil for a program that Go did not build. A note
// of Go's is enough, since what else it wrote may not be readable.
func (s *sight) readGo(noted bool) *GoBuild {
	var out *GoBuild
	for _, c := range s.build.found {
		if out = s.parseBuild(c.bytes); out != nil {
			break
		}
	}
	if out == nil && noted {
		out = &GoBuild{}
	}
	if out == nil {
		return nil
	}
	for _, r := range reapers() {
		if out.Reaper = s.functions[r]; out.Reaper != "" {
			break
		}
	}
	return out
}

// parseBuild reads a build's header; nil when it is none.
func (s *sight) parseBuild(b []byte) *GoBuild {
	if len(b) < buildHeader {
		return nil
	}
	pointer, flags := b[len(buildMagic)], b[len(buildMagic)+1]
	if flags&flagInline == 0 {
		if pointer != 4 && pointer != 8 {
			return nil
		}
		out := &GoBuild{}
		if found := s.modules.found; len(found) == 1 {
			text, _, _ := bytes.Cut(found[0].bytes, []byte(modulesEnd))
			out.readModules(string(text) + modulesEnd)
		}
		return out
	}
	version, rest, ok := cutText(b[buildHeader:])
	if !ok || !strings.HasPrefix(version, "go") && !strings.HasPrefix(version, "devel") {
		return nil
	}
	out := &GoBuild{Version: shown(version)}
	if modules, _, ok := cutText(rest); ok {
		out.readModules(modules)
	}
	return out
}

// cutText cuts a text off b that its length precedes.
func cutText(b []byte) (text string, rest []byte, ok bool) {
	length, n := binary.Uvarint(b)
	if n <= 0 {
		return "", nil, false
	}
	b = b[n:]
	if length > uint64(len(b)) {
		return "", nil, false
	}
	return string(b[:length]), b[length:], true
}

// readModules reads the text about modules, sentinels and all.
func (g *GoBuild) readModules(text string) {
	inner, found := strings.CutPrefix(text, modulesStart)
	inner, ended := strings.CutSuffix(inner, modulesEnd)
	if !found || !ended {
		return
	}
	info, err := debug.ParseBuildInfo(inner)
	if err != nil {
		return
	}
	g.Module, g.Package = shown(info.Main.Path), shown(info.Path)
}
