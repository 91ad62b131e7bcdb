package identity

import (
	"bytes"
	"encoding/hex"
)

// sight is what was seen of a program's file.
type sight struct {
	layout layout
	index  *index
	// marks are the texts that were found, versions what stood behind those
	// that a version follows.
	marks    map[string]bool
	versions map[string]string
	// functions are names of Go functions around texts.
	functions map[string]string
	// carries is true when the file holds another program.
	carries     bool
	interpreter capture
	notes       []*capture
	build       captures
	modules     captures
}

func newSight(l layout) *sight {
	texts := make(map[string]bool)
	for _, p := range programs() {
		p.texts(texts)
	}
	for _, r := range reapers() {
		texts[r] = true
	}
	s := &sight{
		layout: l, index: newIndex(texts),
		marks: make(map[string]bool), versions: make(map[string]string), functions: make(map[string]string),
		interpreter: captured(l.interpreter),
		build:       captures{text: []byte(buildMagic), align: buildAlign, most: maxBuild, count: 4},
		modules:     captures{text: []byte(modulesStart), align: 1, most: maxBuild, count: 2},
	}
	for _, n := range l.notes {
		c := captured(n)
		s.notes = append(s.notes, &c)
	}
	return s
}

// look takes in a window.
func (s *sight) look(w window) {
	s.interpreter.grow(w)
	for _, n := range s.notes {
		n.grow(w)
	}
	for _, l := range s.layout.loaded {
		part, at := w.part(l)
		s.index.find(part, func(text string, start int) {
			s.note(text, part, start)
		})
		s.modules.look(w, l)
		s.carries = s.carries || holdsProgram(afterHead(part, at))
	}
	for _, d := range s.layout.data {
		s.build.look(w, d)
	}
}

// note remembers a text that begins at start, and what stands around it. Where
// the window ends in the middle of a version, the next one shows a longer one.
func (s *sight) note(text string, part []byte, start int) {
	s.marks[text] = true
	if v := versionAt(part[start+len(text):]); len(v) > len(s.versions[text]) {
		s.versions[text] = v
	}
	if s.functions[text] == "" {
		s.functions[text] = functionAt(part, start)
	}
}

// afterHead is a part of the file without the file's own head.
func afterHead(part []byte, at int64) []byte {
	if at == 0 && len(part) > 0 {
		return part[1:]
	}
	return part
}

// conclude says what all of that means. A program that was not read to its end
// may be cut off: it is said to be none.
func (s *sight) conclude(whole bool) Identity {
	id := Identity{Whole: whole, Interpreter: s.readInterpreter()}
	notes := s.readNotes()
	id.BuildID = notes.buildID
	id.Go = s.readGo(notes.isGo)
	if whole {
		id.Program, id.Version = s.recognise(id)
	}
	return id
}

func (s *sight) readInterpreter() string {
	text, _, found := bytes.Cut(s.interpreter.bytes, []byte{0})
	if !found {
		return ""
	}
	return shown(string(text))
}

// maxShown is the longest text that is handed on, in bytes.
const maxShown = 256

// shown is a text of the file's, which is foreign, when it can be shown as it
// is; else empty.
func shown(text string) string {
	if len(text) > maxShown {
		return ""
	}
	for _, c := range []byte(text) {
		if !isVisible(c) && c != ' ' {
			return ""
		}
	}
	return text
}

// notes are what the file's notes say.
type notes struct {
	buildID string
	isGo    bool
}

// Notes of interest, by owner and type.
const (
	ownerGNU, typeBuildID = "GNU", 3 // elf.h: NT_GNU_BUILD_ID
	ownerGo, typeGoID     = "Go", 4  // cmd/link/internal/ld/elf.go: ELF_NOTE_GOBUILDID_TAG
	maxBuildID            = 64       // a hash; 20 bytes with GNU's linker
)

func (s *sight) readNotes() notes {
	var out notes
	for _, n := range s.notes {
		b := n.bytes
		for len(b) >= 12 {
			nameLength, length := int64(s.layout.order.Uint32(b)), int64(s.layout.order.Uint32(b[4:]))
			kind := s.layout.order.Uint32(b[8:])
			start := 12 + (nameLength+3)&^3
			end := start + length
			if end > int64(len(b)) {
				break
			}
			owner := string(bytes.TrimRight(b[12:12+nameLength], "\x00"))
			switch {
			case owner == ownerGNU && kind == typeBuildID && length <= maxBuildID && out.buildID == "":
				out.buildID = hex.EncodeToString(b[start:end])
			case owner == ownerGo && kind == typeGoID:
				out.isGo = true
			}
			b = b[min((end+3)&^3, int64(len(b))):]
		}
	}
	return out
}
