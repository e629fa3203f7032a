package verify

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/formula"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"

	"google.golang.org/protobuf/proto"
)

// bodies runs each op of the domain by itself, with what its node gives it, and
// compares it with the paper's loops for the margin: a kernel of the op's name
// may take its body's place, and what stands around it in the file must not
// count on another body.
func (j *judge) bodies(k *checker) {
	m, err := onnxpb.Decode(j.c.File, onnxpb.Limits{})
	if err != nil || j.claim == nil {
		k.omit() // structure says why, or value does
		return
	}
	nodes := onnxpb.Within(m.GetGraph().GetNode())
	parts := j.claim.of(straight(m.GetGraph().GetNode()))
	for _, n := range nodes {
		if n.GetDomain() != domain {
			continue
		}
		mine := parts(j.claim.original(n, nodes))
		if len(mine) == 0 {
			k.fail(fmt.Errorf("node %s (%s): it has no hand in the value of any part, and nothing to be held against", n.GetName(), n.GetOpType()))
			return
		}
		for _, p := range mine {
			if err := j.bodyOf(k, m, n, p); err != nil {
				k.fail(fmt.Errorf("node %s (%s): %w", n.GetName(), n.GetOpType(), err))
				return
			}
			if k.at = nil; k.done() { // its inputs are not those of the file
				return
			}
		}
	}
	if k.Compared == 0 {
		k.omit()
	}
}

// original is the node that a node is the derivative of, or itself.
func (c *claim) original(n *onnxpb.NodeProto, nodes []*onnxpb.NodeProto) *onnxpb.NodeProto {
	of, is := strings.CutSuffix(c.unnumbered(n.GetOpType()), "Grad")
	if !is {
		return n
	}
	for _, other := range nodes {
		if other.GetDomain() == domain && c.unnumbered(other.GetOpType()) == of && derivativeOf(n, other) {
			return other
		}
	}
	return n
}

// alone is an op that is run by itself.
type alone struct {
	formula.Op
	node  *onnxpb.NodeProto
	fn    *onnxpb.FunctionProto
	model *onnxval.Model
	grad  bool // a derivative
}

// bodyOf compares the op of a node with that of a part's margin.
func (j *judge) bodyOf(k *checker, m *onnxpb.ModelProto, n *onnxpb.NodeProto, p part) error {
	name, grad := strings.CutSuffix(j.claim.unnumbered(n.GetOpType()), "Grad")
	params := maps.Clone(p.params)
	for _, a := range marginOps[name].attributes {
		if v := p.asked(a); v != nil {
			params[a] = v
		}
	}
	op, known := formula.FindOp(name, params)
	i := slices.IndexFunc(m.GetFunctions(), func(f *onnxpb.FunctionProto) bool {
		return f.GetDomain() == domain && f.GetName() == n.GetOpType()
	})
	if !known || i < 0 {
		return fmt.Errorf("there is no formula or no body for it")
	}
	a := alone{Op: op, node: n, fn: m.GetFunctions()[i], grad: grad}
	if err := a.ports(); err != nil {
		return err
	}
	if err := a.numbers(j.inner() == f64); err != nil {
		return err
	}
	if err := a.load(m, j.inner()); err != nil {
		return err
	}
	k.Points++
	return a.compare(k, j, a.draw(j.o.Seed, params))
}

// inner is the type of floats inside of the file: float16 is for its ends.
func (j *judge) inner() onnxval.Elem {
	if j.elem == f64 {
		return f64
	}
	return onnxval.F32
}

// ports sees that inputs and outputs stand in the order that a kernel takes
// them in; a derivative may leave out inputs that it does not read.
func (a alone) ports() error {
	inputs, outputs := a.Inputs(), []string{"f"}
	if a.grad {
		inputs, outputs = append(slices.Clone(inputs), "grad"), nil
		for _, by := range a.Slopes() {
			outputs = append(outputs, "grad_"+by)
		}
	}
	if !ordered(a.fn.GetInput(), inputs) || !a.grad && len(a.fn.GetInput()) != len(inputs) {
		return fmt.Errorf("its inputs are %s, want %s", strings.Join(a.fn.GetInput(), ", "), strings.Join(inputs, ", "))
	}
	if !slices.Equal(a.fn.GetOutput(), outputs) {
		return fmt.Errorf("its outputs are %s, want %s", strings.Join(a.fn.GetOutput(), ", "), strings.Join(outputs, ", "))
	}
	return nil
}

// ordered tells whether some are among all, in their order.
func ordered(some, all []string) bool {
	last := -1
	for _, s := range some {
		i := slices.Index(all, s)
		if i <= last {
			return false
		}
		last = i
	}
	return true
}

