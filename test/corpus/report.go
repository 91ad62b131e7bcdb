package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

// limits are what a run has to keep to.
type limits struct {
	cases, falseReaps int
	right             float64 // per cent
}

// count is how many cases ended how. Unknown are those that should have been
// decided; false Reaps are among the wrong.
type count struct {
	Cases      int `json:"cases"`
	Right      int `json:"right"`
	Wrong      int `json:"wrong"`
	FalseReaps int `json:"falseReaps"`
	Unknown    int `json:"unknown"`
}

// report is the result of a run.
type report struct {
	count
	// RightPercent is of the cases that were evaluated.
	RightPercent float64          `json:"rightPercent"`
	Labels       map[label]*count `json:"labels"`
	Results      []result         `json:"results"`
	LeftOut      []leftOut        `json:"leftOut"`
	Disputed     []disputed       `json:"disputed"`

	disputes map[string]dispute
}

// disputed is a case that counts by another answer than its label's.
type disputed struct {
	ID    string `json:"id"`
	Label label  `json:"label"`
	Proof string `json:"proof"`
}

type leftOut struct {
	ID  string `json:"id"`
	Why string `json:"why"`
}

// result is one case's answer beside its label.
type result struct {
	ID         string `json:"id"`
	Label      label  `json:"label"`
	Confidence string `json:"confidence"`
	Right      bool   `json:"right"`
	FalseReaps bool   `json:"falseReaps,omitempty"`
	// Other is true for a right outcome with another PID 1 than the label's:
	// right for the wrong reason, or the same program by another name.
	Other    bool                 `json:"otherProgram,omitempty"`
	Expected imageinspect.Outcome `json:"expected"`
	Final    string               `json:"final"`
	Got      imageinspect.Outcome `json:"got"`
	Signals  bool                 `json:"forwardsSignals"`
	PID1     string               `json:"pid1"`
	Reason   string               `json:"reason"`
	Detail   string               `json:"detail,omitempty"`
	Steps    []imageinspect.Step  `json:"chain"`
	labelled []string             // the chain as the label tells it
}

// add counts one answer.
func (r *report) add(c labelled, got imageinspect.Result) {
	want, _ := c.Label.outcome()
	v := got.Verdict
	right := c.Label.right(v)
	if d, ok := r.disputes[c.ID]; ok {
		want, right = d.outcome, v.Outcome == d.outcome
		r.Disputed = append(r.Disputed, disputed{ID: c.ID, Label: c.Label, Proof: d.Proof})
	}
	res := result{
		ID: c.ID, Label: c.Label, Confidence: c.Confidence, Expected: want, Final: c.final(), Got: v.Outcome, Signals: v.ForwardsSignals,
		PID1: got.PID1, Reason: v.Reason.Text, Detail: v.Reason.Detail, Steps: got.Chain, labelled: c.Chain,
		Right: right, FalseReaps: v.Outcome == imageinspect.Reaps && want != imageinspect.Reaps,
	}
	res.Other = res.Right && c.other(got.PID1)
	r.Results = append(r.Results, res)
	if r.Labels[c.Label] == nil {
		r.Labels[c.Label] = new(count)
	}
	for _, n := range []*count{&r.count, r.Labels[c.Label]} {
		n.add(res)
	}
	r.RightPercent = 100 * float64(r.Right) / float64(r.Cases)
}

func (n *count) add(res result) {
	n.Cases++
	switch {
	case res.Right:
		n.Right++
	case res.Got == imageinspect.Unknown:
		n.Unknown++
	default:
		n.Wrong++
	}
	if res.FalseReaps {
		n.FalseReaps++
	}
}

// final is the PID 1 that a label names.
func (c labelled) final() string {
	if c.FinalScript == "" {
		return c.FinalArgv0
	}
	return c.FinalArgv0 + " " + c.FinalScript
}

