package cluster

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestRestartAPIServer restarts it at the same address, with what it had.
func TestRestartAPIServer(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{})
	if out, err := c.Kubectl(t.Context(), "create", "namespace", "kept").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := c.api.process.PID()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.RestartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	if now := c.api.process.PID(); now == before {
		t.Errorf("process %d goes on", now)
	}
	if out, err := c.Kubectl(t.Context(), "get", "namespace", "kept").CombinedOutput(); err != nil || !strings.Contains(string(out), "Active") {
		t.Errorf("%v: %s", err, out)
	}
	select {
	case err := <-c.Exited():
		t.Errorf("its end is told as a failure: %v", err)
	default:
	}
}
