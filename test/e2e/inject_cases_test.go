//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/images"
)

// What becomes of most pods, and of those with several containers.
var (
	either = outcomes{auto: string(sharing), share: string(sharing), wrap: string(wrapped)}
	wraps  = outcomes{auto: string(wrapped), share: "the pod has 2 containers that run on", wrap: string(wrapped)}
)

// witness is the program that tells how it was started, with arguments.
func witness(args ...string) []string {
	return append([]string{images.ProgramFolder + "/witness"}, args...)
}

// injectCases are the rows of the matrix.
func injectCases() []injectCase {
	return slices.Concat(runtimeCases(), serverCases(), scriptingCases(), argvCases(), podCases(), hazardCases(), endingCases(), alreadyCases())
}

// runs is an image of packages whose ENTRYPOINT is a program.
func runs(packages []string, argv ...string) images.Spec {
	return images.Spec{Packages: packages, Config: imagetest.Spec{Entrypoint: argv}}
}

// runtimeCases are interpreters and virtual machines.
func runtimeCases() []injectCase {
	const handler = `process.on('SIGTERM', () => { console.log('stopping'); process.exit(7) }); setInterval(() => {}, 1e6); console.log(process.argv.slice(1))`
	return []injectCase{
		{
			name: "node", about: "node without a handler", want: either, sample: true,
			image: runs([]string{"nodejs"}, "node", "-e", "console.log('up'); setInterval(() => {}, 1e6)"),
		},
		{
			name: "node-handler", about: "node that exits with 7 at SIGTERM", want: either,
			image: runs([]string{"nodejs"}, "node", "-e", handler, "a b", ""),
		},
		{
			name: "python", about: "python without a handler", want: either,
			image: runs([]string{"python3-minimal"}, "python3", "-c", "import time; print('up', flush=True); time.sleep(1e6)"),
		},
		{
			name: "python-handler", about: "python that exits with 3 at SIGTERM", want: either,
			image: runs([]string{"python3-minimal"}, "python3", "-uc",
				"import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (print('stopping'), sys.exit(3)))\nprint(sys.argv)\ntime.sleep(1e6)", "x"),
		},
		{
			name: "java", about: "a Java virtual machine", want: either,
			image: runs([]string{"openjdk-17-jre-headless", "rhino"}, "/usr/lib/jvm/java-17-openjdk-"+runtime.GOARCH+"/bin/java", "-Xmx64m",
				"-cp", "/usr/share/java/js.jar", "org.mozilla.javascript.tools.shell.Main", "-e", "print('up'); java.lang.Thread.sleep(1e9)"),
		},
		{name: "perl", about: "perl without a handler", want: either, image: runs([]string{"perl-base"}, "perl", "-e", "$| = 1; print qq(up\\n); sleep 1e6")},
		{name: "ruby", about: "ruby, which ends itself by a signal", want: either, raises: 1, image: runs([]string{"ruby"}, "ruby", "-e", "$stdout.sync = true; puts 'up'; sleep 1e6")},
		{name: "lua", about: "lua that waits for its own child", want: either, image: runs([]string{"lua5.4"}, "lua5.4", "-e", "os.execute('exec sleep 1000000')")},
		{name: "go-server", about: "a static Go server that ends well at SIGTERM", want: either, exact: true, image: witnessImage("a", "b c")},
	}
}

// witnessImage is the static Go program alone, with arguments.
func witnessImage(args ...string) images.Spec {
	return images.Spec{Programs: []string{"witness"}, Config: imagetest.Spec{
		Entrypoint: witness(), Cmd: args, WorkingDir: "/srv/app", Env: []string{"A=1", "PATH=/usr/local/bin:/usr/bin:/bin"},
	}, Files: map[string]string{"/srv/app/.keep": ""}}
}

