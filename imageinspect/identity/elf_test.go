package identity

import (
	"bytes"
	"encoding/binary"
)

// file is a small ELF file to be made.
type file struct {
	order binary.AppendByteOrder // little-endian by default
	is32  bool
	kind  uint16 // executable by default
	// texts and data are what it loads: read-only, and to be written to.
	texts, data string
	// after stands behind all that is loaded.
	after       string
	interpreter string
	notes       string
	// claims is added to the length that the last segment is said to have.
	claims uint64
}

// segment is a program header and where its bytes are.
type segment struct {
	kind, flags uint32
	bytes       string
}

// make lays the file out: head, program headers, segments.
func (f file) make() []byte {
	if f.order == nil {
		f.order = binary.LittleEndian
	}
	if f.kind == 0 {
		f.kind = typeExecutable
	}
	if f.texts == "" && f.data == "" {
		f.texts = "text"
	}
	segments := []segment{{segmentLoad, 4, f.texts}, {segmentLoad, 4 | flagWrite, f.data}}
	if f.interpreter != "" {
		segments = append(segments, segment{segmentInterp, 4, f.interpreter + "\x00"})
	}
	if f.notes != "" {
		segments = append(segments, segment{segmentNote, 4, f.notes})
	}
	size := header64 + segment64*len(segments)
	if f.is32 {
		size = header32 + segment32*len(segments)
	}
	size = (size + 15) &^ 15
	head := f.header(len(segments))
	var body []byte
	for i, s := range segments {
		offset, length := uint64(size+len(body)), uint64(len(s.bytes))
		if i == len(segments)-1 {
			length += f.claims
		}
		head = f.segment(head, s, offset, length)
		body = append(body, s.bytes...)
		body = append(body, make([]byte, -len(body)&15)...)
	}
	head = append(head, make([]byte, size-len(head))...)
	return append(append(head, body...), f.after...)
}

func (f file) header(segments int) []byte {
	class, data := byte(class64), byte(littleEndian)
	if f.is32 {
		class = class32
	}
	if f.order == binary.AppendByteOrder(binary.BigEndian) {
		data = bigEndian
	}
	b := append([]byte(elfMagic), class, data, currentVersion)
	b = append(b, make([]byte, 16-len(b))...)
	b = f.order.AppendUint16(b, f.kind)
	b = f.order.AppendUint16(b, 62) // EM_X86_64
	b = f.order.AppendUint32(b, currentVersion)
	if f.is32 {
		b = f.order.AppendUint32(b, 0)
		b = f.order.AppendUint32(b, header32)
		b = f.order.AppendUint32(b, 0)
		b = f.order.AppendUint32(b, 0)
		b = f.order.AppendUint16(b, header32)
		b = f.order.AppendUint16(b, segment32)
	} else {
		b = f.order.AppendUint64(b, 0)
		b = f.order.AppendUint64(b, header64)
		b = f.order.AppendUint64(b, 0)
		b = f.order.AppendUint32(b, 0)
		b = f.order.AppendUint16(b, header64)
		b = f.order.AppendUint16(b, segment64)
	}
	b = f.order.AppendUint16(b, uint16(segments))
	return append(b, make([]byte, 6)...)
}

func (f file) segment(b []byte, s segment, offset, length uint64) []byte {
	b = f.order.AppendUint32(b, s.kind)
	if f.is32 {
		for _, v := range []uint64{offset, 0, 0, length, length, uint64(s.flags), 16} {
			b = f.order.AppendUint32(b, uint32(v))
		}
		return b
	}
	b = f.order.AppendUint32(b, s.flags)
	for _, v := range []uint64{offset, 0, 0, length, length, 16} {
		b = f.order.AppendUint64(b, v)
	}
	return b
}

// note is one note in little-endian order.
func note(owner string, kind uint32, content string) string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(owner)+1))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(content)))
	b = binary.LittleEndian.AppendUint32(b, kind)
	b = append(append(b, owner...), 0)
	b = append(b, make([]byte, -len(b)&3)...)
	b = append(b, content...)
	return string(append(b, make([]byte, -len(b)&3)...))
}

// goData is what Go's linker writes into a program's data since 1.18.
func goData(version, modules string) string {
	b := append([]byte(buildMagic), 8, flagInline)
	b = append(b, make([]byte, buildHeader-len(b))...)
	b = append(binary.AppendUvarint(b, uint64(len(version))), version...)
	if modules != "" {
		modules = modulesStart + modules + modulesEnd
	}
	return string(append(binary.AppendUvarint(b, uint64(len(modules))), modules...))
}

// pointerData is the same before 1.18.
func pointerData() string {
	return buildMagic + "\x08\x00" + string(make([]byte, 16))
}

// rodata is texts as a compiler leaves them.
func rodata(texts ...string) string {
	var b bytes.Buffer
	for _, t := range texts {
		b.WriteString(t + "\x00")
	}
	return b.String()
}
