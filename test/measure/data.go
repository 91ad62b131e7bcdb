package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sort"

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

// compare says where new measurements differ. The delay is not compared: it
// hangs on the machine.
func compare(before, now []initdb.Measurement) []string {
	byID := make(map[string]initdb.Measurement)
	for _, m := range before {
		byID[m.ID] = m
	}
	var lines []string
	for _, m := range now {
		old, ok := byID[m.ID]
		if !ok {
			lines = append(lines, m.ID+": new: "+summary(m))
			continue
		}
		if a, b := summary(old), summary(m); a != b {
			lines = append(lines, fmt.Sprintf("%s: was: %s\n%*s  is: %s", m.ID, a, len(m.ID), "", b))
		}
	}
	sort.Strings(lines)
	return lines
}

// summary is what matters of a measurement, in one line.
func summary(m initdb.Measurement) string {
	text := fmt.Sprintf("%s %s, PID 1 is %s, ", m.Package, m.Version, m.Became)
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
