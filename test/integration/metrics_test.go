package integration

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
)

// labelled are the values of a metric by one of its labels.
func labelled(t *testing.T, metric, label string) map[string]float64 {
	t.Helper()
	text, err := shared.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	row := regexp.MustCompile(fmt.Sprintf(`(?m)^%s\{(?:[^}]*,)?%s="([^"]*)"[^}]*\} (\S+)$`, metric, label))
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		out[m[1]] += value
	}
	return out
}

// inspections are those so far, by result.
func inspections(t *testing.T) map[string]float64 {
	t.Helper()
	return labelled(t, "initguard_inspections_total", "result")
}
