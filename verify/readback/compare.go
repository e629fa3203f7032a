package readback

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/tensor"
)

// Compare holds g against the main graph in data as our own decoder reads it:
// the same inputs, outputs and initializers, and operation by operation the same
// op, edges and attributes, numbers bit for bit. The error is ErrDiffers and
// lists what differs, or an error of Read for a file that Read refuses.
func Compare(data []byte, g *Graph) error {
	m, err := onnxpb.Decode(data, onnxpb.Limits{})
	if err != nil {
		return err
	}
	want, err := describe(m)
	if err != nil {
		return err
	}
	var d differences
	d.declared("input", want.Inputs, g.Inputs)
	d.declared("output", want.Outputs, g.Outputs)
	d.initializers(want.Initializers, g.Initializers)
	d.operations(want.Operations, g.Operations)
	return d.err()
}

// differences collects what a person should read; a wrong start makes
// everything after it differ too, so that only the first few are told.
type differences struct {
	told  []string
	count int
}

const maxTold = 8

func (d *differences) add(format string, args ...any) {
	d.count++
	if len(d.told) < maxTold {
		d.told = append(d.told, fmt.Sprintf(format, args...))
	}
}

func (d *differences) err() error {
	if d.count == 0 {
		return nil
	}
	more := ""
	if d.count > len(d.told) {
		more = fmt.Sprintf("; and %d more", d.count-len(d.told))
	}
	return fmt.Errorf("%w: %s%s", ErrDiffers, strings.Join(d.told, "; "), more)
}

func (d *differences) declared(role string, file, read []Declared) {
	if !slices.Equal(file, read) {
		d.add("%ss: the file has %v, onnx-go reads %v", role, file, read)
	}
}

func (d *differences) initializers(file, read map[string]Constant) {
	for _, name := range keys(file, read) {
		a, inFile := file[name]
		b, inRead := read[name]
		switch {
		case !inFile:
			d.add("initializer %s: not in the file", name)
		case !inRead:
			d.add("initializer %s: not read", name)
		case !sameConstant(a, b):
			d.add("initializer %s: the file has %v, onnx-go reads %v", name, a, b)
		}
	}
}

func (d *differences) operations(file, read []Operation) {
	if len(file) != len(read) {
		d.add("the file has %d operations, onnx-go reads %d (%s)", len(file), len(read), histogramDifference(file, read))
	}
	for i := range min(len(file), len(read)) {
		d.operation(fmt.Sprintf("node %d (%s)", i, file[i].Op), file[i], read[i])
	}
}

func (d *differences) operation(where string, file, read Operation) {
	if file.Op != read.Op {
		d.add("%s: onnx-go reads %s", where, read.Op)
	}
	if !slices.Equal(file.Inputs, read.Inputs) {
		d.add("%s: its inputs are %q, onnx-go reads %q", where, file.Inputs, read.Inputs)
	}
	if !slices.Equal(file.Outputs, read.Outputs) {
		d.add("%s: its outputs are %q, onnx-go reads %q", where, file.Outputs, read.Outputs)
	}
	for _, name := range keys(file.Attributes, read.Attributes) {
		a, inFile := file.Attributes[name]
		b, inRead := read.Attributes[name]
		switch {
		case !inFile:
			d.add("%s: attribute %s is not in the file", where, name)
		case !inRead:
			d.add("%s: attribute %s is not read", where, name)
		case !sameAttribute(a, b):
			d.add("%s: attribute %s is %v (%T), onnx-go reads %v (%T)", where, name, a, a, b, b)
		}
	}
}

// histogramDifference says of which op one side has more.
func histogramDifference(file, read []Operation) string {
	count := map[string]int{}
	for _, o := range file {
		count[o.Op]++
	}
	for _, o := range read {
		count[o.Op]--
	}
	var words []string
	for _, op := range slices.Sorted(maps.Keys(count)) {
		if n := count[op]; n != 0 {
			words = append(words, fmt.Sprintf("%+d %s", -n, op))
		}
	}
	return strings.Join(words, ", ")
}

// keys is the keys of both maps, sorted.
func keys[V any](a, b map[string]V) []string {
	all := slices.Collect(maps.Keys(a))
	all = slices.AppendSeq(all, maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

// sameAttribute is equality of type and bits: a NaN is itself, −0 is not 0.
func sameAttribute(a, b any) bool {
	switch a := a.(type) {
	case float32:
		b, ok := b.(float32)
		return ok && sameBits32(a, b)
	case []float32:
		b, ok := b.([]float32)
		return ok && slices.EqualFunc(a, b, sameBits32)
	case []int64:
		b, ok := b.([]int64)
		return ok && slices.Equal(a, b)
	case []string:
		b, ok := b.([]string)
		return ok && slices.Equal(a, b)
	case Constant:
		b, ok := b.(Constant)
		return ok && sameConstant(a, b)
	}
	// A slice on the right of another type than the left is unequal, not a panic.
	switch b.(type) {
	case []float32, []int64, []string, Constant:
		return false
	}
	return a == b
}

func sameBits32(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

func sameConstant(a, b Constant) bool {
	if a.Elem != b.Elem || a.Tensor == nil || b.Tensor == nil {
		return a.Elem == b.Elem && a.Tensor == b.Tensor
	}
	return sameTensor(a.Tensor, b.Tensor)
}

func sameTensor(a, b *tensor.Tensor) bool {
	return a.Kind == b.Kind && slices.Equal(a.Shape, b.Shape) &&
		slices.EqualFunc(a.F, b.F, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }) &&
		slices.Equal(a.I, b.I) && slices.Equal(a.B, b.B)
}

// maxShown is how many elements of a constant a message shows.
const maxShown = 6

// String is the element type, shape and first elements.
func (c Constant) String() string {
	if c.Tensor == nil {
		return c.Elem
	}
	var all []string
	for i := range min(c.Tensor.Len(), maxShown) {
		switch c.Tensor.Kind {
		case tensor.Float:
			all = append(all, fmt.Sprint(c.Tensor.F[i]))
		case tensor.Int:
			all = append(all, fmt.Sprint(c.Tensor.I[i]))
		case tensor.Bool:
			all = append(all, fmt.Sprint(c.Tensor.B[i]))
		}
	}
	if c.Tensor.Len() > maxShown {
		all = append(all, "...")
	}
	return c.Elem + tensor.ShapeString(c.Tensor.Shape) + "{" + strings.Join(all, " ") + "}"
}
