package responder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/initguard/initguard/scanner/node"
)

// decode reads an answer. It is a node's word, so it is bounded, in what it takes
// of memory too, and of a known version.
func decode(body io.Reader) (node.Answer, error) {
	raw, err := io.ReadAll(io.LimitReader(body, node.MaxAnswer))
	if err != nil {
		return node.Answer{}, fmt.Errorf("answer can't be read: %w", err)
	}
	if err := weigh(raw); err != nil {
		return node.Answer{}, fmt.Errorf("answer can't be read: %w", err)
	}
	var a node.Answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return node.Answer{}, fmt.Errorf("answer can't be read: %w", err)
	}
	if a.Version != node.Version {
		return node.Answer{}, fmt.Errorf("answer of version %d, not %d: scanner and responder differ", a.Version, node.Version)
	}
	return a, nil
}

var (
	errManyElements = errors.New("it has more containers and groups than a node tells")
	errManyKeys     = errors.New("it has more fields than a node tells")
)

// weigh is an error for JSON of more elements of lists, or of more names in
// objects, than an answer has. It keeps nothing of what it reads.
func weigh(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var within []json.Delim
	elements, words := 0, 0 // a name and a value are two words of an object
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil // whether it is whole is seen when it is read
		}
		if err != nil {
			return err
		}
		delim, _ := token.(json.Delim)
		if delim == ']' || delim == '}' {
			within = within[:len(within)-1]
			continue
		}
		if n := len(within); n > 0 && within[n-1] == '[' {
			elements++
		} else if n > 0 {
			words++
		}
		switch {
		case elements > node.MaxElements:
			return errManyElements
		case words > 2*node.MaxKeys:
			return errManyKeys
		case delim != 0:
			within = append(within, delim)
		}
	}
}
