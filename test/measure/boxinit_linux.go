package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/initguard/initguard/imageinspect/identity"
)

// boxInit is the first process of the namespaces: it sets up the root and
// becomes the program.
func boxInit() error {
	runtime.LockOSThread() // capabilities and exec are the thread's
	var spec boxSpec
	if err := json.Unmarshal([]byte(os.Getenv(specVariable)), &spec); err != nil {
		return err
	}
	os.Clearenv()
	for _, step := range []func(boxSpec) error{enterRoot, loopback, prepare, dropPrivileges} {
		if err := step(spec); err != nil {
			return err
		}
	}
	program, err := find(spec.Argv[0])
	if err != nil {
		return err
	}
	if err := identify(program); err != nil {
		return err
	}
	return fmt.Errorf("exec %s: %w", program, unix.Exec(program, spec.Argv, spec.Env))
}

// identify leaves a note of what the program's file says of itself, which also
// says that all is set up.
func identify(program string) error {
	f, err := os.Open(program)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	id, err := identity.Read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	text, err := json.Marshal(id)
	if err != nil {
		return err
	}
	return os.WriteFile("/.initguard/exec", text, 0o600)
}

// mount is one file system of the throwaway root.
type mount struct {
	source, target, kind string
	flags                uintptr
	data                 string
}

func enterRoot(spec boxSpec) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", spec.Work, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting tmpfs: %w", err)
	}
	upper, work, root := filepath.Join(spec.Work, "upper"), filepath.Join(spec.Work, "work"), filepath.Join(spec.Work, "root")
	for _, dir := range []string{upper, work, root} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	mounts := []mount{
		{"overlay", "", "overlay", 0, "lowerdir=" + spec.Root + ",upperdir=" + upper + ",workdir=" + work},
		{"proc", "proc", "proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"sysfs", "sys", "sysfs", unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV, ""},
		{"tmpfs", "dev", "tmpfs", 0, "mode=755"},
		{"devpts", "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666"},
		{"tmpfs", "dev/shm", "tmpfs", 0, "mode=1777"},
		{"tmpfs", "tmp", "tmpfs", 0, "mode=1777"},
		{spec.Shared, ".initguard", "", unix.MS_BIND, ""},
	}
	for _, m := range mounts {
		target := filepath.Join(root, m.target)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.source, target, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mounting %s on /%s: %w", m.source, m.target, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "srv"), 0o755); err != nil { // where setup scripts put their files
		return err
	}
	if err := devices(filepath.Join(root, "dev")); err != nil {
		return err
	}
	return pivot(root)
}

// devices gives the root the few devices that a container has.
func devices(dir string) error {
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		target := filepath.Join(dir, name)
		if err := os.WriteFile(target, nil, 0o666); err != nil {
			return err
		}
		if err := unix.Mount("/dev/"+name, target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("binding /dev/%s: %w", name, err)
		}
	}
	for name, target := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0",
		"stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the host's root: %w", err)
	}
	return os.Chdir("/")
}

// loopback names the host and brings lo up.
func loopback(boxSpec) error {
	if err := unix.Sethostname([]byte("measure")); err != nil {
		return err
	}
	if err := os.WriteFile("/etc/hosts", []byte("127.0.0.1 localhost measure\n"), 0o644); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// prepare runs the form's setup script and ends all that it left behind.
func prepare(spec boxSpec) error {
	if spec.Setup == "" {
		return nil
	}
	cmd := exec.Command("/bin/sh", "-euc", spec.Setup) //nolint:noctx // the forms' own scripts, bounded by the caller
	cmd.Env = spec.Env
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	_ = unix.Kill(-1, unix.SIGKILL) // all of this PID namespace, this process aside
	for {
		_, err := unix.Wait4(-1, nil, 0, nil)
		if errors.Is(err, unix.ECHILD) {
			return nil
		}
	}
}

// allowed are the capabilities that container runtimes leave a container.
var allowed = [...]uint{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL,
	unix.CAP_SETGID, unix.CAP_SETUID, unix.CAP_SETPCAP, unix.CAP_NET_BIND_SERVICE,
	unix.CAP_SYS_CHROOT, unix.CAP_MKNOD, unix.CAP_AUDIT_WRITE, unix.CAP_SETFCAP, unix.CAP_NET_RAW,
}

// dropPrivileges leaves this thread what a container has.
func dropPrivileges(spec boxSpec) error {
	var keep uint64
	for _, c := range allowed {
		keep |= 1 << c
	}
	for c := uint(0); c <= 63; c++ {
		if keep&(1<<c) != 0 {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0)
		if err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: the kernel has no such capability
			return fmt.Errorf("dropping capability %d: %w", c, err)
		}
	}
	if spec.UID != 0 {
		return becomeUser(spec.UID)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	low, high := uint32(keep&0xffffffff), uint32(keep>>32)
	data := [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
	return unix.Capset(&header, &data[0])
}

func becomeUser(id int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setresgid(id, id, id); err != nil {
		return err
	}
	return syscall.Setresuid(id, id, id)
}

// find looks for a program on the root's PATH.
func find(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"} {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", fmt.Errorf("no program %s in the root: the form's packages lack it", name)
}
