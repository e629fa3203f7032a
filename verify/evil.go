package verify

import (
	"math"
	"sort"
	"strings"

	"losscc/verify/draw"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// ignoredRows puts other numbers into the embeddings of rows whose label is
// negative: nothing may change but nothing else either.
func (j *judge) ignoredRows(k *checker) {
	y := func(p *point) []int64 {
		if t := p.in["labels"]; t != nil && p.in["embeddings"] != nil {
			return t.I
		}
		return nil
	}
	if j.model == nil || len(j.points) == 0 || j.points[0].in == nil || y(j.points[0]) == nil {
		k.omit()
		return
	}
	for _, p := range j.points {
		q := &point{name: p.name + ", first row ignored", in: cloneAll(p.in)}
		if len(y(q)) == 0 {
			continue
		}
		y(q)[0] = -1
		before, err := j.eval(q)
		if err != nil {
			k.failAt(q, err)
			return
		}
		r := &point{name: q.name + " and changed", in: cloneAll(q.in)}
		d := len(r.in["embeddings"].F) / len(y(r))
		for i := range d {
			r.in["embeddings"].F[i] = 3 - 2*r.in["embeddings"].F[i]
		}
		after, err := j.eval(r)
		if err != nil {
			k.failAt(r, err)
			return
		}
		// What a row is predicted to be does not depend on its label.
		before, after = unpredicted(before), unpredicted(after)
		k.compare(r, after, before, fixed(tolIgnored))
		if g := after["grad_embeddings"]; g != nil {
			row := map[string]*tensor.Tensor{"grad_embeddings of the ignored row": tensor.Floats(g.F[:d], d)}
			k.compare(r, row, map[string]*tensor.Tensor{"grad_embeddings of the ignored row": tensor.New(tensor.Float, d)}, fixed(tolIgnored))
		}
		if k.Points++; k.done() {
			return
		}
	}
}

// unpredicted are the outputs but for the predicted classes.
func unpredicted(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	kept := map[string]*tensor.Tensor{}
	for name, t := range out {
		if !strings.HasPrefix(name, "predicted") {
			kept[name] = t
		}
	}
	return kept
}

func cloneAll(in map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	out := map[string]*tensor.Tensor{}
	for name, t := range in {
		out[name] = t.Clone()
	}
	return out
}

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
		bound, err := j.sharp(tolEdge, p)
		if err != nil {
			k.failAt(p, err)
			return
		}
		// Where classes tie, which of them is predicted is a matter of the
		// last bit.
		k.compare(p, steady(plain(out)), steady(want), bound)
		if k.Points++; k.done() {
			return
		}
	}
}

// sharp is the bound of a comparison of values with the paper's loops: as
// precise, and for a float64 file relative to the value however small it is,
// unless the last bits of the inputs blur it.
func (j *judge) sharp(name string, p *point) (func(string) Bound, error) {
	bound, err := j.precise(name, p)
	if err != nil {
		return nil, err
	}
	blur := j.blurs(p)
	return func(output string) Bound {
		b := bound(output)
		if j.elem == f64 {
			b.Floor = tolerance(tolFloorValue)
		}
		return Bound{math.Max(b.Relative, blur[output]), b.Floor}
	}, nil
}

// alike is the bound of two evaluations of one function.
func (j *judge) alike(p *point) (func(string) Bound, error) {
	bound, err := j.precise(tolValue, p)
	if err != nil || j.elem != f64 {
		return bound, err
	}
	return func(output string) Bound {
		b := bound(output)
		if strings.HasPrefix(output, "grad_") {
			b.Relative = tolerance(tolAlike)
		}
		return b
	}, nil
}

