package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	mountsV1 = `30 21 0:25 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
33 30 0:28 / /sys/fs/cgroup/pids rw,relatime shared:7 - cgroup cgroup rw,pids
34 30 0:29 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 30 0:30 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
36 30 0:31 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
37 30 0:32 / /elsewhere/memory rw,relatime - cgroup cgroup rw,memory
`
	mountUnified = "38 30 0:33 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	mountV2      = "39 21 0:34 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
)

func TestCgroupVersion(t *testing.T) {
	tests := []struct {
		name, mounts string
		want         CgroupVersion
		wantErr      string
	}{
		{name: "v1", mounts: mountsV1, want: CgroupV1},
		{name: "hybrid", mounts: mountsV1 + mountUnified, want: CgroupHybrid},
		{name: "v2", mounts: mountV2, want: CgroupV2},
		{name: "none", mounts: "30 21 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n", wantErr: "no control groups"},
		{name: "not mountinfo", mounts: "x\n - \n", wantErr: "no control groups"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := versionOf(parseHierarchies(test.mounts))
			if got != test.want || (err == nil) != (test.wantErr == "") {
				t.Fatalf("got %q, %v, want %q", got, err, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
		})
	}
}

func TestMissingV1(t *testing.T) {
	if missing := missingV1(parseHierarchies(mountsV1)); len(missing) > 0 {
		t.Errorf("missing: %q", missing)
	}
	less := strings.ReplaceAll(mountsV1, "pids", "net_cls")
	if missing := missingV1(parseHierarchies(less)); !slices.Equal(missing, []string{"pids"}) {
		t.Errorf("missing: %q, want pids alone", missing)
	}
}

func TestDelegate(t *testing.T) {
	tests := []struct {
		name, controllers, on, want, wantErr string
	}{
		{name: "systemd has seen to it", controllers: "cpuset cpu io memory pids", on: "cpuset cpu memory pids", want: "cpuset cpu memory pids"},
		{name: "one is off", controllers: "cpuset cpu io memory pids", on: "cpuset cpu memory", want: "+pids"},
		{name: "one is missing", controllers: "cpuset cpu io memory", wantErr: "without pids"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			control := filepath.Join(root, "cgroup.subtree_control")
			for file, text := range map[string]string{filepath.Join(root, "cgroup.controllers"): test.controllers, control: test.on} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := delegate(root)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("error %v, want %q", err, test.wantErr)
				}
				return
			}
			text, readErr := os.ReadFile(control)
			if err != nil || readErr != nil || string(text) != test.want {
				t.Errorf("%v, %v: wrote %q, want %q", err, readErr, text, test.want)
			}
		})
	}
}