// other is true when a label names another PID 1, as far as names tell: python
// and python3.14 are one, and so are a script and its interpreter.
func (c labelled) other(pid1 string) bool {
	if pid1 == "" || c.FinalArgv0 == "?" || c.FinalArgv0 == "" {
		return false
	}
	plain := func(name string) string { return strings.TrimRight(path.Base(name), "0123456789.") }
	return plain(pid1) != plain(c.FinalArgv0) && plain(pid1) != plain(c.FinalScript)
}

// within is nil for a run within the limits.
func (r *report) within(l limits) error {
	var errs []error
	if r.Cases < l.cases {
		errs = append(errs, fmt.Errorf("%d cases were evaluated, want at least %d: are the repositories there?", r.Cases, l.cases))
	}
	if r.RightPercent < l.right {
		errs = append(errs, fmt.Errorf("%.1f %% are right, want at least %g %%", r.RightPercent, l.right))
	}
	if r.FalseReaps > l.falseReaps {
		errs = append(errs, fmt.Errorf("%d false Reaps, want at most %d", r.FalseReaps, l.falseReaps))
	}
	return errors.Join(errs...)
}

func (r *report) json(out io.Writer, _ bool) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

func (r *report) text(out io.Writer, verbose bool) error {
	var b strings.Builder
	for _, res := range r.Results {
		if verbose || !res.Right {
			res.write(&b, verbose)
		}
	}
	for _, res := range r.Results {
		if res.Other && !verbose {
			fmt.Fprintf(&b, "other     %s\n          right, but PID 1 is %s where the label says %s\n", res.ID, res.PID1, res.Final)
		}
	}
	for _, l := range r.LeftOut {
		fmt.Fprintf(&b, "left out  %s\n          %s\n", l.ID, l.Why)
	}
	for _, d := range r.Disputed {
		fmt.Fprintf(&b, "disputed  %s\n          not %s: %s\n", d.ID, d.Label, d.Proof)
	}
	fmt.Fprintf(&b, "\n%-14s %6s %6s %6s %8s %12s\n", "label", "cases", "right", "wrong", "Unknown", "false Reaps")
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		r.Labels[name].row(&b, string(name))
	}
	r.row(&b, "all")
	fmt.Fprintf(&b, "\n%.1f %% right; %d left out\n", r.RightPercent, len(r.LeftOut))
	_, err := io.WriteString(out, b.String())
	return err
}

func (n *count) row(b *strings.Builder, name string) {
	fmt.Fprintf(b, "%-14s %6d %6d %6d %8d %12d\n", name, n.Cases, n.Right, n.Wrong, n.Unknown, n.FalseReaps)
}

// write prints one case: a miss in four lines, all of the chain when verbose.
func (res result) write(b *strings.Builder, verbose bool) {
	kind := "right"
	switch {
	case res.FalseReaps:
		kind = "FALSE"
	case res.Right:
	case res.Got == imageinspect.Unknown:
		kind = "unknown"
	default:
		kind = "wrong"
	}
	fmt.Fprintf(b, "%-9s %s\n", kind, res.ID)
	fmt.Fprintf(b, "          expected  %s: %s %s (confidence %s)\n", res.Expected, res.Label, res.Final, res.Confidence)
	fmt.Fprintf(b, "          got       %s: %s%s\n", res.Got, res.PID1, signals(res))
	fmt.Fprintf(b, "          because   %s\n", res.Reason)
	if !verbose {
		return
	}
	if res.Detail != "" {
		fmt.Fprintf(b, "          detail    %s\n", res.Detail)
	}
	for _, s := range res.Steps {
		fmt.Fprintf(b, "          step      %-8s %s", s.Kind, s.Text)
		if s.Detail != "" {
			fmt.Fprintf(b, "   [%s]", s.Detail)
		}
		b.WriteByte('\n')
	}
	for _, s := range res.labelled {
		fmt.Fprintf(b, "          label     %s\n", s)
	}
}

func signals(res result) string {
	if res.Got != imageinspect.Reaps || res.Signals {
		return ""
	}
	return ", passes no signals on"
}
