package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/initguard/initguard/imageinspect/initdb"
)

func readData(file string) ([]initdb.Measurement, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the data file: %w: run it from the top of the repository", err)
	}
	var all []initdb.Measurement
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return all, nil
}

// writeData writes one form a line, so that a change shows as one.
func writeData(file string, all []initdb.Measurement) error {
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, m := range all {
		line, err := encode(m)
		if err != nil {
			return err
		}
		out.Write(line)
		if i < len(all)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]\n")
	return os.WriteFile(file, out.Bytes(), 0o644)
}

func encode(m initdb.Measurement) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// merge puts new measurements over old ones and drops those of forms that are
// gone.
func merge(before, now []initdb.Measurement, all []form) []initdb.Measurement {
	byID := make(map[string]initdb.Measurement)
	for _, m := range append(append([]initdb.Measurement(nil), before...), now...) {
		byID[m.ID] = m
	}
	var out []initdb.Measurement
	for _, f := range all {
		if m, ok := byID[f.ID]; ok {
			out = append(out, m)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// difference is how a new measurement differs from the data.
type difference struct {
	text string
	// verdict is true when what the program does has changed. Another version
	// alone, as a security update brings it, is worth a look and no failure.
	verdict bool
}

// compare says where new measurements differ. The delay is not compared: it
// hangs on the machine.
func compare(before, now []initdb.Measurement) []difference {
	byID := make(map[string]initdb.Measurement)
	for _, m := range before {
		byID[m.ID] = m
	}
	var all []difference
	for _, m := range now {
		old, ok := byID[m.ID]
		if !ok {
			all = append(all, difference{m.ID + ": new: " + file(m) + ", " + summary(m), true})
			continue
		}
		if a, b := verdict(old), verdict(m); a != b {
			text := fmt.Sprintf("%s: was: %s\n%*s  is: %s", m.ID, summary(old), len(m.ID), "", summary(m))
			all = append(all, difference{text, true})
		}
		if a, b := file(old), file(m); a != b {
			text := fmt.Sprintf("%s: was: %s\n%*s  is: %s", m.ID, a, len(m.ID), "", b)
			all = append(all, difference{text, old.Program != m.Program})
		}
	}
	slices.SortStableFunc(all, func(a, b difference) int { return strings.Compare(a.text, b.text) })
	return all
}

// file is which program was measured, in one line.
func file(m initdb.Measurement) string {
	text := m.Package + " " + m.Version
	if m.BuildID != "" {
		text += ", build " + m.BuildID
	}
	if m.Program != "" {
		text += ", by its marks " + strings.TrimSpace(m.Program+" "+m.ProgramVersion)
	}
	if m.Go != "" {
		text += ", built by " + m.Go
	}
	return text
}

// verdict is what rows and evaluation rest on. How many orphans were left of
// those that some were left of doesn't matter.
func verdict(m initdb.Measurement) string {
	return fmt.Sprintf("%s, %v, %s, %s", m.Became, m.Reaps, m.Harmed, m.SIGTERM)
}

// summary is what matters of a measurement, in one line.
func summary(m initdb.Measurement) string {
	text := fmt.Sprintf("PID 1 is %s, ", m.Became)
	switch {
	case m.Reaps:
		text += "reaps"
	case m.Left > 0:
		text += fmt.Sprintf("left %d of %d", m.Left, m.Orphans)
	default:
		text += fmt.Sprintf("left %d of a burst of %d", m.BurstLeft, m.Burst)
	}
	if m.Harmed != "" {
		text += "; " + m.Harmed
	}
	if m.SIGTERM != "" {
		text += "; SIGTERM " + m.SIGTERM
	}
	return text
}
