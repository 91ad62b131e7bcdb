package proc

import (
	"strings"
	"testing"

	"github.com/initguard/initguard/scanner"
)

const (
	uid   = "0c1c8a52-6d2b-4e5a-9b0d-2f6f3a3d7e11"
	under = "0c1c8a52_6d2b_4e5a_9b0d_2f6f3a3d7e11"
	// static is the UID of a static pod: a hash of its manifest.
	static = "3f1b8c5a7d2e4f60918273645a6b7c8d"
)

var (
	id    = strings.Repeat("0123456789abcdef", 4)
	other = strings.Repeat("fedcba9876543210", 4)
)

func TestParseCgroup(t *testing.T) {
	in := func(pod, id, runtime string) scanner.Container {
		return scanner.Container{Pod: pod, ID: id, Runtime: runtime}
	}
	const besteffort = "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + under + ".slice/"
	tests := []struct {
		name, text string
		want       scanner.Container
	}{
		{"v2, systemd, containerd", "0::" + besteffort + "cri-containerd-" + id + ".scope\n", in(uid, id, "cri-containerd")},
		{"v2, systemd, CRI-O", "0::" + besteffort + "crio-" + id + ".scope\n", in(uid, id, "crio")},
		{"v2, systemd, CRI-O and crun", "0::" + besteffort + "crio-" + id + ".scope/container\n", in(uid, id, "crio")},
		{"v2, systemd, guaranteed", "0::/kubepods.slice/kubepods-pod" + under + ".slice/cri-containerd-" + id + ".scope\n", in(uid, id, "cri-containerd")},
		{"v2, systemd, cgroup root", "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" + under + ".slice/cri-containerd-" + id + ".scope\n", in(uid, id, "cri-containerd")},
		{"v2, systemd, static pod", "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + static + ".slice/crio-" + id + ".scope\n", in(static, id, "crio")},
		{"v2, cgroupfs, containerd", "0::/kubepods/burstable/pod" + uid + "/" + id + "\n", in(uid, id, "")},
		{"v2, cgroupfs, guaranteed", "0::/kubepods/pod" + uid + "/" + id + "\n", in(uid, id, "")},
		{"v2, cgroupfs, CRI-O", "0::/kubepods/besteffort/pod" + uid + "/crio-" + id + "\n", in(uid, id, "crio")},
		{"v2, cgroupfs, cgroup root", "0::/initguard-1/kubepods/besteffort/pod" + uid + "/" + id + "\n", in(uid, id, "")},
		{"v2, removed", "0::" + besteffort + "cri-containerd-" + id + ".scope (deleted)\n", in(uid, id, "cri-containerd")},
		{"drivers that differ", "0::/system.slice/containerd.service/kubepods-besteffort-pod" + under + ".slice:cri-containerd:" + id + "\n", in(uid, id, "")},
		{"conmon in the pod's group", "0::" + besteffort + "crio-conmon-" + id + ".scope\n", in(uid, "", "")},
		{"shim in the pod's group", "0::/kubepods/besteffort/pod" + uid + "\n", in(uid, "", "")},

		{"relative, another pod", "0::/../../kubepods-burstable.slice/kubepods-burstable-pod" + under + ".slice/crio-" + id + ".scope\n", in(uid, id, "crio")},
		{"relative, cgroupfs, the same class", "0::/../../pod" + uid + "/" + id + "\n", in(uid, id, "")},
		{"relative, the same pod", "0::/../cri-containerd-" + id + ".scope\n", in("", id, "cri-containerd")},
		{"relative, removed", "0::/../../pod" + uid + "/" + id + " (deleted)\n", in(uid, id, "")},
		{"relative, the host", "0::/../../../../system.slice/sshd.service\n", in("", "", "")},
		{"the reader itself", "0::/\n", in("", "", "")},

		{"nested: systemd in a pod", "0::/kubepods/pod" + uid + "/" + id + "/system.slice/nginx.service\n", in(uid, id, "")},
		{"nested: Docker in a pod", "0::/kubepods/pod" + uid + "/" + id + "/docker/" + other + "\n", in(uid, id, "")},
		{"nested: a pod in a pod", "0::/kubepods/pod" + uid + "/" + id + "/kubepods/pod" + strings.ReplaceAll(uid, "1", "2") + "/" + other + "\n", in(uid, id, "")},
		{"kind: a pod in a Docker container", "0::/docker/" + other + "/kubelet/kubepods/burstable/pod" + uid + "/" + id + "\n", in(uid, id, "")},

		{"Docker, cgroupfs", "0::/docker/" + id + "\n", in("", id, "")},
		{"Docker, systemd", "0::/system.slice/docker-" + id + ".scope\n", in("", id, "docker")},
		{"Podman", "0::/machine.slice/libpod-" + id + ".scope/container\n", in("", id, "libpod")},
		{"Podman, rootless", "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope\n", in("", id, "libpod")},
		{"Podman's conmon", "0::/machine.slice/libpod-conmon-" + id + ".scope\n", in("", "", "")},

		{"v1", "12:pids:/kubepods/burstable/pod" + uid + "/" + id + "\n11:cpu,cpuacct:/kubepods/burstable/pod" + uid + "/" + id + "\n1:name=systemd:/kubepods/burstable/pod" + uid + "/" + id + "\n", in(uid, id, "")},
		{"v1, systemd", "9:memory:" + besteffort + "docker-" + id + ".scope\n", in(uid, id, "docker")},
		{"v1, a zombie", "9:name=systemd:/\n8:pids:/\n4:memory:/\n", in("", "", "")},
		{"hybrid", "9:name=systemd:/\n8:pids:/kubepods/pod" + uid + "/" + id + "\n1:cpu:/kubepods/pod" + uid + "/" + id + "\n0::/\n", in(uid, id, "")},
		{"hybrid, pod before container", "9:name=systemd:/kubepods/pod" + uid + "\n8:pids:/kubepods/pod" + uid + "/" + id + "\n0::/\n", in(uid, id, "")},

		{"a slice that only sounds like one", "0::/user.slice/user-podman.slice/x.service\n", in("", "", "")},
		{"a UID that is none", "0::/kubepods/pod" + uid[:35] + "/" + id[:63] + "\n", in("", "", "")},
		{"a UID with upper case", "0::/kubepods/pod" + strings.ToUpper(uid) + "/x\n", in("", "", "")},
		{"an id that is too long", "0::/kubepods/pod" + uid + "/0" + id + "\n", in(uid, "", "")},
		{"no fields", "0:\n\n::\n", in("", "", "")},
		{"empty", "", in("", "", "")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := parseCgroup(test.text); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

func FuzzParseCgroup(f *testing.F) {
	f.Add("0::/kubepods/pod" + uid + "/" + id + "/x (deleted)\n")
	f.Add("9:name=systemd:/\n0::/../../kubepods-pod" + under + ".slice:crio:" + id + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := parseCgroup(text)
		if c.Pod != "" && len(c.Pod) != 32 && len(c.Pod) != 36 || c.ID != "" && len(c.ID) != 64 {
			t.Errorf("%q is read as %+v", text, c)
		}
		if c.Known() && !strings.Contains(text, c.ID) {
			t.Errorf("%q has no %s", text, c.ID)
		}
	})
}

func TestParseHidepid(t *testing.T) {
	const root = "22 1 0:5 / / rw - ext4 /dev/vda rw\n"
	tests := []struct{ name, text, path, want string }{
		{"none", root + "23 22 0:21 / /proc rw,relatime - proc proc rw\n", "/proc", ""},
		{"off", root + "23 22 0:21 / /proc rw shared:5 - proc proc rw,hidepid=off\n", "/proc", ""},
		{"as a number", root + "23 22 0:21 / /proc rw shared:5 - proc proc rw,gid=4,hidepid=2\n", "/proc", "2"},
		{"as a word", root + "23 22 0:21 / /proc rw shared:5 master:1 - proc proc rw,hidepid=invisible\n", "/proc", "invisible"},
		{"elsewhere", root + "23 22 0:21 / /mnt/proc rw - proc proc rw,hidepid=2\n", "/proc", ""},
		{"another root", root + "23 22 0:21 / /mnt/proc rw - proc proc rw,hidepid=2\n", "/mnt/proc", "2"},
		{"mounted over", "23 22 0:21 / /proc rw - proc proc rw,hidepid=2\n24 23 0:22 / /proc rw - proc proc rw\n", "/proc", ""},
		{"no proc", "23 22 0:21 / /proc rw - tmpfs proc rw,hidepid=2\n", "/proc", ""},
		{"no fields", "\n - \n1 - 2\n", "/proc", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := parseHidepid(test.text, test.path); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func FuzzParseHidepid(f *testing.F) {
	f.Add("23 22 0:21 / /proc rw shared:5 - proc proc rw,hidepid=invisible\n")
	f.Fuzz(func(_ *testing.T, text string) { parseHidepid(text, "/proc") })
}
