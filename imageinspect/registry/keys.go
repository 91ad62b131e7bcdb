package registry

import (
	"crypto/sha256"
	"encoding/binary"
)

// id is what something is remembered under: a digest of the key, which is
// smaller than the key, and holds no string in memory.
type id [sha256.Size]byte

// idBytes is room for most keys, so that making an id allocates nothing.
const idBytes = 512

// idOf is an id that no other list of words has.
func idOf(words ...string) id {
	var room [idBytes]byte
	all := room[:0]
	for _, word := range words {
		all = binary.AppendUvarint(all, uint64(len(word)))
		all = append(all, word...)
	}
	return sha256.Sum256(all)
}

func (k accessKey) id() id {
	scheme := "https"
	if k.plainHTTP {
		scheme = "http"
	}
	return idOf(k.repository, string(k.creds), scheme, k.identifier)
}

func (k contentKey) id() id { return idOf(k.repository, k.digest.Algorithm, k.digest.Hex) }

func (k fileKey) id() id { return idOf(k.repository, k.digest.Algorithm, k.digest.Hex, k.path) }
