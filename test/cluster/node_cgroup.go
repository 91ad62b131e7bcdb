package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CgroupVersion says which control groups a machine has.
type CgroupVersion string

// The versions. A hybrid machine has its controllers in version 1 and a mount of
// version 2 without any; the kubelet takes it for version 1.
const (
	CgroupV1     CgroupVersion = "v1"
	CgroupV2     CgroupVersion = "v2"
	CgroupHybrid CgroupVersion = "hybrid"
)

const cgroupRoot = "/sys/fs/cgroup"

// neededV1 and neededV2 are the controllers without which a kubelet or runc
// doesn't start.
var (
	neededV1 = [...]string{"cpu", "cpuacct", "cpuset", "memory", "pids", "devices", "freezer"}
	neededV2 = [...]string{"cpu", "cpuset", "memory", "pids"}
)

// hierarchy is one mount of control groups.
type hierarchy struct {
	path string
	v2   bool
	// controllers of a version 1 mount, as in its options.
	controllers []string
}

// Cgroups says which control groups this machine has.
func Cgroups() (CgroupVersion, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", fmt.Errorf("control groups: %w", err)
	}
	return versionOf(parseHierarchies(string(mounts)))
}

// versionOf tells the version by what is mounted.
func versionOf(all []hierarchy) (CgroupVersion, error) {
	var one, two, whole bool
	for _, h := range all {
		one = one || !h.v2
		two = two || h.v2
		whole = whole || h.v2 && h.path == cgroupRoot
	}
	switch {
	case whole && !one:
		return CgroupV2, nil
	case one && two:
		return CgroupHybrid, nil
	case one:
		return CgroupV1, nil
	default:
		return "", fmt.Errorf("no control groups are mounted below %s: a node needs them", cgroupRoot)
	}
}

// parseHierarchies reads the mounts of control groups out of mountinfo; see
// proc_pid_mountinfo(5).
func parseHierarchies(mountinfo string) []hierarchy {
	var all []hierarchy
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		const mountPoint, super = 4, 2
		if !ok || len(left) <= mountPoint || len(right) <= super {
			continue
		}
		h := hierarchy{path: left[mountPoint], v2: right[0] == "cgroup2"}
		if right[0] != "cgroup" && !h.v2 || h.path != cgroupRoot && !strings.HasPrefix(h.path, cgroupRoot+"/") {
			continue
		}
		if !h.v2 {
			h.controllers = strings.Split(right[super], ",")
		}
		all = append(all, h)
	}
	return all
}

// usableCgroups returns the mount points below which a node's control group is
// made, or says what the machine lacks.
func usableCgroups() ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("control groups: %w", err)
	}
	all := parseHierarchies(string(mounts))
	version, err := versionOf(all)
	if err != nil {
		return nil, err
	}
	if version == CgroupV2 {
		if err := delegate(cgroupRoot); err != nil {
			return nil, err
		}
		return []string{cgroupRoot}, nil
	}
	if missing := missingV1(all); len(missing) > 0 {
		return nil, fmt.Errorf("control groups %s without %s: a node needs %s",
			version, strings.Join(missing, ", "), strings.Join(neededV1[:], ", "))
	}
	var paths []string
	for _, h := range all {
		paths = append(paths, h.path)
	}
	return paths, nil
}

func missingV1(all []hierarchy) []string {
	var missing []string
	for _, name := range neededV1 {
		if !slices.ContainsFunc(all, func(h hierarchy) bool { return slices.Contains(h.controllers, name) }) {
			missing = append(missing, name)
		}
	}
	return missing
}

// delegate checks that groups directly below the root of version 2 may use the
// controllers. A system with systemd has seen to that; where nobody has, it is
// set, and stays: other groups don't notice.
func delegate(root string) error {
	have, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("control groups v2: %w", err)
	}
	var missing []string
	for _, name := range neededV2 {
		if !slices.Contains(strings.Fields(string(have)), name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("control groups v2 without %s: a node needs %s",
			strings.Join(missing, ", "), strings.Join(neededV2[:], ", "))
	}
	file := filepath.Join(root, "cgroup.subtree_control")
	on, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("control groups v2: %w", err)
	}
	var errs []error
	for _, name := range neededV2 {
		if !slices.Contains(strings.Fields(string(on)), name) {
			errs = append(errs, os.WriteFile(file, []byte("+"+name), 0))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("control groups v2: %w; this may be a container whose own processes lie in its root group", err)
	}
	return nil
}
