package initdb

import (
	_ "embed" // measured.json
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

//go:embed measured.json
var measuredJSON []byte

// Measurement is one form of a program, started as PID 1 and given orphans by
// test/measure.
type Measurement struct {
	// ID names the form; rows cite it.
	ID string `json:"id"`
	// Package and Version are the Debian package that the program came from.
	Package string `json:"package"`
	Version string `json:"version"`
	// BuildID is the build ID of the file that Argv names, in hexadecimal;
	// empty for a script and for a program without one.
	BuildID string `json:"buildID,omitempty"`
	// Program and ProgramVersion are what that file's own marks say it is
	// (package identity); empty where they say nothing.
	Program        string `json:"program,omitempty"`
	ProgramVersion string `json:"programVersion,omitempty"`
	// Go is the version of Go that built it; empty for any other program.
	Go string `json:"go,omitempty"`
	// Argv is how it was started.
	Argv []string `json:"argv"`
	// Became is the base name of the file that PID 1 was executing at the end:
	// the program itself, or what it exec'ed.
	Became string `json:"became"`
	// Reaps is true when no orphan was left after 15 seconds.
	Reaps bool `json:"reaps"`
	// Orphans is how many were given to it first (one exits 0, one exits 7,
	// one is killed), Left how many of them stayed zombies.
	Orphans int `json:"orphans"`
	Left    int `json:"left"`
	// Burst is how many then exited at once, given to those that left none;
	// BurstLeft is how many of these stayed zombies.
	Burst     int `json:"burst,omitempty"`
	BurstLeft int `json:"burstLeft,omitempty"`
	// Delay is the longest time from an orphan's exit until it was reaped, in
	// seconds, rounded up to a step of 1; 0 when it was quick or never.
	Delay int `json:"delaySeconds,omitempty"`
	// Harmed says what orphans did to it, found by a sweep over exit statuses
	// 0 to 255 and fatal signals; empty when nothing was seen.
	Harmed string `json:"harmed,omitempty"`
	// SIGTERM says what a SIGTERM to PID 1 did, where a child below it records
	// that: "forwarded" or "not forwarded"; empty when it was not asked.
	SIGTERM string `json:"sigterm,omitempty"`
}

// Values of Measurement.SIGTERM.
const (
	Forwarded    = "forwarded"
	NotForwarded = "not forwarded"
)

// Measurements are all measured forms, sorted by id.
func Measurements() ([]Measurement, error) {
	var all []Measurement
	if err := json.Unmarshal(measuredJSON, &all); err != nil {
		return nil, fmt.Errorf("measured.json: %w: run go run ./test/measure -update", err)
	}
	return all, nil
}

func measurementsByID() (map[string]Measurement, error) {
	all, err := Measurements()
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Measurement, len(all))
	for _, m := range all {
		if _, twice := byID[m.ID]; twice {
			return nil, fmt.Errorf("measured.json: id %q occurs twice", m.ID)
		}
		byID[m.ID] = m
	}
	return byID, nil
}

// ExecsAway is true when PID 1 ended as the program that the form was given to
// run: the sleep of "sh -c 'sleep 1000'".
func (m Measurement) ExecsAway() bool {
	return len(m.Argv) > 1 && m.Became == "sleep" && path.Base(m.Argv[0]) != "sleep"
}

// String is the measurement in one clause for people.
func (m Measurement) String() string {
	text := fmt.Sprintf("measured: %s %s (Debian 12), ", m.Package, upstream(m.Version))
	if m.Reaps {
		text += fmt.Sprintf("reaped %d of %d orphans", m.Orphans+m.Burst, m.Orphans+m.Burst)
	} else {
		text += fmt.Sprintf("left %d of %d orphans", m.Left+m.BurstLeft, m.Orphans+m.Burst)
	}
	if m.Harmed != "" {
		text += ", " + m.Harmed
	}
	return text
}

// upstream is a Debian version without epoch and packaging revision.
func upstream(version string) string {
	if _, after, found := strings.Cut(version, ":"); found {
		version = after
	}
	if i := strings.LastIndexByte(version, '-'); i > 0 {
		version = version[:i]
	}
	if i := strings.Index(version, "+dfsg"); i > 0 {
		version = version[:i]
	}
	return version
}

// Evidence says for people what a source is.
func (db *DB) Evidence(s Source) string {
	if m, ok := db.measured[s.Ref]; ok && s.Kind == Measured {
		return m.String()
	}
	if s.Kind == "" {
		return ""
	}
	return string(s.Kind) + ": " + s.Ref
}
