package advice

// Problem is what has to be mended.
type Problem uint8

// The problems.
const (
	NoProblem     Problem = iota
	LeavesOrphans         // PID 1 does not reap
	HarmedByOrphans
	// KeepsSignals is a shell that stays PID 1: it reaps, but no signal reaches
	// the program below it.
	KeepsSignals
	// KeepsChildren is a program that does not wait for the children that it
	// started itself: seen as zombies below it. No init would help.
	KeepsChildren
)

// Situation is what the choice of a fix depends on.
type Situation struct {
	Problem Problem
	// MustBePID1 is true for a PID 1 that refuses to work as anything else.
	MustBePID1 bool

	// Containers is how many containers of the pod run on; 0 where no pod is
	// known, only an image.
	Containers int
	// ContainerPath is the container's field below the pod's spec, empty where
	// no pod is known.
	ContainerPath string
	// OptedOut is true when the pod says shareProcessNamespace: false.
	OptedOut bool
	// NamesPID1 is true when the pod's own commands mean PID 1 by its number,
	// as in kill 1 or /proc/1: in a shared namespace that is another process.
	NamesPID1 bool
	// Command is the pod's own command; it takes the place of the image's
	// ENTRYPOINT and CMD. HasArgs is true when the pod sets args.
	Command []string
	HasArgs bool

	// Argv is what the runtime starts; Entrypoint is how many words of it are
	// the image's ENTRYPOINT. Both may be empty where they are not known.
	Argv       []string
	Entrypoint int
	// Script is the base name of the script that leads to PID 1, empty where
	// none does.
	Script string
	// StaysIn is the base name of the script that keeps its shell as PID 1,
	// empty for a command string of -c; StaysAt is the line of the command
	// that is not exec'ed, 0 for none.
	StaysIn string
	StaysAt int
	// Distribution is the ID of the image's os-release, empty where that is not
	// known.
	Distribution string
	// Init is the path of an init that the image is known to hold.
	Init string

	// Parent is the name of the program that does not wait for its children.
	Parent string

	// Execs are the probes and hooks that can leave orphans.
	Execs []Exec
	// Forks is true for a command that may start others; nil is never true.
	Forks func(command []string) bool

	// Full asks for all fixes, with their patches. They hold what tenants must
	// not be shown. The way of an admission request needs the first alone.
	Full bool
	// Withheld has patches name what stands there now instead of repeating it:
	// they hold no argv and nothing of a probe's command, and may be shown to
	// anyone who sees the pod.
	Withheld bool
}

// Exec is a probe or hook that runs a command.
type Exec struct {
	// Path is the probe's or hook's field below the pod's spec, such as
	// containers[0].readinessProbe.
	Path string
	// Hook is true for a hook.
	Hook    bool
	Command []string
}

// finding is true when orphans are the problem.
func (s Situation) finding() bool { return s.Problem == LeavesOrphans || s.Problem == HarmedByOrphans }

// field is a field of the container.
func (s Situation) field(name string) string {
	if s.ContainerPath == "" {
		return name
	}
	return s.ContainerPath + "." + name
}