// numbers sees that the attributes that hold tensors are the numbers that
// follow from the paper's parameters, and that none is missing.
func (a alone) numbers(double bool) error {
	wanted, err := a.Attributes()
	if err != nil {
		return err
	}
	bit := tolerance(tolUnit)
	if double {
		bit = tolerance(tolBit)
	}
	given := map[string]bool{}
	for _, at := range a.node.GetAttribute() {
		if at.GetType() != onnxpb.AttributeProto_TENSOR {
			continue
		}
		name := at.GetName()
		given[name] = true
		found, err := onnxval.Number(at.GetT())
		if err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
		want, known := wanted[name]
		if !known {
			return fmt.Errorf("attribute %s is none that it computes with under these parameters", name)
		}
		// A cosine of π/2 is the last bits of π.
		if off := math.Abs(found - want.Value); !(off <= tolerance(tolAttribute)*math.Max(bit*math.Abs(want.Value), tolerance(tolBit))) {
			return fmt.Errorf("attribute %s is %.17g, and the metadata's parameters make it %.17g", name, found, want.Value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if wanted[name].Must && !given[name] {
			return fmt.Errorf("attribute %s is missing, and a kernel of its own computes with it", name)
		}
	}
	return nil
}

// load makes a file of the one node.
func (a *alone) load(m *onnxpb.ModelProto, elem onnxval.Elem) (err error) {
	code := int32(onnxpb.TensorProto_FLOAT)
	if elem == f64 {
		code = int32(onnxpb.TensorProto_DOUBLE)
	}
	port := func(name string) *onnxpb.ValueInfoProto {
		return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &code}}}}
	}
	n := proto.Clone(a.node).(*onnxpb.NodeProto)
	n.Input, n.Output = a.fn.GetInput(), a.fn.GetOutput()
	g := &onnxpb.GraphProto{Name: proto.String("alone"), Node: []*onnxpb.NodeProto{n}}
	for _, name := range n.Input {
		g.Input = append(g.Input, port(name))
	}
	for _, name := range n.Output {
		g.Output = append(g.Output, port(name))
	}
	data, err := onnxpb.Encode(&onnxpb.ModelProto{IrVersion: m.IrVersion, OpsetImport: m.GetOpsetImport(), Functions: []*onnxpb.FunctionProto{a.fn}, Graph: g})
	if err == nil {
		a.model, err = onnxval.Load(data)
	}
	return err
}

// The extents that ops are run at; a margin of a row has its first only.
const bodyRows, bodyClasses = 48, 3

// draw is inputs as a training step may have them: cosines from one end to the
// other, logits that are scale times as much.
func (a alone) draw(seed uint64, params formula.Params) map[string]*tensor.Tensor {
	rng := rand.New(rand.NewPCG(seed, 11))
	number := func(name string) float64 { x, _ := params[name].(float64); return x }
	cos := func() float64 { return 0.98 * (2*rng.Float64() - 1) } // beside ±1 the angle has no slope
	of := map[string]func() float64{
		"cos": cos, "logits": func() float64 { return number("scale") * cos() },
		"threshold": func() float64 { return number("scale") * cos() }, "target": func() float64 { return number("scale") * cos() },
		"lambda": func() float64 { return 5 * rng.Float64() }, "t": rng.Float64, "noise": rng.NormFloat64,
		"hard": func() float64 { return float64(rng.IntN(2)) }, "quality": func() float64 { return 2*rng.Float64() - 1 },
		"margin": func() float64 { return 0.05 + rng.Float64() }, "grad": rng.NormFloat64,
		"norm": func() float64 { return number("l_a")/2 + 1.2*number("u_a")*rng.Float64() },
	}
	shapes := map[string][]int{"logits": {bodyRows, bodyClasses}, "hard": {bodyRows, bodyClasses}, "threshold": {bodyRows, 1}, "target": {bodyRows, 1}, "lambda": nil, "t": nil}
	in := map[string]*tensor.Tensor{}
	for _, name := range append(slices.Clone(a.Inputs()), "grad") {
		shape, special := shapes[name]
		if name == "grad" {
			shape, special = in[a.Inputs()[0]].Shape, true
		}
		if !special {
			shape = []int{bodyRows}
		}
		t := tensor.New(tensor.Float, shape...)
		for i := range t.F {
			t.F[i] = of[name]()
		}
		in[name] = t
	}
	if x := in["cos"]; x != nil && !a.grad {
		x.F[0], x.F[1] = 1, -1
	}
	return in
}

// compare runs the op and the loops.
func (a alone) compare(k *checker, j *judge, in map[string]*tensor.Tensor) error {
	given := map[string]*tensor.Tensor{}
	for _, name := range a.fn.GetInput() {
		given[name] = in[name]
	}
	got, err := a.model.Run(given)
	if err != nil {
		return err
	}
	grad, tol := in["grad"], tolValue
	delete(in, "grad")
	want := map[string]*tensor.Tensor{}
	if a.grad {
		tol = tolGradient
		for _, by := range a.Slopes() {
			if want["grad_"+by], err = a.Gradient(in, grad, by); err != nil {
				return err
			}
		}
	} else if want["f"], err = a.Value(in); err != nil {
		return err
	}
	bound := fixed(tol)
	if j.elem != f64 {
		bound = fixed(tolSingle)
	}
	k.compare(&point{name: "node " + a.node.GetName()}, got, want, bound)
	return nil
}