// serverCases are servers as their images start them.
func serverCases() []injectCase {
	entrypoint := map[string]string{"/usr/local/bin/docker-entrypoint.sh": redisEntrypoint, "/data/.keep": ""}
	haproxy := "global\n  log stdout format raw local0\ndefaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\nfrontend f\n  bind 127.0.0.1:8080\n"
	postgres := "[ -d /tmp/data ] || " + pgBin + "initdb -D " + pgData + " >/dev/null; exec " + pgBin + "postgres -D " + pgData + " -k /tmp"
	unknown := "what haproxy does depends on arguments that are not known"
	return []injectCase{
		{name: "nginx", about: "reaps already", reaps: true, image: runs([]string{"nginx-light"}, "nginx", "-g", "daemon off;")},
		{name: "redis", about: "redis by itself", want: either, image: runs([]string{"redis-server"}, "redis-server", "--save", "")},
		{
			name: "redis-official", about: "a script that drops root with gosu", want: either, sample: true,
			image: images.Spec{Packages: []string{"redis-server", "gosu"}, Files: entrypoint, Config: imagetest.Spec{
				Entrypoint: []string{"docker-entrypoint.sh"}, Cmd: []string{"redis-server"}, WorkingDir: "/data",
			}},
		},
		{
			name: "postgres", about: "reaps, but an orphan that fails makes it restart", want: either, sample: true, reaps: true,
			status: 3, harm: "all server processes terminated; reinitializing",
			image: images.Spec{Packages: []string{"postgresql-15"}, Config: imagetest.Spec{
				Entrypoint: []string{"bash", "-c", postgres}, User: "65534",
			}},
		},
		{name: "memcached", about: "memcached as another user", want: either, image: runs([]string{"memcached"}, "memcached", "-u", "nobody", "-v")},
		{
			name: "haproxy", about: "its configuration file decides whether it reaps", want: outcomes{unknown, unknown, unknown}, image: images.Spec{
				Packages: []string{"haproxy"}, Files: map[string]string{"/etc/h.cfg": haproxy},
				Config: imagetest.Spec{Entrypoint: []string{"haproxy"}, Cmd: []string{"-db", "-f", "/etc/h.cfg"}},
			},
		},
		{name: "mosquitto", about: "mosquitto", want: either, image: runs([]string{"mosquitto"}, "mosquitto", "-v")},
		{
			name: "php-fpm", about: "php-fpm in the foreground: it reaps", reaps: true, image: images.Spec{
				Packages: []string{"php8.2-fpm"}, Files: map[string]string{"/run/php/.keep": ""},
				Config: imagetest.Spec{Entrypoint: []string{"php-fpm8.2", "-F", "-O"}},
			},
		},
	}
}

// scriptingCases are shells and scripts.
func scriptingCases() []injectCase {
	script := func(shebang, text string, cmd ...string) images.Spec {
		return images.Spec{
			Programs: []string{"witness"}, Files: map[string]string{startScript: shebang + "\n" + text},
			Config: imagetest.Spec{Entrypoint: []string{startScript}, Cmd: cmd},
		}
	}
	shell := func(packages []string, link string, command string) images.Spec {
		s := images.Spec{Packages: packages, Programs: []string{"witness"}, Config: imagetest.Spec{Cmd: []string{"/bin/sh", "-c", command}}}
		if link != "" {
			s.Links = map[string]string{"/usr/bin/sh": link}
		}
		return s
	}
	run := strings.Join(witness("'x  y'"), " ")
	busybox := []string{"busybox"}
	return []injectCase{
		{name: "bash-script", about: "a bash script that execs its arguments", want: either, exact: true, image: script("#!/bin/bash", "set -eu\necho \"starting $*\"\nexec \"$@\"\n", witness("a b", "")...)},
		{name: "dash-script", about: "a dash script that execs its arguments", want: either, exact: true, image: script("#!/bin/sh -e", "export FROM=script\ncd /tmp\nexec \"$@\"\n", witness("$HOME", "*")...)},
		{name: "dash-reads", about: "a dash script that reads in a loop", want: either, image: script("#!/bin/sh", "mkfifo /tmp/fifo\nexec 3<>/tmp/fifo\nwhile read -r line <&3; do\n\techo \"$line\"\ndone\n")},
		{name: "sh-bash", about: "shell form where sh is bash: it execs", want: either, exact: true, image: shell(nil, "bash", run)},
		{name: "sh-dash", about: "shell form where sh is dash: it stays and reaps", reaps: true, image: shell(nil, "", run)},
		{name: "sh-dash-exec", about: "shell form with exec", want: either, exact: true, image: shell(nil, "", "exec "+run)},
		{name: "sh-busybox", about: "shell form where sh is busybox: it execs", want: either, exact: true, sample: true, image: shell(busybox, "busybox", "true; "+run)},
	}
}

