package script

// maxWork bounds what is done for all of a script's ways together, in units of
// about a microsecond; what one command costs depends on its size.
// maxAllWork is for all scripts that share a Parser: the longest entrypoints of
// public images, which go on in a dozen ways under three shells, need 10 million.
const (
	maxWork    = 1_000_000
	maxAllWork = 12_000_000
)

// spend counts work, and asks from time to time whether there is time left.
func (e *evaluator) spend(n int) {
	before := e.work >> 12
	e.in.Parser.work += n
	if e.work += n; e.work>>12 != before && e.in.Ended != nil && e.in.Ended() {
		e.work = maxWork + 1
	}
}

// over is true once all work is spent.
func (e *evaluator) over() bool { return e.work > maxWork || e.in.Parser.work > maxAllWork }
