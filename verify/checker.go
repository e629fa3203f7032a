package verify

import (
	"encoding/json"
	"fmt"
	"math"

	"losscc/verify/tensor"
)

// checker is a check that is being made.
type checker struct {
	Check
	j     *judge
	at    *point
	want  map[string]*tensor.Tensor
	notes []string
}

// fail ends the check as failed for a reason that is no difference.
func (k *checker) fail(err error) {
	k.Status, k.err, k.Reason = Failed, err, err.Error()
}

// skip ends the check as not made.
func (k *checker) skip(format string, args ...any) {
	k.Status, k.Reason = Skipped, fmt.Sprintf(format, args...)
}

// omitted is the status of a check that has no meaning for the file, and is
// not reported.
const omitted Status = "omitted"

// omit ends the check as meaningless for the file.
func (k *checker) omit() { k.Status = omitted }

// failAt is fail for what happened at a point.
func (k *checker) failAt(p *point, err error) {
	k.at = p
	k.fail(fmt.Errorf("at %s: %w", p.name, err))
}

// note adds a sentence to the reason of a check that does not fail by it.
func (k *checker) note(format string, args ...any) {
	k.notes = append(k.notes, fmt.Sprintf(format, args...))
}

// compare adds the differences between two sets of outputs at a point.
func (k *checker) compare(p *point, got, want map[string]*tensor.Tensor, bound func(output string) Bound) {
	d, n := Compare(got, want, bound)
	k.see(p, d, n, want)
}

// see adds a difference at a point, the worst of n numbers.
func (k *checker) see(p *point, d Difference, n int, want map[string]*tensor.Tensor) {
	k.Compared += n
	if k.Worst == nil || d.worse(*k.Worst) {
		k.Worst, k.At, k.at, k.want = &d, p.name, p, want
	}
}

// done tells whether the check has failed and need not go on.
func (k *checker) done() bool {
	return k.Status == Failed || k.j.ctx.Err() != nil || k.j.o.UntilFailure && k.Worst != nil && !k.Worst.Within()
}

// close is the check, finished.
func (k *checker) close() Check {
	if k.Worst != nil && !k.Worst.Within() {
		k.Status = Failed
	}
	if k.Status == "" {
		k.Status = Passed
	}
	if k.Status == Skipped {
		k.Worst, k.Compared, k.Points = nil, 0, 0
	}
	if k.Reason == "" && len(k.notes) > 0 {
		k.Reason = k.notes[0]
		if more := len(k.notes) - 1; more > 0 {
			k.Reason += fmt.Sprintf(" (and %d more)", more)
		}
	}
	if k.Status == Failed && k.at != nil && k.j.o.ReplayDir != "" {
		command, err := k.j.writeReplay(k)
		if err != nil {
			command = "could not be written: " + err.Error()
		}
		k.Replay = command
	}
	return k.Check
}

// fixed is the tolerance of that name for every output.
func fixed(name string) func(string) Bound {
	b := Bound{tolerance(name), tolerance(tolFloor)}
	return func(string) Bound { return b }
}

// precise is the bound of a comparison in float64 arithmetic with what is
// exact: the tolerance of that name for a float64 file. Other files hold
// constants of 32 bits, and are allowed what these do, by the condition of
// each output.
func (j *judge) precise(name string, p *point) (func(string) Bound, error) {
	if j.elem == f64 {
		return fixed(name), nil
	}
	cond, err := j.conditions(p, false)
	if err != nil {
		return nil, err
	}
	exact, single, floor := tolerance(name), tolerance(tolSingle), tolerance(tolFloorLow)
	return func(output string) Bound {
		return Bound{math.Max(exact, single*math.Max(1, cond[output])), floor}
	}, nil
}

func isJSON(s string) bool { return json.Valid([]byte(s)) }
