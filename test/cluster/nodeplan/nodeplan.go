// Package nodeplan is what a test node's first process is told to do.
package nodeplan

import "time"

// A Plan says how a node looks from inside and what runs there.
type Plan struct {
	Binds []Bind `json:"binds,omitempty"`
	// Sysctls are written below /proc/sys; only those of the node's own
	// namespaces belong here.
	Sysctls map[string]string `json:"sysctls,omitempty"`
	// Commands are run in order before the components start.
	Commands   [][]string  `json:"commands,omitempty"`
	Components []Component `json:"components,omitempty"`
	// End is the command to run when the node is asked to end.
	End []string `json:"end"`
}

// RestartFile is a file beside the plan: while it is there, the end of that
// component has it started again, once, and does not end the node.
func RestartFile(component string) string { return "restart-" + component }

// A Bind shows a file or folder at another place.
type Bind struct {
	Source string `json:"source"`
	Target string `json:"target"`
}

// A Component is a program that runs as long as the node does.
type Component struct {
	Name string   `json:"name"`
	Path string   `json:"path"`
	Args []string `json:"args,omitempty"`
	// Env is the whole environment, Dir the working directory.
	Env []string `json:"env,omitempty"`
	Dir string   `json:"dir"`
	Log string   `json:"log"`
	// After are files that must be there first, AfterMost bounds the wait for
	// each.
	After     []string      `json:"after,omitempty"`
	AfterMost time.Duration `json:"afterMost,omitempty"`
}
