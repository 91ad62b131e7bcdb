package imageinspect

import "fmt"

// Outcome is what is known about a PID 1. Its zero value is Unknown, so that
// nothing undecided can pass for an answer.
type Outcome uint8

// The outcomes, least known first.
const (
	Unknown Outcome = iota
	DoesNotReap
	Reaps
)

var outcomeNames = [...]string{Unknown: "Unknown", DoesNotReap: "DoesNotReap", Reaps: "Reaps"}

// String is the outcome as it stands in messages and in JSON.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// MarshalText writes the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads an outcome's name; any other text is an error.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("outcome %q: want Reaps, DoesNotReap or Unknown", text)
}

// Verdict is the judgement on one PID 1.
type Verdict struct {
	Outcome Outcome
	// Reason says why, and for Unknown what is missing. It is never empty in
	// a Verdict that this package returns.
	Reason Reason
	// ByName is true when the answer rests on the program's name alone: the
	// file was not looked at.
	ByName bool
	// MustBePID1 is true for programs that refuse to work as anything else,
	// such as systemd and s6-overlay.
	MustBePID1 bool
	// HarmedByOrphans says what an orphan's exit does to a program that reaps
	// it ("restarts all its processes"); empty when nothing bad is known.
	HarmedByOrphans string
	// ForwardsSignals is false for a shell that stays PID 1: it reaps, but a
	// SIGTERM never reaches the program below it.
	ForwardsSignals bool
	// ForksHelpers is true for programs known to start processes that may
	// outlive their parents.
	ForksHelpers bool
}

// with takes over from another verdict of the same outcome what makes the
// common answer worse.
func (v Verdict) with(other Verdict) Verdict {
	if other.HarmedByOrphans != "" {
		v.HarmedByOrphans = other.HarmedByOrphans
	}
	v.MustBePID1 = v.MustBePID1 || other.MustBePID1
	v.ForksHelpers = v.ForksHelpers || other.ForksHelpers
	v.ForwardsSignals = v.ForwardsSignals && other.ForwardsSignals
	return v
}

// Code names a reason for machines: metric labels, JSON, tests. The set is
// closed and small.
type Code string

// The codes. Those from CodeNoCommand on only occur with Unknown.
const (
	CodeProgram         Code = "program"          // the program's own behaviour decides
	CodePod             Code = "pod"              // a field of the pod decides (hostPID ...)
	CodeInjected        Code = "injected"         // initguard itself put an init in front
	CodeNoCommand       Code = "no-command"       // neither pod nor image names a command
	CodeVariable        Code = "variable"         // depends on a value that is not in the pod
	CodeUnknownProgram  Code = "unknown-program"  // no table knows the program
	CodeScript          Code = "script"           // a script that was not read to its end
	CodeShell           Code = "shell"            // depends on which shell /bin/sh is
	CodeMounted         Code = "mounted"          // the file lies on a volume
	CodeNoFile          Code = "no-file"          // the image lacks the file
	CodeNotRead         Code = "not-read"         // a file could not be read within the bounds
	CodeEnds            Code = "ends"             // the script runs no program that stays
	CodeCondition       Code = "condition"        // depends on a condition that can't be known
	CodeWrapper         Code = "wrapper"          // a wrapper's arguments can't be read
	CodePlatforms       Code = "platforms-differ" // platforms of the image disagree
	CodeNoPlatform      Code = "no-platform"      // the image lacks every platform asked for
	CodeImageName       Code = "image-name"       // the reference can't be parsed
	CodeImageStream     Code = "image-stream"     // the name is an ImageStream's, which was not resolved
	CodeImageInvalid    Code = "image-invalid"    // what the registry sent is no image we read
	CodeUnreachable     Code = "image-unreachable"
	CodeStillInspecting Code = "still-inspecting"
)

// UnknownCodes are those that occur with Unknown.
func UnknownCodes() []Code {
	return []Code{
		CodeNoCommand, CodeVariable, CodeUnknownProgram, CodeScript, CodeShell, CodeMounted, CodeNoFile, CodeNotRead, CodeEnds, CodeCondition,
		CodeWrapper, CodePlatforms, CodeNoPlatform, CodeImageName, CodeImageStream, CodeImageInvalid, CodeUnreachable, CodeStillInspecting,
	}
}

// Reason explains a verdict. Text may be shown to anyone who sees the pod: it
// holds base names, field paths and line numbers, never argv or values.
// Detail is for the platform's log and the CLI alone.
type Reason struct {
	Code   Code
	Text   string
	Detail string
}

// Failure is the error of a lookup that ended without facts. Its Reason is
// what an Unknown verdict says; Err is the cause.
type Failure struct {
	Reason Reason
	Err    error
}

func (f *Failure) Error() string {
	if f.Err == nil {
		return f.Reason.Text
	}
	return f.Reason.Text + ": " + f.Err.Error()
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

func unknown(code Code, format string, args ...any) Verdict {
	return Verdict{Reason: Reason{Code: code, Text: fmt.Sprintf(format, args...)}}
}
