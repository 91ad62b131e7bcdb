package scanner

import "strings"

// A Cause is why a zombie is there.
type Cause string

// The causes. Only the first one is mended by an init.
const (
	// PID1NotReaping: an orphan that PID 1 of its container did not wait for.
	PID1NotReaping Cause = "PID1NotReaping"
	// ParentNotWaiting: a program did not wait for its own child, or for what it
	// adopted as a subreaper.
	ParentNotWaiting Cause = "ParentNotWaiting"
	// PID1Ambiguous: below PID 1, which may have started it itself.
	PID1Ambiguous Cause = "PID1Ambiguous"
	// RuntimeReaper: the container runtime has to wait for it, and soon will.
	RuntimeReaper Cause = "RuntimeReaper"
)

// rank orders causes where their numbers are the same: what is known for sure
// before what isn't.
func (c Cause) rank() int {
	switch c {
	case PID1NotReaping:
		return 0
	case ParentNotWaiting:
		return 1
	default:
		return 2
	}
}

// Help says whether an init in front of the container's program would help. It
// is never a bool: what can't be told is a value of its own.
type Help string

// The answers.
const (
	HelpYes     Help = "Yes"
	HelpNo      Help = "No"
	HelpUnknown Help = "Unknown"
)

// InitHelps says whether an init would end zombies of this cause.
func (c Cause) InitHelps() Help {
	switch c {
	case PID1NotReaping:
		return HelpYes
	case PID1Ambiguous:
		return HelpUnknown
	default:
		return HelpNo
	}
}

// Explain says it in a sentence.
func (c Cause) Explain() string {
	switch c {
	case PID1NotReaping:
		return "orphans that PID 1 does not wait for; an init as PID 1 would"
	case ParentNotWaiting:
		return "children that their own parent does not wait for; an init would not help, that program has to be mended"
	case PID1Ambiguous:
		return "below PID 1, which may have started them itself; if it did, an init would not help"
	case RuntimeReaper:
		return "the container runtime's own, which it waits for by itself"
	default:
		return ""
	}
}

// A judgement is what is known of one zombie.
type judgement struct {
	cause     Cause
	parent    Process
	container Container
}

// judge says why a zombie is there.
//
// Reads: the zombie's and its ancestors' parent, session, PIDs in all
// namespaces and container.
//
// RuntimeReaper: the parent is outside of the zombie's PID namespace and its
// container, or has a runtime's name and runs on the host. Observed with runc
// 1.1, crun 1.8 and containerd 2.4: what is exec'd into a container, probes
// included, is a child of the shim or of the runtime itself, so PID 1 never has
// to wait for it; its own children, once it is gone, go to PID 1.
//
// ParentNotWaiting: the parent is not PID 1, or is PID 1 only of a PID namespace
// that the container made inside of itself (bwrap, unshare, Docker in a pod).
//
// Below PID 1 the session tells who started the zombie, because a process has
// that of its maker unless it called setsid, and then leads one of its own:
//
//   - another one's: not PID 1's child. An orphan: PID1NotReaping. Observed:
//     runc and crun give PID 1 and whatever is exec'd a session of its own, so
//     the orphans of a probe have the probe's, whose leader is gone by then.
//   - PID 1's own: PID 1 or a child of it started the zombie: PID1Ambiguous.
//   - its own: somebody called setsid, a probe (`setsid x &`) or PID 1
//     (start_new_session in Python, detached in node): PID1Ambiguous.
func judge(z Process, living map[int]Process) judgement {
	parent := living[z.Parent]
	j := judgement{parent: parent, container: home(z, living)}
	switch {
	case outside(z, parent, j.container):
		j.cause = RuntimeReaper
	case !parent.First() || nested(z, parent, j.container, living):
		j.cause = ParentNotWaiting
	case z.Session < 0 || parent.Session < 0 || z.Session == parent.Session || z.Session == z.PID:
		j.cause = PID1Ambiguous
	default:
		j.cause = PID1NotReaping
	}
	return j
}

// home is the container of a zombie. With control groups v1 it is out of its
// group once it exited, so that of the nearest ancestor in one stands for it.
func home(z Process, living map[int]Process) Container {
	if z.Container.Known() {
		return z.Container
	}
	for p := range ancestors(z, living) {
		if p.Container.Known() {
			return p.Container
		}
	}
	return z.Container
}

// outside says whether the parent is the runtime. What a process calls itself
// counts only on the host: in a container it is anybody's word.
func outside(z, parent Process, home Container) bool {
	switch {
	case z.Parent == 0:
		return true // the parent is in none of the namespaces that we see
	case parent.Container.ID == home.ID && home.Known():
		return false
	case home.Known() && parent.depth() < z.depth():
		return true
	default:
		return !parent.Container.Known() && runtimeName(parent.Comm)
	}
}

// runtimeName knows the processes that runtimes keep beside containers. The
// kernel cuts names at 15 bytes: containerd-shim-runc-v2 is "containerd-shim".
func runtimeName(comm string) bool {
	switch comm {
	case "conmon", "conmonrs", "crio", "containerd", "dockerd", "runc", "crun", "youki":
		return true
	}
	return strings.HasPrefix(comm, "containerd-shim")
}

// nested says whether the parent's PID namespace is one that the container made
// inside of itself: then an ancestor in the container is seen in fewer. On the
// host it doesn't count: there a PID namespace without a known control group is
// a container that we don't know.
func nested(z, parent Process, home Container, living map[int]Process) bool {
	if !home.Known() {
		return false
	}
	for p := range ancestors(z, living) {
		if p.Container.ID == home.ID && p.depth() < parent.depth() {
			return true
		}
	}
	return false
}

// maxAncestors bounds the way up. Parents are read one after the other, so that
// a circle is possible where a PID was used again meanwhile.
const maxAncestors = 128

// ancestors goes up from the parent.
func ancestors(z Process, living map[int]Process) func(yield func(Process) bool) {
	return func(yield func(Process) bool) {
		pid := z.Parent
		for range maxAncestors {
			p, ok := living[pid]
			if !ok || !yield(p) {
				return
			}
			pid = p.Parent
		}
	}
}
