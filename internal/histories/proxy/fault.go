package proxy

import "time"

// Fault is what happens to one request.
type Fault uint8

// The faults.
const (
	None           Fault = iota
	Delay                // it arrives late, or its answer does
	LoseRequest          // it never arrives; the connection breaks
	LoseAnswer           // it is done, but the connection breaks before the answer
	Duplicate            // it arrives twice at once; one of the answers is handed on
	LateDuplicate        // it is answered, and arrives once more later
	LateAfterReset       // the connection breaks, and later it arrives
	Reorder              // it waits until another one has passed
	faults
)

var faultNames = [faults]string{"none", "delay", "lost request", "lost answer", "duplicate", "late duplicate", "late after reset", "reorder"}

// String is for reports.
func (f Fault) String() string { return faultNames[f] }

// Faults are all faults but None.
func Faults() []Fault {
	var all []Fault
	for f := Delay; f < faults; f++ {
		all = append(all, f)
	}
	return all
}

// Orders is what to do to one request. Before and After are pauses on the way
// there and back, Late is when a late one arrives.
type Orders struct {
	Fault               Fault
	Before, After, Late time.Duration
}