// argvCases hold what an argument means, from the image and from the pod.
func argvCases() []injectCase {
	odd := []string{"$(NAME)", "$$(NAME)", "$$", "$", "$(", "$(MISSING)", "${NAME}", "$$$(NAME)", "", " ", "--", "-g", "a\tb", "ü"}
	command := func(set func(*corev1.Container)) func(*corev1.PodSpec) {
		return func(spec *corev1.PodSpec) {
			spec.Containers[0].Env = []corev1.EnvVar{{Name: "NAME", Value: "value of $$(A)"}}
			set(&spec.Containers[0])
		}
	}
	return []injectCase{
		{
			name: "dollars-image", about: "`$(VAR)` and `$$` in ENTRYPOINT and CMD: nobody expands them", want: either, exact: true, sample: true,
			image: images.Spec{Programs: []string{"witness"}, Config: imagetest.Spec{Entrypoint: witness(odd...), Cmd: odd}}, edit: command(func(*corev1.Container) {}),
		},
		{
			name: "dollars-args", about: "the same in args, which the kubelet expands, after those of ENTRYPOINT", want: either, exact: true,
			image: images.Spec{Programs: []string{"witness"}, Config: imagetest.Spec{Entrypoint: witness(odd...), Cmd: []string{"lost"}}},
			edit:  command(func(c *corev1.Container) { c.Args = odd }),
		},
		{
			name: "dollars-command", about: "the same in command, without args: CMD is lost", want: either, exact: true, byTag: true,
			image: images.Spec{Programs: []string{"witness"}, Config: imagetest.Spec{Entrypoint: []string{"lost"}, Cmd: []string{"lost"}}},
			edit:  command(func(c *corev1.Container) { c.Command = witness(odd...) }),
		},
		{
			name: "dollars-both", about: "the same in command and args", want: either, exact: true,
			image: images.Spec{Programs: []string{"witness"}, Config: imagetest.Spec{Entrypoint: []string{"lost"}, Cmd: []string{"lost"}}},
			edit:  command(func(c *corev1.Container) { c.Command, c.Args = witness(odd...), odd }),
		},
		{
			name: "dollars-alone", about: "the same in args, over CMD, without an ENTRYPOINT", want: either, exact: true,
			image: images.Spec{Programs: []string{"witness"}, Config: imagetest.Spec{Cmd: []string{"lost"}}},
			edit:  command(func(c *corev1.Container) { c.Args = append(witness(), odd...) }),
		},
		{
			name: "by-tag", about: "an image by tag: the node may have another one", want: outcomes{string(sharing), string(sharing), "its image is named by a tag"}, exact: true,
			byTag: true, image: witnessImage(),
		},
	}
}

