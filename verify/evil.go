package verify

import (
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// finite runs the file on evil inputs: every output is finite. In a file of
// less than float64, arithmetic of its own precision is tried too.
func (j *judge) finite(k *checker) {
	for _, p := range j.evils {
		if j.undefined(p) {
			k.note("the paper gives no finite value for: %s", p.name)
			continue
		}
		out, err := j.eval(p)
		if err == nil && j.elem != f64 {
			var rounded map[string]*tensor.Tensor
			rounded, err = j.model.Run(p.in, onnxval.Rounded)
			k.finiteAt(p, rounded)
		}
		if err != nil {
			k.failAt(p, err)
			return
		}
		k.finiteAt(p, out)
		if k.Points++; k.done() {
			return
		}
	}
}

// finiteAt sees that all outputs at a point are finite.
func (k *checker) finiteAt(p *point, out map[string]*tensor.Tensor) {
	d, bad := notFinite(out)
	n := 0
	for _, t := range out {
		n += len(t.F)
	}
	if !bad {
		d = Difference{Output: "everything"}
	}
	k.see(p, d, n, nil)
}

// undefined tells whether the paper's own loops refuse a point, or give no
// finite loss there.
func (j *judge) undefined(p *point) bool {
	if j.claim == nil || p.in == nil {
		return false
	}
	want, err := j.wantAt(p)
	if err != nil {
		return true
	}
	_, bad := notFinite(want)
	return bad
}

// edges compares the outputs that are no gradients with the paper's loops at
// evil inputs.
func (j *judge) edges(k *checker) {
	if j.claim == nil {
		k.skip("%s", j.unknown)
		return
	}
	for _, p := range j.evils {
		if p.in == nil || j.undefined(p) {
			continue
		}
		want, err := j.wantAt(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		out, err := j.eval(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		out = plain(out)
		if p.level {
			out, want = steady(out), steady(want)
		}
		if err := j.sharply(k, tolEdge, p, out, want); err != nil {
			k.failAt(p, err)
			return
		}
		if k.Points++; k.done() {
			return
		}
	}
}
