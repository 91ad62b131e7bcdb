package identity

import "bytes"

// capture is a piece of the file that is kept: it begins at a place and grows
// with the windows that follow.
type capture struct {
	at    int64 // where it begins in the file
	bytes []byte
	most  int
}

// grow adds what w shows behind the bytes that are there.
func (c *capture) grow(w window) {
	next := c.at + int64(len(c.bytes))
	more, start := w.part(span{next, c.at + int64(c.most)})
	if start == next {
		c.bytes = append(c.bytes, more...)
	}
}

// captures begin where a text is found.
type captures struct {
	text  []byte
	align int64 // the text begins at a multiple of it
	// most bytes are kept of each of at most count places.
	most, count int
	found       []*capture
}

// look finds the text in a part of a window. What began in the window before
// is not begun twice.
func (c *captures) look(w window, part []byte, at int64) {
	for _, f := range c.found {
		f.grow(w)
	}
	for i := 0; len(c.found) < c.count; i++ {
		n := bytes.Index(part[i:], c.text)
		if n < 0 {
			return
		}
		i += n
		place := at + int64(i)
		if place%c.align != 0 || c.has(place) {
			continue
		}
		f := &capture{at: place, most: c.most}
		f.grow(w)
		c.found = append(c.found, f)
	}
}

func (c *captures) has(place int64) bool {
	for _, f := range c.found {
		if f.at == place {
			return true
		}
	}
	return false
}
