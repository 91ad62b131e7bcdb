package identity

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// span is a part of a file, in bytes from its start; end is exclusive.
type span struct{ start, end int64 }

// layout is where a program's file holds what matters.
type layout struct {
	// loaded is what is brought into memory, ascending and apart; data is the
	// part of it that the program may write to.
	loaded, data []span
	interpreter  span
	notes        []span
	order        binary.ByteOrder
	// end is where the last of all that ends.
	end int64
}

// Parts of an ELF file, from the specification:
// https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
const (
	elfMagic = "\x7fELF"

	class32, class64         = 1, 2
	littleEndian, bigEndian  = 1, 2
	currentVersion           = 1
	typeExecutable, typeDyn  = 2, 3
	segmentLoad              = 1
	segmentInterp            = 3
	segmentNote              = 4
	flagWrite                = 2
	header32, header64       = 52, 64
	segment32, segment64     = 32, 56
	maxSegments              = 128 // 15 is much already
	maxInterpreter, maxNotes = 4 << 10, 4 << 10
)

// parseLayout reads the ELF header and the program headers, which have to lie
// in head, the file's first bytes; false for anything else than a program.
func parseLayout(head []byte) (layout, bool) {
	if len(head) < header32 || string(head[:4]) != elfMagic || head[6] != currentVersion {
		return layout{}, false
	}
	var l layout
	switch head[5] {
	case littleEndian:
		l.order = binary.LittleEndian
	case bigEndian:
		l.order = binary.BigEndian
	default:
		return layout{}, false
	}
	if kind := l.order.Uint16(head[16:]); kind != typeExecutable && kind != typeDyn {
		return layout{}, false
	}
	var table int64
	var size, entry, count int
	switch {
	case head[4] == class64 && len(head) >= header64:
		table, size = place(l.order.Uint64(head[32:])), segment64
		entry, count = int(l.order.Uint16(head[54:])), int(l.order.Uint16(head[56:]))
	case head[4] == class32:
		table, size = int64(l.order.Uint32(head[28:])), segment32
		entry, count = int(l.order.Uint16(head[42:])), int(l.order.Uint16(head[44:]))
	}
	if entry < size || count > maxSegments || table+int64(entry*count) > int64(len(head)) {
		return layout{}, false
	}
	for ; count > 0; count-- {
		l.add(head[table:], size)
		table += int64(entry)
	}
	l.loaded, l.data = merge(l.loaded), merge(l.data)
	return l, len(l.loaded) > 0
}

// add enters one program header.
func (l *layout) add(header []byte, size int) {
	var flags uint32
	var offset, length int64
	if size == segment64 {
		flags = l.order.Uint32(header[4:])
		offset, length = place(l.order.Uint64(header[8:])), place(l.order.Uint64(header[32:]))
	} else {
		flags = l.order.Uint32(header[24:])
		offset, length = int64(l.order.Uint32(header[4:])), int64(l.order.Uint32(header[16:]))
	}
	if length == 0 {
		return
	}
	s := span{offset, offset + length}
	switch l.order.Uint32(header) {
	case segmentLoad:
		l.loaded = append(l.loaded, s)
		if flags&flagWrite != 0 {
			l.data = append(l.data, s)
		}
	case segmentInterp:
		s.end = min(s.end, s.start+maxInterpreter)
		l.interpreter = s
	case segmentNote:
		s.end = min(s.end, s.start+maxNotes)
		l.notes = append(l.notes, s)
	default:
		return
	}
	l.end = max(l.end, s.end)
}

// place is a place in a file or a length of it. Any that no file has is as good
// as the largest, of which two can be added.
func place(v uint64) int64 { return int64(min(v, 1<<62-1)) }

// merge sorts spans and joins those that touch.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.start <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}
