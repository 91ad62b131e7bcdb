package imageinspect

import "testing"

func TestUsesPID1(t *testing.T) {
	tests := map[string]PID1Use{
		"kill -TERM 1":                           SignalsPID1,
		"kill 1; exit":                           SignalsPID1,
		`sh -c "kill -s HUP '1'"`:                SignalsPID1,
		"ps -p 1 -o comm=":                       LooksAtPID1,
		"ps -p1":                                 LooksAtPID1,
		"pgrep -P 1 node":                        LooksAtPID1,
		"jcmd 1 GC.heap_info":                    LooksAtPID1,
		"nsenter -t 1 -m sh":                     LooksAtPID1,
		"if [ $$ -eq 1 ]; then":                  ComparesPID1,
		`[ "$$" = "1" ]`:                         ComparesPID1,
		"[[ $$ != 1 ]]":                          ComparesPID1,
		"(( $$ == 1 ))":                          ComparesPID1,
		"test 1 = $$":                            ComparesPID1,
		"cat /proc/1/status":                     ReadsPID1,
		"exec app > /proc/1/fd/1 2>/proc/1/fd/2": ReadsPID1,
		"ls /proc/1":                             ReadsPID1,
		"kill 1 && cat /proc/1/environ":          ReadsPID1,
		"kill -9 12":                             NoPID1Use,
		"kill -1 12":                             NoPID1Use,
		"cat /proc/10/status /proc/self/fd/1":    NoPID1Use,
		"echo $$ > /run/app.pid":                 NoPID1Use,
		"tmp=/tmp/x.$$; retries=1":               NoPID1Use,
		"ps aux | head -1":                       NoPID1Use,
		"sleep 1":                                NoPID1Use,
		"exec 1>&2":                              NoPID1Use,
	}
	for text, want := range tests {
		if got := UsesPID1(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
