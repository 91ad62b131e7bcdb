package proc

import (
	"strings"

	"github.com/initguard/initguard/scanner"
)

// parseCgroup reads /proc/PID/cgroup: one line a hierarchy, and with control
// groups v2 one in all. Any of them tells the container; controllers that the
// runtime doesn't use say "/".
func parseCgroup(text string) scanner.Container {
	var found scanner.Container
	for line := range strings.Lines(text) {
		// ID:controllers:path. The kernel allows no line break in a path, but colons.
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) != 3 {
			continue
		}
		if c := parsePath(fields[2]); c.Known() {
			return c
		} else if found.Pod == "" {
			found = c
		}
	}
	return found
}

// parsePath finds pod and container in the path of a control group.
//
// The outermost ones count: what follows is the container's own doing (crun's
// "container", systemd or Docker inside of it), and could be named after
// another pod. Paths may be relative to the reader's control group
// ("/../../kubepods/..."), and then lack what both have in common, the pod
// itself included.
func parsePath(path string) scanner.Container {
	parts := strings.FieldsFunc(strings.TrimSuffix(path, " (deleted)"), separates)
	var c scanner.Container
	for i, part := range parts {
		if pod, ok := podUID(part); ok {
			c.Pod, parts = pod, parts[i+1:]
			break
		}
	}
	for _, part := range parts {
		if id, runtime, ok := containerID(part); ok {
			c.ID, c.Runtime = id, runtime
			break
		}
	}
	return c
}

// separates splits paths. A runtime with another driver than the kubelet's makes
// a path of systemd's notation: "kubepods-pod<uid>.slice:cri-containerd:<id>".
func separates(r rune) bool { return r == '/' || r == ':' }

// podUID reads a pod's UID out of a group's name: "pod<uid>" with the cgroupfs
// driver, "kubepods-burstable-pod<uid with _>.slice" with systemd's. The UID of a
// static pod is a hash without dashes.
func podUID(part string) (string, bool) {
	name := part
	if slice, ok := strings.CutSuffix(part, ".slice"); ok {
		name = slice[strings.LastIndexByte(slice, '-')+1:]
	}
	uid, ok := strings.CutPrefix(name, "pod")
	if !ok {
		return "", false
	}
	uid = strings.ReplaceAll(uid, "_", "-")
	return uid, isUUID(uid) || len(uid) == 32 && isHex(uid)
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i : i+1]) {
				return false
			}
		}
	}
	return true
}

// containerID reads a container's id, and what the runtime calls itself:
// "<id>" with the cgroupfs driver, "cri-containerd-<id>.scope", "crio-<id>.scope",
// "docker-<id>.scope" or "libpod-<id>.scope" with systemd's. What CRI-O and
// Podman call "crio-conmon-<id>" is not the container but its monitor.
func containerID(part string) (id, runtime string, ok bool) {
	const length = 64
	name := strings.TrimSuffix(part, ".scope")
	if len(name) < length {
		return "", "", false
	}
	id = name[len(name)-length:]
	runtime, dashed := strings.CutSuffix(name[:len(name)-length], "-")
	if !isHex(id) || runtime != "" && !dashed || strings.HasSuffix(runtime, "conmon") {
		return "", "", false
	}
	return id, runtime, true
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}
