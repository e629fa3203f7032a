package onnxexport

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"losscc/ir"
	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

// lowering is one function on its way to nodes. What it makes is named after
// the paper's word for the value, else after the op and a number.
type lowering struct {
	f      *ir.Func
	o      Options
	ops    map[*ir.Func]string
	body   bool            // of a function: constants are nodes, no extents
	half   map[string]bool // results to narrow to float16
	names  map[*ir.Value]string
	taken  map[string]bool
	count  map[string]int
	nodes  []*onnxpb.NodeProto
	inits  []*onnxpb.TensorProto
	told   []*onnxpb.ValueInfoProto // shapes of values between the nodes
	consts map[string]string        // content of a constant → its name
	shapes map[string]string        // extents and other steps already in a tensor → its name
	made   map[*ir.Value]bool       // values whose nodes stand already
	done   map[string]string        // key of a call → its node's first output
	blocks *blocked                 // nil: nothing is made in blocks
	outer  *lowering                // of the body of a walk: what the walk stands in
	err    error
}

// tell writes down the shape of a value that a node may write over. A runtime
// does so where it knows that the shapes are the same, and inference forgets
// symbolic extents at every index. A flat file tells none: tract, given sizes of
// the inputs, takes extents that are told between the nodes for others.
func (l *lowering) tell(name string, t ir.Type) {
	if l.body || l.o.Form == Flat { // a function has no place for it
		return
	}
	for _, p := range l.told {
		if p.GetName() == name {
			return
		}
	}
	l.told = append(l.told, l.port(name, t))
}

// mayWriteOver tells the shape of what a node may write over, unless it is the
// caller's.
func (l *lowering) mayWriteOver(v *ir.Value) {
	if v.Op != ir.OpParam && !l.result(v) {
		l.tell(l.ref(v), v.Type)
	}
}

// result tells whether a value is a result.
func (l *lowering) result(v *ir.Value) bool { return isResult(l.f, v) }

func isResult(f *ir.Func, v *ir.Value) bool {
	return slices.ContainsFunc(f.Results, func(r ir.Result) bool { return r.Value == v })
}

func newLowering(f *ir.Func, ops map[*ir.Func]string, o Options) *lowering {
	l := &lowering{
		f: f, o: o, ops: ops,
		names: map[*ir.Value]string{}, taken: map[string]bool{}, count: map[string]int{},
		consts: map[string]string{}, shapes: map[string]string{},
		made: map[*ir.Value]bool{}, done: map[string]string{},
	}
	for _, r := range f.Results {
		l.taken[r.Name] = true
	}
	return l
}

// run lowers every value and gives back the names of the results.
func (l *lowering) run() ([]string, error) {
	l.claimResults()
	if err := l.values(); err != nil {
		return nil, err
	}
	outs := make([]string, len(l.f.Results))
	for i, r := range l.f.Results {
		outs[i] = r.Name
		from := l.ref(r.Value)
		switch {
		case l.half[r.Name]:
			top, bottom := l.number(65504), l.number(-65504)
			held := l.node1("Clip", l.fresh(r.Name+"_held"), []string{from, bottom, top})
			l.node1("Cast", r.Name, []string{held}, intAttr("to", int64(onnxpb.TensorProto_FLOAT16)))
		case from != r.Name:
			l.node1("Identity", r.Name, []string{from})
		}
	}
	l.prune(outs)
	return outs, nil
}

// values lowers every value, in blocks if the options say so.
func (l *lowering) values() error {
	if by := l.o.Blocks; by.Dim != "" && !l.body {
		p, err := newPlan(l.f, by.Dim)
		if err != nil {
			return err
		}
		return l.runBlocks(p, by.Most)
	}
	for _, v := range l.f.Values {
		if err := l.value(v); err != nil {
			return err
		}
	}
	return nil
}

// value lowers one value.
func (l *lowering) value(v *ir.Value) error {
	if v.Op == ir.OpParam {
		l.made[v] = true
		return nil
	}
	row := rows[v.Op]
	if row == nil {
		return fmt.Errorf("@%s: op %s has no lowering", l.f.Name, v.Op)
	}
	if v.Op != ir.OpConst && v.Op != ir.OpInt {
		l.named(v)
	}
	row(l, v)
	l.made[v] = v.Op != ir.OpConst && v.Op != ir.OpInt
	if l.err != nil {
		return fmt.Errorf("@%s: %s: %w", l.f.Name, v.Op, l.err)
	}
	return nil
}

// prune takes out the nodes whose outputs nothing reads: steps that a later value
// found it could do without.
func (l *lowering) prune(results []string) {
	read := map[string]bool{}
	for _, r := range results {
		read[r] = true
	}
	kept := l.nodes[len(l.nodes):]
	for _, n := range slices.Backward(l.nodes) {
		if !slices.ContainsFunc(n.Output, func(out string) bool { return read[out] }) {
			continue
		}
		readBy(n, read)
		kept = append(kept, n)
	}
	slices.Reverse(kept)
	l.nodes = kept
}

