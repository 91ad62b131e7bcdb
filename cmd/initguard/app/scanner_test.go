package app_test

import (
	"strings"
	"testing"
)

func TestScannerUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"not once", []string{"scanner"}, "--once: is required"},
		{"output", []string{"scanner", "--once", "-o", "xml"}, `--output: "xml" is none of table, json, yaml`},
		{"interval", []string{"scanner", "--once", "--interval", "0s"}, "--interval: 0s is not between"},
		{"argument", []string{"scanner", "--once", "x"}, "see initguard scanner --help"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, "", append([]string{"initguard"}, test.args...)...)
			if got.code != 2 || got.out != "" || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q, want 2 and %q", got.code, got.out, got.err, test.want)
			}
		})
	}
}