// restricted is what Pod Security's restricted asks for.
func restricted(c *corev1.Container) {
	c.SecurityContext = &corev1.SecurityContext{
		RunAsNonRoot: new(true), AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
		Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

func emptyDir(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
}

// podCases are pods that set more than an image.
func podCases() []injectCase {
	user := witnessImage("user")
	user.Config.User = "1234:2345"
	second := func(spec *corev1.PodSpec) {
		spec.Containers = append(spec.Containers, corev1.Container{
			Name: "second", Args: []string{"second"}, WorkingDir: "/tmp", SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64(4321))},
		})
	}
	native := func(spec *corev1.PodSpec) {
		spec.InitContainers = []corev1.Container{
			{Name: "sidecar", Args: []string{"sidecar"}, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)},
			{Name: "prepare", Args: []string{"-once"}},
		}
	}
	return []injectCase{
		{
			name: "restricted", about: "not root, root file system read-only, Pod Security restricted", want: either, exact: true, sample: true,
			image: user, namespace: restrictedNamespace, edit: func(spec *corev1.PodSpec) {
				restricted(&spec.Containers[0])
				spec.SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(3456)), SupplementalGroups: []int64{77}}
				spec.Volumes = []corev1.Volume{emptyDir("tmp")}
				spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}}
			},
		},
		{
			name: "run-as-user", about: "runAsUser and runAsGroup of the pod", want: either, exact: true, image: witnessImage(), edit: func(spec *corev1.PodSpec) {
				spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64(4321)), RunAsGroup: new(int64(5432)), RunAsNonRoot: new(true)}
			},
		},
		{name: "two-containers", about: "two containers, of two users", want: wraps, exact: true, image: witnessImage("first"), edit: second},
		{name: "native-sidecar", about: "a native sidecar and an init container", want: wraps, exact: true, sample: true, image: witnessImage("main"), edit: native},
		{name: "quota", about: "a namespace with ResourceQuota and LimitRange", want: either, exact: true, sample: true, image: witnessImage(), namespace: quotaNamespace},
		{
			name: "resources", about: "requests and limits of its own", want: either, exact: true, image: witnessImage(), namespace: injectNamespace,
			edit: func(spec *corev1.PodSpec) {
				spec.Containers[0].Resources = corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("5m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
					Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")},
				}
			},
		},
		{
			name: "stdin", about: "standard input that stays open", want: either, exact: true, image: witnessImage("-read"),
			edit: func(spec *corev1.PodSpec) { spec.Containers[0].Stdin = true }, during: attach,
		},
		{
			name: "tty", about: "a terminal", want: either, image: witnessImage(),
			edit: func(spec *corev1.PodSpec) { spec.Containers[0].TTY = true },
		},
		{
			name: "service-links", about: "variables of Services, a volume and a hook", want: either, exact: true, image: witnessImage("$(KUBERNETES_SERVICE_HOST)"),
			edit: func(spec *corev1.PodSpec) {
				spec.EnableServiceLinks = new(true)
				spec.Volumes = []corev1.Volume{emptyDir("work")}
				spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "work", MountPath: "/srv/app"}}
				spec.Containers[0].Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/bin/true"}}}}
			},
		},
	}
}

// hazardCases are pods against which something speaks: one strategy does, or
// none.
func hazardCases() []injectCase {
	first := "#!/bin/sh\nif [ $$ -eq 1 ]; then\n\techo first\nfi\nexec \"$@\"\n"
	again := "#!/bin/sh\nif [ ! -e /work/started ]; then\n\t: >/work/started\n\texit 3\nfi\nexec \"$@\"\n"
	is := "a script of its image uses $$ = 1"
	script := func(text string) images.Spec {
		return images.Spec{Programs: []string{"witness"}, Files: map[string]string{startScript: text}, Config: imagetest.Spec{
			Entrypoint: []string{"./" + path.Base(startScript)}, Cmd: witness(), WorkingDir: scriptFolder,
		}}
	}
	return []injectCase{
		{
			name: "pre-stop", about: "a hook that ends PID 1: the init hands the signal on", exact: true, image: witnessImage(),
			want: outcomes{string(wrapped), "containers[0].lifecycle.preStop uses kill 1", string(wrapped)}, edit: func(spec *corev1.PodSpec) {
				kill := &corev1.ExecAction{Command: []string{"sh", "-c", "kill -HUP 1; kill -TERM 1"}}
				spec.Containers[0].Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: kill}}
			},
		},
		{name: "looks-at-itself", about: "a script that asks whether it is PID 1", exact: true, image: script(first), want: outcomes{is, is, is}},
		{
			name: "opted-out", about: "shareProcessNamespace: false", exact: true, image: witnessImage(),
			want: outcomes{string(wrapped), "the pod says shareProcessNamespace: false", string(wrapped)},
			edit: func(spec *corev1.PodSpec) { spec.ShareProcessNamespace = new(false) },
		},
		{
			name: "restarts", about: "a script by a relative path, whose container is started again", exact: true, image: script(again), want: either, restarts: 1,
			edit: func(spec *corev1.PodSpec) {
				spec.RestartPolicy = corev1.RestartPolicyOnFailure
				spec.Volumes = []corev1.Volume{emptyDir("work")}
				spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "work", MountPath: "/work"}}
			},
		},
	}
}

