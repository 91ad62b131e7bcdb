package process

import "errors"

// An identity is when a process started, in the words of the operating system.
// Together with the pid it names one process.
type identity string

// errGone says that no such process runs. A zombie doesn't run: it has ended,
// and when it goes away is up to its parent.
var errGone = errors.New("no such process")
