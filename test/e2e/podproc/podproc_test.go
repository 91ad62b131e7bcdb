package podproc

import "testing"

func TestParse(t *testing.T) {
	tests := []struct {
		name, status string
		want         Process
	}{
		{
			name:   "zombie in a container",
			status: "Name:\torphan\nState:\tZ (zombie)\nPPid:\t4711\nNSpid:\t4800\t300\t12\n",
			want:   Process{PID: 4800, Parent: 4711, Name: "orphan", Zombie: true, Inside: 12, depth: 3},
		},
		{
			name:   "PID 1 of a node",
			status: "Name:\tnodeinit\nState:\tS (sleeping)\nPPid:\t7\nNSpid:\t4800\t1\n",
			want:   Process{PID: 4800, Parent: 7, Name: "nodeinit", Inside: 1, depth: 2},
		},
		{name: "gone", want: Process{PID: 4800}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := parse(4800, test.status); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
