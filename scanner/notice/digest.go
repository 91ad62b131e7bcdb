package notice

import (
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Digest is what the people of a namespace are told at once.
type Digest struct {
	// ID names it: the same after a crash, and in no other digest. It has letters
	// and digits alone, 64 at most.
	ID        string
	Namespace string
	// At is when it was decided on.
	At time.Time
	// Severity is that of the worst item.
	Severity string
	// To are whom it is for; never empty.
	To []Contact
	// NoContact says that the namespace names nobody who may be told, so that To
	// is the platform's own address; its text says why, for the platform.
	NoContact string
	// Items are the workloads with news, the worst first; never empty.
	Items []Item
}

// Contact is somebody who is told.
type Contact struct {
	// Role is the role in the configuration, such as product-owner.
	Role string
	// Address is a mail address without a name: local part, @, domain.
	Address string
}

// Item is a workload's part of a digest.
type Item struct {
	// Report is as it is stored; it is not to be changed.
	Report *v1alpha1.ZombieReport
	// Kind is Firing or Resolved.
	Kind string
	// Severity is Warning or Critical, Since since when it is so.
	Severity string
	Since    time.Time
	// Again says that people were told before, and that it goes on.
	Again bool
	// Reasons say which thresholds were passed, each a short sentence with the
	// numbers.
	Reasons []string
}

// Channel is a way of telling people. It is safe for concurrent use.
type Channel interface {
	// Tell takes a digest to be told, or refuses it where there is no room for
	// it now. It returns at once. A digest whose ID it has already is ignored.
	Tell(d Digest) bool
	// Told are the results since it was last called.
	Told() []Result
}

// Result is what became of a digest. Until there is one the channel goes on
// trying.
type Result struct {
	ID string
	At time.Time
	// Failed says why it won't be tried any more, by a channel that has told
	// nobody; empty where it went out.
	Failed string
}
