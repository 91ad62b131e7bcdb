package main

import (
	"syscall"
	"testing"
)

func TestDescribe(t *testing.T) {
	var signals []orphan
	for _, s := range fatalSignals {
		signals = append(signals, orphan{Signal: int(s)})
		if signalName(s) == "" {
			t.Errorf("signal %d has no name", s)
		}
	}
	tests := []struct {
		culprits []orphan
		want     string
	}{
		{[]orphan{{Status: 3}, {Status: 4}, {Status: 9}}, "exits 3 to 4, 9"},
		{append([]orphan{{Status: 15}}, signals...), "exits 15 or is killed by a signal"},
		{[]orphan{{Signal: int(syscall.SIGSEGV)}}, "is killed by SIGSEGV"},
	}
	for _, tt := range tests {
		if got := describe(tt.culprits); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
