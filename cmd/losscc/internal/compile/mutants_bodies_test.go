package compile

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"losscc/builders"
	"losscc/onnxexport/onnxpb"
	"losscc/verify"

	"google.golang.org/protobuf/proto"
)

// Every body of every setting of every loss is what its paper says, in types
// that the settings take turns at, and in sums.
func TestEveryMarginBodyIsThePapers(t *testing.T) {
	t.Parallel()
	o := verify.Options{Only: []string{verify.CheckBodies}}
	for _, l := range builders.List() {
		t.Run(l.Name, func(t *testing.T) {
			for i, v := range variants(t, l) {
				if testing.Short() && i > 1 && i%5 != 0 {
					continue
				}
				dtype := []string{"f64", "f32", "f16"}[i%3]
				r, data := file(t, v, Options{Grad: hasGradient(t, v), DType: dtype})
				judged(t, v.String()+" "+dtype, r, data, o)
			}
		})
	}
	t.Run("a sum", func(t *testing.T) {
		r, err := Run("arcface + 0.5*curricularface + magface", Options{Grad: true, DType: "f64", Sets: map[string]string{"arcface.margin": "0.3"}})
		if err != nil {
			t.Fatal(err)
		}
		data, err := r.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		judged(t, "a sum", r, data, o)
	})
}

// body is the function of that name.
func (f *forger) body(name string) *onnxpb.FunctionProto {
	i := slices.IndexFunc(f.m.Functions, func(fn *onnxpb.FunctionProto) bool { return fn.GetName() == name })
	return f.m.Functions[i]
}

// call is the node of that op.
func (f *forger) call(name string) *onnxpb.NodeProto {
	i := slices.IndexFunc(f.m.Graph.Node, func(n *onnxpb.NodeProto) bool { return n.GetOpType() == name })
	return f.m.Graph.Node[i]
}

// after puts a node of the graph between a call and all that read its value.
func (f *forger) after(call *onnxpb.NodeProto, op string, more ...string) {
	value, right := call.Output[0], f.name()
	call.Output[0] = right
	f.op(op, append([]string{right}, more...)...)
	f.m.Graph.Node[len(f.m.Graph.Node)-1].Output[0] = value
	f.sort()
}

// inBody puts a node behind the last one of a body.
func (f *forger) inBody(name, op string) {
	fn := f.body(name)
	last := f.name()
	for _, n := range fn.Node {
		for i, o := range n.Output {
			if o == fn.Output[0] {
				n.Output[i] = last
			}
		}
	}
	fn.Node = append(fn.Node, &onnxpb.NodeProto{Name: proto.String(f.name()), OpType: &op, Input: []string{last}, Output: []string{fn.Output[0]}})
}

// literal writes a number into a body that takes it from an attribute.
func (f *forger) literal(name, attribute string, x float64) {
	for _, n := range f.body(name).Node {
		for i, a := range n.Attribute {
			if a.GetRefAttrName() == attribute {
				n.Attribute[i] = &onnxpb.AttributeProto{Name: proto.String("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(),
					T: &onnxpb.TensorProto{DataType: proto.Int32(int32(onnxpb.TensorProto_DOUBLE)), RawData: binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))}}
			}
		}
	}
}

// Files that are right as a whole, whose bodies are not what their ops are
// called: a kernel of the op's name in a body's place would make them wrong.
func TestJudgeRefutesBodiesThatAreAnotherMargin(t *testing.T) {
	t.Parallel()
	cosM, sinM := math.Cos(0.5), math.Sin(0.5) // of arcface's margin
	for _, c := range []struct {
		name, loss string
		sets       map[string]string
		forge      func(f *forger)
	}{
		{"the sign is turned, and turned back after", "arcface", nil, func(f *forger) {
			f.inBody("ArcMargin", "Neg")
			f.after(f.call("ArcMargin"), "Neg")
		}},
		{"the sign of the derivative is turned", "arcface", nil, func(f *forger) {
			f.inBody("ArcMarginGrad", "Neg")
			f.after(f.call("ArcMarginGrad"), "Neg")
		}},
		{"the margin is taken off after", "cosface", nil, func(f *forger) {
			fn := f.body("CosMargin")
			m := f.number(0.35)
			fn.Node = []*onnxpb.NodeProto{{Name: proto.String("same"), OpType: proto.String("Identity"), Input: fn.Input[:1], Output: fn.Output}}
			f.after(f.call("CosMargin"), "Sub", m)
		}},
		{"the derivative's inputs are exchanged", "arcface", nil, func(f *forger) {
			fn, n := f.body("ArcMarginGrad"), f.call("ArcMarginGrad")
			fn.Input[0], fn.Input[1] = fn.Input[1], fn.Input[0]
			n.Input[0], n.Input[1] = n.Input[1], n.Input[0]
		}},
		{"the derivative's inputs are exchanged, and their names", "arcface", nil, func(f *forger) {
			fn, n := f.body("ArcMarginGrad"), f.call("ArcMarginGrad")
			n.Input[0], n.Input[1] = n.Input[1], n.Input[0]
			to := map[string]string{"cos": "grad", "grad": "cos"}
			for _, n := range fn.Node {
				for i, in := range n.Input {
					if other := to[in]; other != "" {
						n.Input[i] = other
					}
				}
			}
		}},
		{"attributes that the body does not read say another thing", "arcface", nil, func(f *forger) {
			for _, op := range []string{"ArcMargin", "ArcMarginGrad"} {
				f.literal(op, "cos_margin", cosM)
				f.literal(op, "sin_margin", sinM)
				attributeOf(f.call(op), "cos_margin").T.RawData = binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.1))
			}
		}},
		{"an attribute that the body need not read is missing", "arcface", nil, func(f *forger) {
			f.literal("ArcMarginGrad", "cos_margin", cosM)
			without(f.m, "ArcMarginGrad", "cos_margin")
		}},
		{"the sign of logits is turned", "curricularface", nil, func(f *forger) {
			f.inBody("CurricularMargin", "Neg")
			f.after(f.call("CurricularMargin"), "Neg")
		}},
		{"the two derivatives are exchanged", "magface", nil, func(f *forger) {
			fn := f.body("MagMarginGrad")
			fn.Output[0], fn.Output[1] = fn.Output[1], fn.Output[0]
			n := f.call("MagMarginGrad")
			n.Output[0], n.Output[1] = n.Output[1], n.Output[0]
		}},
		{"the sign of a similarity is turned", "sphereface2", nil, func(f *forger) {
			f.inBody("SphereFace2TargetMargin", "Neg")
			f.after(f.call("SphereFace2TargetMargin"), "Neg")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := spoilt(t, c.loss, Options{DType: "f64", Grad: true, Sets: c.sets}, c.forge)
			refutedBy(t, report, verify.CheckBodies)
			for _, k := range report.Checks {
				if k.Status == verify.Failed && k.Name != verify.CheckBodies {
					t.Errorf("the file is wrong as a whole too, by %s: %s", k.Name, k.Reason)
				}
			}
		})
	}
}
