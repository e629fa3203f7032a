package verify

import (
	"fmt"
	"math"
	"slices"

	"losscc/verify/draw"
	"losscc/verify/tensor"
)

// notNumbers puts NaN into one number after the other of embeddings, parameters
// and tables of state: where the paper's loss then is NaN the file's is too, and
// says so to whoever trains. With a loss for each row, NaN in a class is to be
// seen in one of them; a row of that class itself may have left its angle for
// the end that it is held to.
func (j *judge) notNumbers(k *checker) {
	if j.claim == nil || !slices.Contains(j.outputs, "loss") {
		k.omit()
		return
	}
	for _, p := range j.points[:min(2, len(j.points))] {
		for _, in := range j.inputs {
			if p.in == nil || in.Elem.Kind() != tensor.Float || !slices.Contains([]string{draw.Embeddings, draw.Parameter, draw.State}, in.Role) {
				continue
			}
			for i := range p.in[in.Name].F {
				if err := j.notNumberAt(k, p, in, i); err != nil {
					k.failAt(p, err)
					return
				}
				if k.done() {
					return
				}
			}
		}
	}
	if k.Compared == 0 {
		k.omit()
	}
}

// notNumberAt looks at the loss where element i of an input is NaN.
func (j *judge) notNumberAt(k *checker, p *point, of draw.Input, i int) error {
	input := of.Name
	q := &point{name: fmt.Sprintf("%s, NaN in %s%s", p.name, input, tensor.ShapeString(place(i, p.in[input].Shape))), in: cloneAll(p.in)}
	q.in[input].F[i] = math.NaN()
	want, err := j.wantAt(q)
	if err != nil || want["loss"] == nil {
		return err
	}
	var where []int
	for i, v := range want["loss"].F {
		if math.IsNaN(v) {
			where = append(where, i)
		}
	}
	if len(where) == 0 {
		return nil // the row is ignored, or its term is not chosen
	}
	out, err := j.eval(q)
	if err != nil {
		return err
	}
	k.Points++
	told := of.Role != draw.Embeddings && slices.ContainsFunc(out["loss"].F, math.IsNaN)
	for _, i := range where {
		if told && !math.IsNaN(out["loss"].F[i]) {
			continue
		}
		only := func(t *tensor.Tensor) map[string]*tensor.Tensor {
			return map[string]*tensor.Tensor{"loss": tensor.Floats(t.F[i:i+1], 1)}
		}
		k.compare(q, only(out["loss"]), only(want["loss"]), fixed(tolValue))
	}
	return nil
}
