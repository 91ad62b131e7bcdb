package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-logr/logr"
)

// troubled is a source without a certificate.
type troubled struct{ problem error }

func (s *troubled) Certificate() *tls.Certificate { return nil }
func (s *troubled) Problem() error                { return s.problem }
func (s *troubled) Run(context.Context) error     { return nil }

// TestMonitorTells: a problem of the source is told once it has lasted, the same
// one each hour, another one soon.
func TestMonitorTells(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	source := &troubled{}
	var told []string
	m := &Monitor{Source: source, Now: func() time.Time { return now }, Log: logr.Discard(), Tell: func(reason, note string) { told = append(told, reason+": "+note) }}
	missing, broken := errors.New("missing"), errors.New("broken")
	for _, step := range []struct {
		name    string
		after   time.Duration
		problem error
		want    []string
	}{
		{"starting", 0, nil, nil},
		{"a problem", time.Second, missing, nil},
		{"it lasts", patience, missing, []string{"NoCertificate: missing"}},
		{"the same", time.Minute, missing, nil},
		{"another", time.Minute, broken, []string{"NoCertificate: broken"}},
		{"back at once", time.Second, missing, nil},
		{"an hour later", tellAgain, broken, []string{"NoCertificate: broken"}},
		{"mended", time.Minute, nil, nil},
		{"a new problem", time.Minute, missing, nil},
		{"the new problem lasts", patience, missing, []string{"NoCertificate: missing"}},
	} {
		told = nil
		now = now.Add(step.after)
		source.problem = step.problem
		err := m.look(t.Context())
		if step.problem != nil && !errors.Is(err, step.problem) || step.problem == nil && !errors.Is(err, errNone) {
			t.Errorf("%s: %v", step.name, err)
		}
		if !slices.Equal(told, step.want) {
			t.Errorf("%s: told %q, want %q", step.name, told, step.want)
		}
		if m.Ready() == nil {
			t.Errorf("%s: ready without a certificate", step.name)
		}
	}
}
