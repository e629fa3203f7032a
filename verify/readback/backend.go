package readback

import (
	"fmt"
	"slices"

	onnx "github.com/owulveryck/onnx-go"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	gorgonia "gorgonia.org/tensor"

	"losscc/verify/tensor"
)

// backend receives what onnx-go decodes. The vertices are gonum's to keep; the
// edges are not, because gonum's simple graph forgets all but one of the edges
// between two vertices and panics at one that ends where it begins.
type backend struct {
	*simple.WeightedDirectedGraph
	vertices   []*vertex // the index is the ID
	pending    []graph.WeightedEdge
	operations []application
}

// vertex is a value of the model.
type vertex struct {
	id   int64
	name string
	data gorgonia.Tensor // an initializer's, or zeros of a declared type
}

// application is an operation as onnx-go applied it.
type application struct {
	op      onnx.Operation
	inputs  []*vertex
	outputs []*vertex
}

func newBackend() *backend {
	return &backend{WeightedDirectedGraph: simple.NewWeightedDirectedGraph(0, 0)}
}

// ID is the vertex's place in the backend.
func (v *vertex) ID() int64 { return v.id }

// SetName gives the vertex the name of its value.
func (v *vertex) SetName(name string) { v.name = name }

// GetName is the name of the value.
func (v *vertex) GetName() string { return v.name }

// SetTensor keeps t: an initializer's comes after the declaration's.
func (v *vertex) SetTensor(t gorgonia.Tensor) error { v.data = t; return nil }

// GetTensor is what SetTensor was last given.
func (v *vertex) GetTensor() gorgonia.Tensor { return v.data }

// NewNode is a vertex that can carry a name and a tensor.
func (b *backend) NewNode() graph.Node {
	v := &vertex{id: int64(len(b.vertices))}
	b.vertices = append(b.vertices, v)
	return v
}

// SetWeightedEdge keeps an edge from an output to an input of the operation
// that is about to be applied; its weight is the input's place.
func (b *backend) SetWeightedEdge(e graph.WeightedEdge) { b.pending = append(b.pending, e) }

// ApplyOperation keeps the operation with the edges that came since the last.
func (b *backend) ApplyOperation(op onnx.Operation, outputs ...graph.Node) error {
	a := application{op: op}
	for _, o := range outputs {
		a.outputs = append(a.outputs, o.(*vertex))
	}
	// Each output has an edge to each input: the outputs must agree.
	for i, o := range a.outputs {
		var inputs []*vertex
		for _, e := range b.pending {
			if e.From().(*vertex) != o {
				continue
			}
			if at := int(e.Weight()); at != len(inputs) {
				return fmt.Errorf("%s: input %d came after %d others", op.Name, at, len(inputs))
			}
			inputs = append(inputs, e.To().(*vertex))
		}
		if i > 0 && !slices.Equal(inputs, a.inputs) {
			return fmt.Errorf("%s: outputs %s and %s have different inputs", op.Name, a.outputs[0].name, o.name)
		}
		a.inputs = inputs
	}
	b.pending = nil
	b.operations = append(b.operations, a)
	return nil
}

// graph is what the backend was given, inputs and outputs by their IDs.
func (b *backend) graph(inputs, outputs []int64) (*Graph, error) {
	g := &Graph{Initializers: map[string]Constant{}}
	known := map[string]bool{} // what an input or an operation sets
	for _, id := range inputs {
		d := b.vertices[id].declared()
		g.Inputs = append(g.Inputs, d)
		known[d.Name] = true
	}
	for _, id := range outputs {
		g.Outputs = append(g.Outputs, b.vertices[id].declared())
	}
	for _, a := range b.operations {
		for _, o := range a.outputs {
			known[o.name] = true
		}
	}
	for _, v := range b.vertices {
		if v.data == nil || known[v.name] {
			continue
		}
		c, err := constant(v.data)
		if err != nil {
			return nil, fmt.Errorf("%w: initializer %s: %v", ErrDecode, v.name, err)
		}
		g.Initializers[v.name] = c
	}
	for i, a := range b.operations {
		o, err := a.operation(func(v *vertex) bool { return known[v.name] || v.data != nil || v.name == "" })
		if err != nil {
			return nil, fmt.Errorf("%w: node %d (%s): %v", ErrDecode, i, a.op.Name, err)
		}
		g.Operations = append(g.Operations, o)
	}
	return g, nil
}

func (v *vertex) declared() Declared {
	d := Declared{Name: v.name}
	if v.data != nil {
		d.Elem = v.data.Dtype().String()
	}
	return d
}

// operation is a with names for vertices. An operation without inputs comes
// with one that onnx-go made up: nothing sets its value.
func (a application) operation(set func(*vertex) bool) (Operation, error) {
	o := Operation{Op: a.op.Name, Attributes: map[string]any{}}
	for _, v := range a.outputs {
		o.Outputs = append(o.Outputs, v.name)
	}
	if len(a.inputs) != 1 || set(a.inputs[0]) {
		for _, v := range a.inputs {
			o.Inputs = append(o.Inputs, v.name)
		}
	}
	for name, value := range a.op.Attributes {
		if t, ok := value.(gorgonia.Tensor); ok {
			c, err := constant(t)
			if err != nil {
				return o, fmt.Errorf("attribute %s: %w", name, err)
			}
			value = c
		}
		o.Attributes[name] = value
	}
	return o, nil
}

// constant is a tensor of onnx-go's in our words.
func constant(t gorgonia.Tensor) (Constant, error) {
	c := Constant{Elem: t.Dtype().String()}
	shape := slices.Clone([]int(t.Shape()))
	data := t.Data()
	// A scalar's data is the element itself.
	switch v := data.(type) {
	case float32:
		data = []float32{v}
	case float64:
		data = []float64{v}
	case int32:
		data = []int32{v}
	case int64:
		data = []int64{v}
	case bool:
		data = []bool{v}
	}
	switch v := data.(type) {
	case []float32:
		c.Tensor = filled(tensor.Float, shape, v, func(r *tensor.Tensor, i int, x float32) { r.F[i] = float64(x) })
	case []float64:
		c.Tensor = filled(tensor.Float, shape, v, func(r *tensor.Tensor, i int, x float64) { r.F[i] = x })
	case []int32:
		c.Tensor = filled(tensor.Int, shape, v, func(r *tensor.Tensor, i int, x int32) { r.I[i] = int64(x) })
	case []int64:
		c.Tensor = filled(tensor.Int, shape, v, func(r *tensor.Tensor, i int, x int64) { r.I[i] = x })
	case []bool:
		c.Tensor = filled(tensor.Bool, shape, v, func(r *tensor.Tensor, i int, x bool) { r.B[i] = x })
	default:
		return c, fmt.Errorf("elements of type %T", data)
	}
	if c.Tensor == nil {
		return c, fmt.Errorf("shape %v does not fit its elements", shape)
	}
	return c, nil
}

// filled is a tensor of the given elements, or nil where the shape has another
// number of them.
func filled[E any](k tensor.Kind, shape []int, elements []E, set func(*tensor.Tensor, int, E)) *tensor.Tensor {
	if tensor.Len(shape) != len(elements) {
		return nil
	}
	t := tensor.New(k, shape...)
	for i, x := range elements {
		set(t, i, x)
	}
	return t
}
