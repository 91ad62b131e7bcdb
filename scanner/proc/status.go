package proc

import (
	"bytes"
	"errors"
)

var errStatus = errors.New("status: no line NSpid, which Linux has since 4.1")

// maxNamespaces is how deep PID namespaces nest at most
// (MAX_PID_NS_LEVEL in include/linux/pid_namespace.h).
const maxNamespaces = 33

// parseInside reads the line NSpid of /proc/PID/status: the PIDs of a process
// from the reader's PID namespace to its own. The name stands in the line above
// with its line breaks escaped, so that no process can make up a line.
func parseInside(text []byte) ([]int, error) {
	const label = "\nNSpid:"
	at := bytes.Index(text, []byte(label))
	if at < 0 {
		return nil, errStatus
	}
	line, _, _ := bytes.Cut(text[at+len(label):], []byte("\n"))
	var pids []int
	for _, field := range bytes.Fields(line) {
		pid, ok := number(field)
		if !ok || len(pids) == maxNamespaces {
			return nil, errStatus
		}
		pids = append(pids, int(pid))
	}
	if len(pids) == 0 {
		return nil, errStatus
	}
	return pids, nil
}
