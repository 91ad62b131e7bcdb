package identity

import (
	"bytes"
	"encoding/binary"
)

// keyLength is how many bytes of a text are looked up at each place of a file.
const keyLength = 8

// index finds many texts in one pass, at about a nanosecond a byte: the first
// eight bytes of each are entered in a bitmap, and only where that says yes is
// anything compared.
type index struct {
	bits  [1 << 10]uint64
	texts map[uint64][]string
}

// newIndex enters texts, none of which is shorter than keyLength.
func newIndex(texts map[string]bool) *index {
	x := &index{texts: make(map[uint64][]string, len(texts))}
	for text := range texts {
		if len(text) < keyLength {
			continue // a test sees to it that no mark is so short
		}
		k := binary.LittleEndian.Uint64([]byte(text))
		x.texts[k] = append(x.texts[k], text)
		h := hash(k)
		x.bits[h>>6] |= 1 << (h & 63)
	}
	return x
}

// hash is 16 bits of k, spread by multiplication (Knuth, section 6.4).
func hash(k uint64) uint64 { return k * 0x9e3779b97f4a7c15 >> 48 }

// find calls found for each text that b holds, with where it begins in b.
func (x *index) find(b []byte, found func(text string, start int)) {
	for i := 0; i+keyLength <= len(b); i++ {
		k := binary.LittleEndian.Uint64(b[i:])
		h := hash(k)
		if x.bits[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, text := range x.texts[k] {
			if len(b)-i >= len(text) && string(b[i:i+len(text)]) == text {
				found(text, i)
			}
		}
	}
}

// maxVersion is the longest version, in bytes.
const maxVersion = 32

// versionAt is the version that begins b, such as 5.2.15 of "5.2.15(1)"; empty
// when b doesn't begin like one.
func versionAt(b []byte) string {
	n, digits := 0, false
	for n < len(b) && n <= maxVersion && isVersion(b[n]) {
		digits = digits || b[n] >= '0' && b[n] <= '9'
		n++
	}
	if !digits || n > maxVersion {
		return ""
	}
	return string(bytes.TrimRight(b[:n], ".-"))
}

func isVersion(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
		bytes.IndexByte([]byte(".+~/-"), c) >= 0
}

// maxFunction is how far the name of a function is looked for before a text in
// it, and behind its beginning, in bytes. It is less than what windows share.
const maxFunction = overlap / 2

// functionAt is the name of a Go function in the middle of which start lies;
// empty where none stands. Go's linker ends each with a zero byte.
func functionAt(b []byte, start int) string {
	first, end := start, start
	for first > max(0, start-maxFunction) && isVisible(b[first-1]) {
		first--
	}
	for end < min(len(b), start+maxFunction) && isVisible(b[end]) {
		end++
	}
	if end == len(b) || b[end] != 0 {
		return ""
	}
	return string(b[first:end])
}

func isVisible(c byte) bool { return c > ' ' && c <= '~' }

// holdsProgram is true when b holds the head of an ELF file. A program that
// carries another one carries its marks, too. Sixteen bytes alone prove
// nothing: a static program has them in its loader, to compare with.
func holdsProgram(b []byte) bool {
	for {
		i := bytes.Index(b, []byte(elfMagic))
		if i < 0 {
			return false
		}
		b = b[i:]
		if isHead(b) {
			return true
		}
		b = b[1:]
	}
}

// isHead is true when b begins with the first 24 bytes of a program's file.
func isHead(b []byte) bool {
	if len(b) < 24 || b[4] != class32 && b[4] != class64 || b[6] != currentVersion {
		return false
	}
	var order binary.ByteOrder
	switch b[5] {
	case littleEndian:
		order = binary.LittleEndian
	case bigEndian:
		order = binary.BigEndian
	default:
		return false
	}
	kind, machine, version := order.Uint16(b[16:]), order.Uint16(b[18:]), order.Uint32(b[20:])
	return (kind == typeExecutable || kind == typeDyn) && machine != 0 && version == currentVersion
}
