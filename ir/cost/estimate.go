package cost

import (
	"slices"

	"losscc/ir"
)

// Estimate is what a function is expected to take.
type Estimate struct {
	Nanoseconds float64
	// Bytes is the most that is held at once beyond the parameters.
	Bytes int64
	Nodes int
}

// Model estimates functions that have much in common: it remembers the bodies of
// what they call.
type Model struct {
	double, copies bool
	bodies         map[bodyAt]Estimate
}

// bodyAt is a function at sizes of its extents, in order.
type bodyAt struct {
	f     *ir.Func
	sizes string
}

// New is a model of arithmetic in float64 if double is set, in float32 otherwise.
// With copies nothing is written over: the file tells no shapes.
func New(double, copies bool) *Model { return &Model{double, copies, map[bodyAt]Estimate{}} }

// Of estimates what a function needs for its results, at each of some sizes of
// its extents.
func (m *Model) Of(f *ir.Func, at ...Sizes) []Estimate {
	live := ir.Live(f)
	last := lastUses(f, live)
	out := make([]Estimate, len(at))
	for i, s := range at {
		e := newEstimate(m, f, s, last)
		e.run(live)
		out[i] = e.out
	}
	return out
}

// estimate is a walk over a function in the order in which it runs.
type estimate struct {
	*Model
	f     *ir.Func
	sizes Sizes
	out   Estimate
	// By place of the value: after which value its buffer may go, whose buffer
	// its elements lie in, and how many they are (0: not counted yet).
	last  []int
	owner []*ir.Value
	count []int
	held  int64 // bytes in buffers now
	// passing is what the nodes of one value need between them.
	passing int64
}

func newEstimate(m *Model, f *ir.Func, s Sizes, last []int) *estimate {
	n := len(f.Values)
	return &estimate{Model: m, f: f, sizes: s, last: slices.Clone(last), owner: make([]*ir.Value, n), count: make([]int, n)}
}

func (e *estimate) run(live ir.Set) {
	for i, v := range e.f.Values {
		if !live.Has(v) {
			continue
		}
		if free[v.Op] {
			e.view(v)
			continue
		}
		e.passing = 0
		rows[v.Op](e, v)
		if (v.Op == ir.OpPut || v.Op == ir.OpAddAt) && e.over(v) {
			e.view(v)
		} else {
			e.hold(v)
		}
		e.drop(v, i)
	}
}

// node adds a kernel over an amount of work.
func (e *estimate) node(kind string, work int) {
	p := prices[kind]
	ns := p.at(float64(work))
	if e.double {
		ns = p[0].ns + 2*(ns-p[0].ns)
	}
	e.out.Nanoseconds += ns
	e.out.Nodes++
}

// The products that were measured, N rows on the inside where the first factor
// is transposed.
const (
	straight  = "MatMul [N,C]·[C,D]"
	byRows    = "Gemm [N,D]·[C,D]ᵀ"
	byColumns = "Gemm [N,C]ᵀ·[N,D]"
	onto      = "Gemm [N,C]ᵀ·[N,D] + [C,D]"
)

// ontoMore is what adding to a matrix takes beyond the product, by the elements
// of the matrix. The product was measured at these inner extents.
var ontoMore = func() *price {
	var more price
	for i, inner := range [...]float64{1, 128, 1024, 128} {
		with, without := prices[onto][i], prices[byColumns][i]
		more[i].work, more[i].ns = with.work/inner, max(1, with.ns-without.ns)
	}
	return &more
}()

// product adds a matrix product by its multiply-adds.
func (e *estimate) product(v *ir.Value) {
	kind, inner := straight, v.Args[0].Type.Shape[1]
	switch {
	case v.Attrs.Bool("trans_b"):
		kind = byRows
	case v.Attrs.Bool("trans_a"):
		kind = byColumns
	}
	if v.Attrs.Bool("trans_a") {
		inner = v.Args[0].Type.Shape[0]
	}
	e.node(kind, e.elements(v)*e.sizes.Of(inner))
}

// productOnto is a product that its kernel adds to a matrix: the matrix is
// copied first.
func (e *estimate) productOnto(v *ir.Value) {
	e.product(v)
	e.out.Nanoseconds += ontoMore.at(float64(e.elements(v)))
}

func (e *estimate) elements(v *ir.Value) int {
	n := &e.count[v.Index()]
	if *n == 0 {
		*n = e.sizes.Elements(v.Type.Shape)
	}
	return *n
}

// width is the bytes of an element.
func (e *estimate) width(elem ir.Elem) int64 {
	switch {
	case elem == ir.Bool:
		return 1
	case elem == ir.Float && !e.double:
		return 4
	}
	return 8
}

func (e *estimate) bytes(v *ir.Value) int64 { return int64(e.elements(v)) * e.width(v.Type.Elem) }

// view notes that a value lies in its argument's buffer.
func (e *estimate) view(v *ir.Value) {
	if len(v.Args) == 0 {
		return
	}
	if o := e.owner[v.Args[0].Index()]; o != nil {
		e.owner[v.Index()] = o
		e.last[o.Index()] = max(e.last[o.Index()], e.last[v.Index()])
	}
}

// over tells whether a put or an add_at writes over its argument: something that
// was made and that nothing reads later.
func (e *estimate) over(v *ir.Value) bool {
	x := v.Args[0]
	return !e.copies && e.last[x.Index()] == v.Index() && e.owner[x.Index()] == x && x.Op != ir.OpExpand
}

// hold gives v a buffer of its own: ONNX Runtime's elementwise kernels write
// into new memory even where they could write over an operand. Parameters and
// numbers have none.
func (e *estimate) hold(v *ir.Value) {
	e.owner[v.Index()] = v
	e.held += e.bytes(v)
	e.out.Bytes = max(e.out.Bytes, e.held+e.passing)
}

// drop lets go of the buffers that are not needed after the value at a place.
func (e *estimate) drop(v *ir.Value, at int) {
	e.letGo(v, at)
	for _, a := range v.Args {
		e.letGo(a, at)
	}
}

func (e *estimate) letGo(v *ir.Value, at int) {
	if o := e.owner[v.Index()]; o != nil && e.last[o.Index()] == at {
		e.last[o.Index()] = -1 // gone
		e.held -= e.bytes(o)
	}
}

// lastUses is for each value the place of the last value that reads it, or its
// own, results being read at the end.
func lastUses(f *ir.Func, live ir.Set) []int {
	last := make([]int, len(f.Values))
	for i, v := range f.Values {
		if !live.Has(v) {
			continue
		}
		last[i] = i
		for _, a := range v.Args {
			last[a.Index()] = i
		}
	}
	for _, r := range f.Results {
		last[r.Value.Index()] = len(f.Values)
	}
	return last
}
