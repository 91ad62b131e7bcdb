package policy

import "fmt"

// Risk says how likely a container whose PID 1 is a problem gathers zombies.
// A risk never changes a verdict.
type Risk uint8

// The risks, lowest first. NoRisk is the risk of a container without a problem.
const (
	NoRisk   Risk = iota
	Possible      // nothing else is known
	Exposed       // something in the pod can leave orphans
	Observed      // zombies were seen in this very workload
)

var riskNames = [...]string{NoRisk: "none", Possible: "possible", Exposed: "exposed", Observed: "observed"}

func (r Risk) String() string {
	if int(r) < len(riskNames) {
		return riskNames[r]
	}
	return fmt.Sprintf("Risk(%d)", uint8(r))
}

// MarshalText writes the risk's name.
func (r Risk) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
