package advice

import "fmt"

// execInScript
//
// Changes: the line of a script that starts the program without exec, so that
// the shell stays PID 1 and keeps the signals to itself.
// Fits: a shell that reaps and stays. What becomes PID 1 then has to reap by
// itself, which is not known.
func execInScript(s Situation) []Fix {
	if s.Problem != KeepsSignals || s.StaysAt == 0 {
		return nil
	}
	at := s.StaysIn
	if at == "" {
		at = "command string of -c"
	}
	return []Fix{{
		Where: InScript, Path: fmt.Sprintf("%s, line %d", at, s.StaysAt), Change: "exec before the command", Page: ExecInScript,
		Note: "the shell reaps now and is gone then: the program has to reap what it inherits, or be started by exec tini --",
	}}
}
