// Package advice says which fix fits a finding. The webhook, the scanner and
// the offline commands give the same advice, in the same words.
//
// It is pure. A fix is one function in one file; fixes is the list of them.
package advice

// Page is a page of docs/fixes.
type Page string

// The pages.
const (
	AddInit               Page = "init.md"
	InitBeforeScript      Page = "entrypoint.md"
	ShareProcessNamespace Page = "share-pid.md"
	ExecInScript          Page = "exec.md"
	ChangeProbe           Page = "probes.md"
	WaitForChildren       Page = "children.md"
)

// Pages are all of them.
func Pages() []Page {
	return []Page{AddInit, InitBeforeScript, ShareProcessNamespace, ExecInScript, ChangeProbe, WaitForChildren}
}

// Where is what a fix changes.
type Where uint8

// What can be changed.
const (
	InPod    Where = iota // a field below the pod's spec
	InImage               // the image's Dockerfile
	InScript              // a script of the image
)

// Fix is one change that mends a finding. Path, Change and Note may be shown
// to anyone who sees the pod.
type Fix struct {
	// Kind names the fix for programs.
	Kind  Kind
	Where Where
	// Path is what the fix changes: a field below the pod's spec, or where in
	// the image. Change is what to put there.
	Path   string
	Change string
	// Note is what else to know before it is done; empty for nothing.
	Note string
	// Page explains the fix, with its limits.
	Page Page
	// Patches are the exact lines, given in a Full situation only. They may
	// hold argv and what probes run, unless the situation asks for them Withheld:
	// only the CLI, which runs with its caller's own rights, shows them.
	Patches []Patch
}

// Patch is what to write, line for line.
type Patch struct {
	// File is what to write it to: Manifest or Dockerfile.
	File string `json:"file"`
	Text string `json:"text"`
}

// What a patch is for. One of a Manifest stands where Path of the fix says.
const (
	Manifest   = "manifest"
	Dockerfile = "Dockerfile"
)

// Advice is the fix that fits best.
type Advice struct {
	Fix
	// Others fit too, the better first; given in a Full situation only.
	Others []Fix
}

// Kind is the name of a fix.
type Kind string

// The kinds.
const (
	KindExec       Kind = "exec"
	KindSharePID   Kind = "share-pid"
	KindPodInit    Kind = "pod-init"
	KindEntrypoint Kind = "entrypoint-init"
	KindInit       Kind = "init"
	KindProbe      Kind = "probe"
	KindNoOrphans  Kind = "no-orphans"
	KindWait       Kind = "wait"
)

// fix finds out whether and how one way of mending fits.
type fix struct {
	kind Kind
	find func(Situation) []Fix
}

// fixes are all asked, in this order; the first that fits is said first.
// Sharing the PID namespace changes one line and no image, so it comes before
// those for which an image has to be built.
func fixes() []fix {
	return []fix{
		{KindExec, execInScript},
		{KindSharePID, shareProcessNamespace},
		{KindPodInit, initOfTheImage},
		{KindEntrypoint, initBeforeScript},
		{KindInit, initInFront},
		{KindProbe, plainProbes},
		{KindNoOrphans, noOrphans},
		{KindWait, waitForChildren},
	}
}

// For picks the fixes. There is at least one for every Problem; without one
// the advice is empty.
func For(s Situation) Advice {
	if s.Withheld {
		s = s.withhold()
	}
	var found []Fix
	for _, f := range fixes() {
		if len(found) > 0 && (!s.Full || f.kind == KindNoOrphans) {
			break // the last resort is none beside others
		}
		for _, one := range f.find(s) {
			one.Kind = f.kind
			found = append(found, one)
		}
	}
	if len(found) == 0 {
		return Advice{}
	}
	a := Advice{Fix: found[0]}
	if s.Full {
		a.Others = found[1:]
	}
	return a
}
