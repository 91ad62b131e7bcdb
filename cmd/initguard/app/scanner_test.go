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
		{"nothing to serve with", []string{"scanner"}, "--cert-dir: is required"},
		{"nobody to serve", []string{"scanner", "--cert-dir", "x"}, "--client-name: is required"},
		{"address", []string{"scanner", "--cert-dir", "x", "--client-name", "y", "--listen", "z"}, `--listen: "z" is not`},
		{"output", []string{"scanner", "--once", "-o", "xml"}, `--output: "xml" is none of table, json, yaml`},
		{"interval", []string{"scanner", "--once", "--interval", "1ms"}, "--interval: 1ms is not between"},
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
