package imageinspect_test

import (
	"testing"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/initdb"
)

// TestVerdictsAgreeWithMeasurements judges every command form that was measured
// and holds the verdict against what the program really did. Unknown is never
// wrong, but must not be the answer to most.
func TestVerdictsAgreeWithMeasurements(t *testing.T) {
	measured, err := initdb.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	e := newEvaluator(t)
	unknown := 0
	for _, m := range measured {
		got := e.Evaluate(t.Context(), imageinspect.Image{Config: imageinspect.Config{Cmd: m.Argv}}, imageinspect.Overrides{})
		switch got.Verdict.Outcome {
		case imageinspect.Unknown:
			unknown++
		case imageinspect.Reaps:
			if !m.Reaps {
				t.Errorf("%s %q: a false Reaps (%s); it left %d of %d orphans", m.ID, m.Argv, got.Verdict.Reason.Text, m.Left, m.Orphans)
			}
		case imageinspect.DoesNotReap:
			if m.Reaps {
				t.Errorf("%s %q: a false DoesNotReap (%s)", m.ID, m.Argv, got.Verdict.Reason.Text)
			}
		}
	}
	if len(measured) == 0 || unknown*3 > len(measured)*2 {
		t.Errorf("%d of %d forms are Unknown", unknown, len(measured))
	}
	t.Logf("%d forms, %d of them Unknown", len(measured), unknown)
}