// attach writes to a container's standard input.
func attach(t *testing.T, in *injection, namespace, pod string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := in.cluster.Kubectl(ctx, "-n", namespace, "attach", "-i", pod)
	cmd.Stdin = bytes.NewReader([]byte("hello\n"))
	if out, err := cmd.CombinedOutput(); err != nil && ctx.Err() == nil {
		t.Fatalf("attach: %v: %s", err, out)
	}
	awaitEvery(t, pollPods, time.Minute, "the line that was written", func() (bool, string) {
		log := in.logs(t, namespace, pod, "main")
		return strings.Contains(log, "read hello\n"), log
	})
}

// endingCases end by themselves.
func endingCases() []injectCase {
	exits := func(status int) images.Spec { return witnessImage("-once", "-status", fmt.Sprint(status)) }
	shell := func(command string) images.Spec {
		return images.Spec{Programs: []string{"witness"}, Config: imagetest.Spec{Entrypoint: []string{"bash", "-c", command}}}
	}
	background := func(spec *corev1.PodSpec) {
		spec.InitContainers = []corev1.Container{{Name: "sidecar", Args: []string{"sidecar"}, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
	}
	return []injectCase{
		{name: "job", about: "a Job that completes", want: either, ends: true, exact: true, sample: true, kind: kindJob, image: exits(0)},
		{name: "job-sidecar", about: "a Job with a native sidecar", want: wraps, ends: true, exact: true, kind: kindJob, image: exits(0), edit: background},
		{name: "job-daemon", about: "a Job that leaves a process behind", want: either, ends: true, exact: true, kind: kindJob, image: shell("setsid sleep 1000000 & exec " + strings.Join(witness("-once"), " "))},
		{name: "cron-job", about: "a CronJob", want: either, ends: true, exact: true, kind: kindCronJob, image: exits(0)},
		{name: "exit-1", about: "exit status 1", want: either, ends: true, exact: true, image: exits(1)},
		{name: "exit-137", about: "exit status 137", want: either, ends: true, exact: true, image: exits(killed)},
		{
			name: "out-of-memory", about: "killed for want of memory", want: either, ends: true, image: runs(nil, "tail", "/dev/zero"), edit: func(spec *corev1.PodSpec) {
				spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}
			},
		},
	}
}

// alreadyCases are left alone.
func alreadyCases() []injectCase {
	const overlayInit = "#!/bin/sh -e\nif [ $$ -ne 1 ]; then\n\techo 's6-overlay-suexec: fatal: can only run as pid 1' >&2\n\texit 100\nfi\nexec s6-svscan /srv/scan\n"
	under := func(packages []string, argv ...string) images.Spec {
		s := runs(packages, append(argv, witness("x")...)...)
		s.Programs = []string{"witness"}
		return s
	}
	refuses := witnessImage()
	refuses.Copies = nil
	refuses.Links = map[string]string{"/usr/bin/refuses": images.ProgramFolder + "/witness"}
	refuses.Config.Entrypoint, refuses.Config.Cmd = []string{"refuses", "-must-be-first"}, nil
	must := "must be PID 1"
	return []injectCase{
		{name: "tini", about: "tini in the image", reaps: true, image: under([]string{"tini"}, "tini", "--")},
		{name: "dumb-init", about: "dumb-init in the image", reaps: true, image: under([]string{"dumb-init"}, "dumb-init", "--")},
		{
			name: "s6-init", about: "an `/init` as s6-overlay's, which has to be PID 1", reaps: true, image: images.Spec{
				Packages: []string{"s6"}, Files: map[string]string{"/init": overlayInit, "/srv/scan/app/run": service}, Config: imagetest.Spec{Entrypoint: []string{"/init"}},
			},
		},
		{
			name: "must-be-first", about: "a program that refuses to be anything but PID 1 and doesn't reap", sample: true,
			image: refuses, want: outcomes{must, must, must},
		},
		{
			name: "shares-already", about: "shareProcessNamespace set by the team", reaps: true, image: witnessImage(),
			edit: func(spec *corev1.PodSpec) { spec.ShareProcessNamespace = new(true) },
		},
	}
}
