package registry

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Bounds are what a Client may hold and how long. The zero value stands for
// the defaults given at each field.
type Bounds struct {
	// CacheSize is how many images (manifests of one platform) are remembered.
	// Default: 10,000.
	CacheSize int
	// TagTTL is how long a tag's digest, and the proof that a digest may be
	// read in a repository, hold. Default: 60 s.
	TagTTL time.Duration
	// FailureTTL is how long a failure is answered again without asking.
	// Default: 3 s. What a registry answers for certain is remembered twice as
	// long each time in a row that it says the same of a lookup, up to
	// FailureTTLMax. A registry's Retry-After may make it longer, up to
	// maxRetryAfter.
	FailureTTL time.Duration
	// FailureTTLMax bounds how long a failure is answered again. Default: 5
	// minutes.
	FailureTTLMax time.Duration
	// Timeout bounds one inspection, however long its callers wait.
	// Default: 30 s.
	Timeout time.Duration
	// MaxInspections bounds the inspections under way. Default: 64.
	MaxInspections int
	// Budgets are what may be taken of registries.
	Budgets Budgets
}

// withDefaults fills in what is zero.
func (b Bounds) withDefaults() Bounds {
	return Bounds{
		CacheSize:      orDefault(b.CacheSize, 10_000),
		TagTTL:         orDefault(b.TagTTL, 60*time.Second),
		FailureTTL:     orDefault(b.FailureTTL, 3*time.Second),
		FailureTTLMax:  max(orDefault(b.FailureTTLMax, 5*time.Minute), b.FailureTTL),
		Timeout:        orDefault(b.Timeout, 30*time.Second),
		MaxInspections: orDefault(b.MaxInspections, 64),
		Budgets: Budgets{
			Inspections: orDefault(b.Budgets.Inspections, math.MaxInt),
			Queue:       orDefault(b.Budgets.Queue, 64),
			Bytes:       b.Budgets.Bytes,
			Requests:    b.Budgets.Requests,
			Reserve:     b.Budgets.Reserve,
		},
	}
}

// validate names every field that can't be used.
func (b Bounds) validate() error {
	var errs []error
	for name, n := range map[string]int64{
		"CacheSize":      int64(b.CacheSize),
		"TagTTL":         int64(b.TagTTL),
		"FailureTTL":     int64(b.FailureTTL),
		"FailureTTLMax":  int64(b.FailureTTLMax),
		"Timeout":        int64(b.Timeout),
		"MaxInspections": int64(b.MaxInspections),

		"Budgets.Inspections": int64(b.Budgets.Inspections),
		"Budgets.Queue":       int64(b.Budgets.Queue),
		"Budgets.Bytes":       b.Budgets.Bytes,
		"Budgets.Requests":    int64(b.Budgets.Requests),
		"Budgets.Reserve":     int64(b.Budgets.Reserve),
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("registry options: %s: must not be negative", name))
		}
	}
	if b.Budgets.Reserve > 100 {
		errs = append(errs, errors.New("registry options: Budgets.Reserve: must not be over 100 percent"))
	}
	return errors.Join(errs...)
}

// SetBounds changes the bounds. What is remembered and what is under way keeps
// the times that it began with; a smaller CacheSize forgets at once. An error
// names each field that can't be used, and nothing has changed then.
func (c *Client) SetBounds(b Bounds) error {
	if err := b.validate(); err != nil {
		return err
	}
	b = b.withDefaults()
	c.bounds.Store(&b)
	c.caches.resize(b.CacheSize)
	return nil
}
