package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

// TestKillSwitch: nothing is evicted unless a file says that it may be, now.
func TestKillSwitch(t *testing.T) {
	const head = "apiVersion: config.initguard.dev/v1alpha1\nkind: InitguardConfig\n"
	file := filepath.Join(t.TempDir(), "config.yaml")
	k := &killSwitch{file: file, log: slog.New(slog.DiscardHandler)}
	for _, step := range []struct {
		name, text string
		on         bool
	}{
		{"not read yet", "", true},
		{"off", head, false},
		{"on", head + "killSwitch: true\n", true},
		{"off again", head + "killSwitch: false\n", false},
		{"on, beside a mistake", head + "killSwitch: true\nwarnings: 1\n", true},
		{"off once it is mended", head, false},
		{"not to be read", "{", true},
		{"off at last", head, false},
		{"gone", "", true},
	} {
		if step.text == "" {
			if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		k.read()
		if k.On() != step.on {
			t.Errorf("%s: on is %v", step.name, k.On())
		}
	}
	if (&killSwitch{}).On() {
		t.Error("without a file there is no switch")
	}
}
