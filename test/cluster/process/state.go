package process

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// stateFile marks a folder as a group's, so its name must be like no other
// program's: a sweep removes what it finds beside it.
const stateFile = "initguard-process-group.json"

// state is what a group's folder says about it, for the sweep after its owner
// was killed.
type state struct {
	// Owner is the owner's pid, for people who look; whether it lives is told
	// by the lock.
	Owner int `json:"owner"`
	// Failed says that the processes were ended and only logs are left.
	Failed    bool    `json:"failed,omitempty"`
	Processes []child `json:"processes,omitempty"`
	// Cgroups are the control groups that its processes made others below.
	Cgroups []string `json:"cgroups,omitempty"`
}

// A child is a process on record.
type child struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	// Started tells the process from a later one with the same pid.
	Started identity `json:"started"`
}

// write replaces the state in dir at once, so that a sweep never reads half of it.
func (s state) write(dir string) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	temporary := filepath.Join(dir, stateFile+".new")
	if err := os.WriteFile(temporary, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if err := os.Rename(temporary, filepath.Join(dir, stateFile)); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// readState reads the state in dir; the error is os.ErrNotExist when the folder
// is not a group's.
func readState(dir string) (state, error) {
	path := filepath.Join(dir, stateFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return state{}, fmt.Errorf("state: %w", err)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, fmt.Errorf("state %s: %w", path, err)
	}
	return s, nil
}
