package registry

import (
	"encoding/binary"
	"encoding/hex"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect/rootfs"
)

// What is known of thousands of images is kept packed, each in one string: as
// structs of strings it takes twice the memory, and the collector looks at each
// of them. What is unpacked shares that string.

// sum is the bytes of a digest; the algorithms are told by their length. The
// zero value is that of the zero v1.Hash.
type sum string

// sumOf is "" for what is no digest.
func sumOf(digest v1.Hash) sum {
	raw, err := hex.DecodeString(digest.Hex)
	if err != nil {
		return ""
	}
	return sum(raw)
}

func (s sum) digest() v1.Hash {
	const sha512 = 64
	switch len(s) {
	case 0:
		return v1.Hash{}
	case sha512:
		return v1.Hash{Algorithm: "sha512", Hex: hex.EncodeToString([]byte(s))}
	default:
		return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString([]byte(s))}
	}
}

// packer appends what an unpacker reads in the same order.
type packer []byte

func (p *packer) number(n uint64) { *p = binary.AppendUvarint(*p, n) }

func (p *packer) word(s string) {
	p.number(uint64(len(s)))
	*p = append(*p, s...)
}

func (p *packer) list(words []string) {
	p.number(uint64(len(words)))
	for _, word := range words {
		p.word(word)
	}
}

func (p *packer) platform(of platform) {
	p.word(of.os)
	p.word(of.arch)
	p.word(of.variant)
}

// unpacker reads what a packer made, which is nothing foreign any more.
type unpacker string

func (u *unpacker) number() (n uint64) {
	for i := range len(*u) {
		b := (*u)[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			*u = (*u)[i+1:]
			break
		}
	}
	return n
}

func (u *unpacker) word() string {
	n := u.number()
	word := (*u)[:n]
	*u = (*u)[n:]
	return string(word)
}

func (u *unpacker) list() []string {
	n := u.number()
	if n == 0 {
		return nil
	}
	words := make([]string, n)
	for i := range words {
		words[i] = u.word()
	}
	return words
}

func (u *unpacker) platform() platform {
	return platform{os: u.word(), arch: u.word(), variant: u.word()}
}

func (f facts) pack() string {
	var p packer
	p.platform(f.platform)
	p.word(string(f.id))
	p.word(f.config.WorkingDir)
	p.word(f.config.User)
	p.list(f.config.Entrypoint)
	p.list(f.config.Cmd)
	p.list(f.config.Env)
	p.number(uint64(len(f.layers)))
	for _, l := range f.layers {
		p.number(uint64(l.refusal))
		p.number(uint64(l.size)) //nolint:gosec // It is not below zero: newLayerRef.
		p.word(string(l.sum))
	}
	return string(p)
}

func unpackFacts(packed string) (f facts) {
	u := unpacker(packed)
	f.platform = u.platform()
	f.id = sum(u.word())
	f.config.WorkingDir = u.word()
	f.config.User = u.word()
	f.config.Entrypoint = u.list()
	f.config.Cmd = u.list()
	f.config.Env = u.list()
	f.layers = make([]layerRef, u.number())
	for i := range f.layers {
		f.layers[i] = layerRef{
			refusal: rootfs.Refusal(u.number()), //nolint:gosec // It was one.
			size:    int64(u.number()),          //nolint:gosec // As above.
			sum:     sum(u.word()),
		}
	}
	return f
}

// pack leaves out the only entry of an image's own manifest, which has the
// digest that the image is remembered under.
func (t top) pack() string {
	var p packer
	if t.single {
		return ""
	}
	p.number(uint64(len(t.entries)))
	for _, e := range t.entries {
		p.platform(e.platform)
		p.word(string(sumOf(e.digest)))
		index := uint64(0)
		if e.index {
			index = 1
		}
		p.number(index)
	}
	return string(p)
}

func unpackTop(packed string, digest v1.Hash) top {
	if packed == "" {
		return newTop(digest, manifest{config: &v1.Hash{}})
	}
	u := unpacker(packed)
	t := top{digest: digest, entries: make([]entry, u.number())}
	for i := range t.entries {
		t.entries[i] = entry{platform: u.platform(), digest: sum(u.word()).digest(), index: u.number() == 1}
	}
	return t
}
