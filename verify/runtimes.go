package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"losscc/verify/runtime"
	"losscc/verify/tensor"
)

// pointsInRuntime is at how many random points a runtime is compared: its
// kernels do not change from one to the next.
const pointsInRuntime = 5

// inRuntime asks another runtime: a checker for its opinion, an evaluator for
// the outputs at random points, at larger sizes and at evil inputs, where only
// what is finite is asked of those at which rounding makes anything.
func (j *judge) inRuntime(k *checker, s *runtime.Session) {
	if s.Runtime().Name() == "onnx" {
		if err := s.Check(j.ctx, j.c.File); err != nil {
			k.fail(err)
		}
		return
	}
	few := j.points[:min(pointsInRuntime, len(j.points))]
	for i, p := range append(slices.Clone(few), j.largest()...) {
		if k.done() {
			break
		}
		out, err := j.eval(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		got, err := s.Run(j.ctx, j.c.File, p.in)
		if limit := limitOf(err); limit != "" && i >= len(few) {
			k.note("not run at %s: %s", p.name, limit)
			continue
		}
		if err != nil {
			k.failAt(p, err)
			return
		}
		bound, err := j.lower(p, i < len(few))
		if err != nil {
			k.failAt(p, err)
			return
		}
		if i >= len(few) {
			bound = times(tolerance(tolSizes), bound)
		}
		got, out = j.lasting(p, got, out)
		k.compare(p, got, j.narrowed(out), bound)
		k.Points++
	}
	for _, p := range j.evils {
		if k.done() || p.in == nil || j.undefined(p) {
			continue
		}
		got, err := s.Run(j.ctx, j.c.File, p.in)
		if limit := limitOf(err); limit != "" {
			k.note("not run at %s: %s", p.name, limit)
			continue
		}
		if err != nil {
			k.failAt(p, fmt.Errorf("evil inputs: %w", err))
			return
		}
		k.finiteAt(p, got)
		if err := j.sameAt(k, p, got); err != nil {
			k.failAt(p, err)
			return
		}
		k.Points++
	}
}

// sameAt compares what a runtime makes of an evil point with the file's own
// evaluation.
func (j *judge) sameAt(k *checker, p *point, got map[string]*tensor.Tensor) error {
	if !j.calm(p) {
		return nil
	}
	out, err := j.eval(p)
	if err != nil {
		return err
	}
	bound, err := j.lower(p, false)
	if err != nil {
		return err
	}
	got, out = j.lasting(p, got, out)
	k.compare(p, got, j.narrowed(out), times(j.allowed(p), bound))
	return nil
}

// largest are the telling inputs of the most rows and of the most numbers, none if
// there is none that the paper gives a value for: a kernel takes another path for
// many rows and for long ones.
func (j *judge) largest() []*point {
	rows := func(t *tensor.Tensor) int {
		if len(t.Shape) == 0 {
			return 0
		}
		return t.Shape[0]
	}
	var all []*point
	for _, size := range []func(*tensor.Tensor) int{rows, (*tensor.Tensor).Len} {
		var most *point
		count := 0
		for _, p := range j.told {
			n := 0
			for _, t := range p.in {
				n += size(t)
			}
			if n > count && !j.undefined(p) {
				most, count = p, n
			}
		}
		if most != nil && !slices.Contains(all, most) {
			all = append(all, most)
		}
	}
	return all
}

// limits are what releases of runtimes refuse although the standard allows it,
// by their own words.
var limits = []struct{ words, limit string }{
	{"Can't reduce on dim with value of 0 if 'keepdims' is false", "this release of ONNX Runtime refuses to sum over no rows"},
	{"cannot reshape array of size", gathersFew},
	{"zip() argument 2 is shorter than argument 1", gathersFew},
	{"attempt to get argmax of an empty sequence", choosesNone},
	{"attempt to get argmin of an empty sequence", choosesNone},
}

const (
	gathersFew  = "onnx's evaluator gathers elements from 64 places of an axis at most"
	choosesNone = "onnx's evaluator takes no arg-max or arg-min along an axis of extent 0, of which there are none to take here"
)

// limitOf is the limit that a runtime's refusal names, or "".
func limitOf(err error) string {
	if errors.Is(err, runtime.ErrRejected) {
		for _, l := range limits {
			if strings.Contains(err.Error(), l.words) {
				return l.limit
			}
		}
	}
	return ""
}

// Sessions are sessions with the runtimes of the given names; "all" is all
// that there are, and "go" is none, because the judge is that. The error is a
// *runtime.Error.
func Sessions(names []string) ([]*runtime.Session, error) {
	var wanted []string
	for _, n := range names {
		switch n {
		case "go":
		case "all":
			wanted = append(wanted, runtime.Names()...)
		default:
			wanted = append(wanted, n)
		}
	}
	var all []*runtime.Session
	seen := map[string]bool{}
	for _, n := range wanted {
		if seen[n] {
			continue
		}
		seen[n] = true
		r, err := runtime.Find(n)
		if err != nil {
			return nil, err
		}
		all = append(all, r.Start(runtime.Options{}))
	}
	return all, nil
}
