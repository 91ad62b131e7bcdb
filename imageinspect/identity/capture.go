package identity

import "bytes"

// capture is a piece of the file that is kept: it begins at a place and grows
// with the windows that follow.
type capture struct {
	whole span   // what is to be kept
	bytes []byte // what was seen of it
}

// captured keeps a part of the file.
func captured(s span) capture { return capture{whole: s} }

// grow adds what w shows behind the bytes that are there.
func (c *capture) grow(w window) {
	next := c.whole.start + int64(len(c.bytes))
	more, start := w.part(span{next, c.whole.end})
	if start == next {
		c.bytes = append(c.bytes, more...)
	}
}

// captures begin where a text is found.
type captures struct {
	text  []byte
	align int64 // the text begins at a multiple of it
	// most bytes are kept of each of at most count places.
	most  int64
	count int
	found []*capture
}

// look finds the text in what a window shows of a part of the file, which what
// is kept doesn't leave. What began in the window before is not begun twice.
func (c *captures) look(w window, within span) {
	for _, f := range c.found {
		f.grow(w)
	}
	part, at := w.part(within)
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
		f := captured(span{place, min(within.end, place+c.most)})
		f.grow(w)
		c.found = append(c.found, &f)
	}
}

func (c *captures) has(place int64) bool {
	for _, f := range c.found {
		if f.whole.start == place {
			return true
		}
	}
	return false
}
