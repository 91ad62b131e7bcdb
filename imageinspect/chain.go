package imageinspect

// StepKind is what a step of the chain did.
type StepKind string

// The kinds of step, in the order in which they usually come.
const (
	StepPod     StepKind = "pod"     // a field of the pod decides
	StepArgv    StepKind = "argv"    // where argv comes from
	StepWrapper StepKind = "wrapper" // a program that execs another
	StepFile    StepKind = "file"    // a file of the image, and what it is
	StepShell   StepKind = "shell"   // a shell, and its command string or script
	StepProgram StepKind = "program" // where the chain ends
)

// Step is one step on the way from argv to PID 1, with its evidence.
type Step struct {
	Kind StepKind `json:"kind"`
	// Program is the base name of the program that the step is about.
	Program string `json:"program,omitempty"`
	// Line is the line of a script that decides; 0 for none.
	Line int `json:"line,omitempty"`
	// Text says what happens; base names only.
	Text string `json:"text"`
	// Detail holds argv or a path as they are. Only the CLI, which runs with
	// its caller's own rights, shows it.
	Detail string `json:"detail,omitempty"`
	// Evidence is where the knowledge comes from: a measurement or a source.
	Evidence string `json:"evidence,omitempty"`
}

// Place is a line of a script.
type Place struct {
	// Script is the script's base name, empty for a command string of -c.
	Script string
	// Line counts from 1.
	Line int
}

// Result is the answer for one container on one platform.
type Result struct {
	// Argv is what the runtime starts. It may hold secrets: never show it to
	// tenants.
	Argv []string
	// Entrypoint is how many words of Argv are the image's ENTRYPOINT.
	Entrypoint int
	// ArgvDiffers is true when platforms of the image start something else each:
	// Argv is that of one of them.
	ArgvDiffers bool
	// PID1Use is how the scripts that were read on the way to PID 1 mean it by
	// its number.
	PID1Use PID1Use
	// PID1 is the base name of the program that ends up as PID 1, empty when
	// that is not known.
	PID1    string
	Verdict Verdict
	Chain   []Step
	// Stays is where a script keeps the shell as PID 1, because a command there
	// is not exec'ed; nil where no shell stays.
	Stays *Place
	// Distribution is the ID of the image's os-release, such as debian; empty
	// where that is not known without another download.
	Distribution string
	// Init is the path of an init that the image holds; empty where none was
	// come across.
	Init string
}
