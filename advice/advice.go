// Package advice says which fix fits a finding. The webhook, the scanner and
// the offline commands give the same advice, in the same words.
//
// It is pure.
package advice

// Page is a page of docs/fixes.
type Page string

// The pages.
const (
	AddInit               Page = "init.md"
	ShareProcessNamespace Page = "share-pid.md"
)

// Pages are all of them.
func Pages() []Page { return []Page{AddInit, ShareProcessNamespace} }

// Situation is what the choice of a fix depends on.
type Situation struct {
	// Containers is how many containers of the pod run on.
	Containers int
	// ContainerPath is the container's field below the pod's spec.
	ContainerPath string
	// Harmed is true when PID 1 reaps but orphans hurt it.
	Harmed bool
	// OptedOut is true when the pod says shareProcessNamespace: false.
	OptedOut bool
}

// Advice is the fix that fits.
type Advice struct {
	// Path is the field below the pod's spec that the fix changes; Change is
	// what to put there.
	Path   string `json:"path"`
	Change string `json:"change"`
	// Page explains the fix, with its limits.
	Page Page `json:"page"`
}

// For picks the fix. Sharing the PID namespace changes one line and no image,
// but lets the containers of a pod see one another: with more than one
// container, an init in the image is the better advice.
func For(s Situation) Advice {
	if s.Containers == 1 && !s.OptedOut {
		return Advice{Path: "shareProcessNamespace", Change: "true", Page: ShareProcessNamespace}
	}
	return Advice{Path: s.ContainerPath + ".command", Change: "an init such as tini in front", Page: AddInit}
}
