//go:build !linux

package proc

import (
	"context"

	"github.com/initguard/initguard/scanner"
)

// A Reader reads nothing here.
type Reader struct{}

// Open fails with ErrUnsupported.
func Open(Options) (*Reader, error) { return nil, ErrUnsupported }

// Hides is never called: there is no Reader.
func (*Reader) Hides() string { return "" }

// Scan fails with ErrUnsupported.
func (*Reader) Scan(context.Context) (scanner.Scan, error) { return scanner.Scan{}, ErrUnsupported }

// Tasks fails with ErrUnsupported.
func (*Reader) Tasks(context.Context, []string) (map[string]int, error) { return nil, ErrUnsupported }

// Close does nothing.
func (*Reader) Close() error { return nil }