// blurs are how far, relatively, each output of the paper's loops is moved by
// the last bits of the inputs: much, where rows or classes tie and the loss
// jumps from one to the other, and by roots of those bits at cosines of ±1.
func (j *judge) blurs(p *point) map[string]float64 {
	blur := map[string]float64{}
	bit := tolerance(tolBit)
	for _, by := range []float64{bit, -bit, 2.5 * bit, -1.7 * bit, 4 * bit, -6 * bit} {
		q := &point{in: nudged(p.in, by)}
		moved, err := j.wantAt(q)
		if err != nil {
			continue
		}
		for name, t := range p.want {
			if m := moved[name]; m != nil {
				blur[name] = math.Max(blur[name], tolerance(tolBits)*change(m, t, tolerance(tolFloorValue)))
			}
		}
	}
	return blur
}

// rounding runs a file of less than float64 with every value rounded to its
// type: what its own precision costs must, at most points, be no more than the
// condition of the inputs explains.
func (j *judge) rounding(k *checker) {
	if j.elem == f64 {
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
	k.Worst = &all[int(tolerance(tolShare)*float64(len(all)-1))]
	if worst := all[len(all)-1]; !worst.Within() {
		k.note("at some points rounding costs more than the condition of the inputs explains: %s", worst)
	}
}

// lower is the bound for arithmetic in the file's own precision, at a point.
// With inside, numbers inside the file count in the condition as the inputs
// do.
func (j *judge) lower(p *point, inside bool) (func(string) Bound, error) {
	if j.elem == f64 {
		return fixed(tolRuntime), nil
	}
	base := tolerance(tolSingle)
	if j.elem == onnxval.F16 {
		base = tolerance(tolHalf)
	}
	cond, err := j.conditions(p)
	if err != nil {
		return nil, err
	}
	if inside {
		if err := j.conditionInside(p, cond); err != nil {
			return nil, err
		}
	}
	floor := tolerance(tolFloorLow)
	return func(output string) Bound { return Bound{base * math.Max(1, cond[output]), floor} }, nil
}

// conditionInside raises the conditions in cond to what rounding every value
// at p costs, in units of float32's last bit.
func (j *judge) conditionInside(p *point, cond map[string]float64) error {
	out, err := j.eval(p)
	if err != nil {
		return err
	}
	rounded, err := j.model.Run(p.in, onnxval.Rounded)
	if err != nil {
		return err
	}
	for name, t := range j.narrowed(out) {
		cond[name] = math.Max(cond[name], change(rounded[name], t, tolerance(tolFloorLow))/tolerance(tolUnit))
	}
	return nil
}

// change is the largest absolute difference of two float tensors, relative to
// the largest element of the second.
func change(moved, t *tensor.Tensor, floor float64) float64 {
	worst := 0.0
	for i := range t.F {
		if i < len(moved.F) {
			worst = math.Max(worst, math.Abs(moved.F[i]-t.F[i]))
		}
	}
	return worst / math.Max(floor, largest(t))
}

// largestHalf is the largest float16: a file of that type holds its outputs to
// it.
const largestHalf = 65504

// saturated is outputs of float64 as a float16 file gives them: held to what
// that type can hold.
func (j *judge) saturated(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	if j.elem != onnxval.F16 {
		return out
	}
	held := map[string]*tensor.Tensor{}
	for name, t := range out {
		t = t.Clone()
		for i, x := range t.F {
			if !math.IsInf(x, 0) && !math.IsNaN(x) {
				t.F[i] = math.Max(-largestHalf, math.Min(largestHalf, x))
			}
		}
		held[name] = t
	}
	return held
}

// steady are the outputs that a rounding may change a little but not wholly:
// all but chosen classes, which may tie.
func steady(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	kept := map[string]*tensor.Tensor{}
	for name, t := range out {
		if !strings.HasPrefix(name, "predicted") && !strings.HasPrefix(name, "accuracy") {
			kept[name] = t
		}
	}
	return kept
}

// narrowed is outputs of the float64 evaluation in the types that the file
// declares.
func (j *judge) narrowed(out map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	n := map[string]*tensor.Tensor{}
	for _, p := range j.model.Outputs() {
		t := out[p.Name].Clone()
		draw.Round(t, p.Elem)
		n[p.Name] = t
	}
	return n
}
