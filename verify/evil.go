package verify

import (
	"slices"
	"sort"

	"losscc/onnxexport/onnxpb"
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

// rounding runs a file of less than float64, or one of float64 that brings
// numbers to less on their way, with every value rounded to its type: what its
// own precision costs must, at most points, be no more than the condition of
// the inputs explains, and in float64 nothing at all.
func (j *judge) rounding(k *checker) {
	if j.elem == f64 && !j.narrows() {
		k.omit()
		return
	}
	var all []Difference
	for _, p := range j.points {
		out, err := j.eval(p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		rounded, err := j.model.Run(p.in, onnxval.Rounded)
		if err != nil {
			k.failAt(p, err)
			return
		}
		bound, err := j.lower(p, false)
		if err != nil {
			k.failAt(p, err)
			return
		}
		d, n := Compare(steady(rounded), steady(j.narrowed(out)), bound)
		all = append(all, d)
		k.Points, k.Compared, k.at, k.At = k.Points+1, k.Compared+n, p, p.name
	}
	sort.Slice(all, func(a, b int) bool { return all[b].worse(all[a]) })
	if j.elem == f64 {
		k.Worst = &all[len(all)-1]
		return
	}
	k.Worst = &all[int(tolerance(tolShare)*float64(len(all)-1))]
	if worst := all[len(all)-1]; !worst.Within() {
		k.note("at some points rounding costs more than the condition of the inputs explains: %s", worst)
	}
}

// narrows tells whether a node brings numbers to another type of floats, as a
// file of float64 does to find an angle that it then makes exact.
func (j *judge) narrows() bool {
	m, err := onnxpb.Decode(j.c.File, onnxpb.Limits{})
	if err != nil {
		return true
	}
	for _, b := range bodies(m) {
		for _, n := range b.nodes {
			for _, a := range n.GetAttribute() {
				to := onnxpb.TensorProto_DataType(a.GetI())
				if a.GetName() == "to" && slices.Contains([]onnxpb.TensorProto_DataType{onnxpb.TensorProto_FLOAT, onnxpb.TensorProto_FLOAT16, onnxpb.TensorProto_BFLOAT16}, to) {
					return true
				}
			}
			if n.GetOpType() == "CastLike" {
				return true
			}
		}
	}
	return false
}