// readBy adds what a node reads, the body of a walk included.
func readBy(n *onnxpb.NodeProto, read map[string]bool) {
	for _, in := range n.Input {
		read[in] = true
	}
	for _, a := range n.Attribute {
		for _, m := range a.GetG().GetNode() {
			readBy(m, read)
		}
	}
}

// claimResults names each value that is a result after it, where one name is
// enough: parameters, constants and second results are passed through.
func (l *lowering) claimResults() {
	for _, r := range l.f.Results {
		switch r.Value.Op {
		case ir.OpParam, ir.OpConst, ir.OpInt, ir.OpAttr:
			continue
		}
		if l.names[r.Value] == "" && !l.half[r.Name] {
			l.names[r.Value] = r.Name
		}
	}
}

// named is the name of a value, which gets one if it has none.
func (l *lowering) named(v *ir.Value) string {
	if l.names[v] == "" {
		l.names[v] = l.fresh(wish(v))
	}
	return l.names[v]
}

func wish(v *ir.Value) string {
	if v.Name != "" {
		return v.Name
	}
	return v.Op.Name
}

// node adds a node of the default domain with the given outputs.
func (l *lowering) node(op string, outs, ins []string, attrs ...*onnxpb.AttributeProto) {
	l.nodes = append(l.nodes, &onnxpb.NodeProto{
		OpType: proto.String(op), Name: proto.String(l.nodeName(outs)), Input: ins, Output: outs, Attribute: attrs,
	})
}

// node1 adds a node with one output and gives back its name.
func (l *lowering) node1(op, out string, ins []string, attrs ...*onnxpb.AttributeProto) string {
	l.node(op, []string{out}, ins, attrs...)
	return out
}

// step adds a node whose output is only a step on the way to v.
func (l *lowering) step(op string, ins []string, attrs ...*onnxpb.AttributeProto) string {
	return l.node1(op, l.fresh(snake(op)), ins, attrs...)
}

func snake(op string) string {
	out := make([]byte, 0, len(op)+4)
	for i := range len(op) {
		c := op[i]
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				out = append(out, '_')
			}
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return string(out)
}

// in are the names of v's arguments.
func (l *lowering) in(v *ir.Value) []string {
	out := make([]string, len(v.Args))
	for i, a := range v.Args {
		out[i] = l.ref(a)
	}
	return out
}

// ref is the name of a value that stands before; a constant gets its name
// here.
func (l *lowering) ref(v *ir.Value) string {
	switch v.Op {
	case ir.OpConst:
		return l.number(v.Attrs.Float("value"))
	case ir.OpInt:
		return l.whole(int64(v.Attrs.Int("value")))
	}
	return l.names[v]
}

// constant is a tensor of constants: an initializer of the graph, or a node in
// a function's body, one for each content.
func (l *lowering) constant(want string, t *onnxpb.TensorProto) string {
	key := fmt.Sprint(t.GetDataType(), t.Dims, t.RawData)
	if name, ok := l.consts[key]; ok {
		return name
	}
	name := l.fresh(want)
	l.consts[key] = name
	if l.body {
		l.node1("Constant", name, nil, tensorAttr("value", t))
		return name
	}
	t.Name = proto.String(name)
	l.inits = append(l.inits, t)
	return name
}

// number is a scalar in the type of the arithmetic.
func (l *lowering) number(x float64) string { return l.constant("num", l.scalar(x)) }

func (l *lowering) scalar(x float64) *onnxpb.TensorProto {
	t := &onnxpb.TensorProto{DataType: proto.Int32(int32(l.o.Float.inside()))}
	if l.o.Float == F64 {
		t.RawData = binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))
	} else {
		t.RawData = binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(x)))
	}
	return t
}

// whole is an int64 scalar, ints a vector of them.
func (l *lowering) whole(n int64) string {
	return l.constant("int", &onnxpb.TensorProto{
		DataType: proto.Int32(int32(onnxpb.TensorProto_INT64)), RawData: binary.LittleEndian.AppendUint64(nil, uint64(n)),
	})
}

func (l *lowering) ints(ns ...int64) string { return l.constant("axes", wholes(ns...)) }

// wholes is a vector of int64.
func wholes(ns ...int64) *onnxpb.TensorProto {
	t := &onnxpb.TensorProto{DataType: proto.Int32(int32(onnxpb.TensorProto_INT64)), Dims: []int64{int64(len(ns))}}
	for _, n := range ns {
		t.RawData = binary.LittleEndian.AppendUint64(t.RawData, uint64(n))
	}
	return t
}

func intAttr(name string, n int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(n)}
}

func intsAttr(name string, ns ...int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: ns}
}

func floatAttr(name string, x float64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(float32(x))}
}

func textAttr(name, s string) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_STRING.Enum(), S: []byte(s)}
}

func tensorAttr(name string, t *onnxpb.TensorProto) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: t}
}

func graphAttr(name string, g *onnxpb.GraphProto) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: g}
}
