package app

import (
	"fmt"
	"io"
	"sync"
)

// progress counts on one line of a terminal, which it clears in the end.
type progress struct {
	out   io.Writer // nil for no terminal
	mu    sync.Mutex
	done  int
	total int
}

func newProgress(s Streams) *progress {
	if !s.Live {
		return &progress{}
	}
	return &progress{out: s.ErrOut}
}

// start says how many there are.
func (p *progress) start(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = total
	p.show()
}

// found says how many there are so far, before start.
func (p *progress) found(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		_, _ = fmt.Fprintf(p.out, "%sfound %d workloads", clearLine, n)
	}
}

// step counts one.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.show()
}

const clearLine = "\r\x1b[K"

func (p *progress) show() {
	if p.out != nil && p.total > 0 {
		_, _ = fmt.Fprintf(p.out, "%schecked %d/%d workloads", clearLine, p.done, p.total)
	}
}

// end clears the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		_, _ = io.WriteString(p.out, clearLine)
	}
}
