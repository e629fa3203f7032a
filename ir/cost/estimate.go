package cost

import "losscc/ir"

// Estimate is what a function is expected to take.
type Estimate struct {
	Nanoseconds float64
	// Bytes is the most that is held at once beyond the parameters.
	Bytes int64
	Nodes int
}

// Of estimates a function at sizes of its extents, in float64 if double is
// set and in float32 otherwise.
func Of(f *ir.Func, s Sizes, double bool) Estimate {
	e := &estimate{f: f, sizes: s, double: double, last: lastUses(f), owner: map[*ir.Value]*ir.Value{}}
	for i, v := range f.Values {
		if free[v.Op] {
			e.view(v)
			continue
		}
		e.passing = 0
		rows[v.Op](e, v)
		e.hold(v, i)
		e.drop(v, i)
	}
	return e.out
}

// estimate is a walk over a function in the order in which it runs.
type estimate struct {
	f      *ir.Func
	sizes  Sizes
	double bool
	out    Estimate
	// last is after which value a buffer may go, owner whose buffer a value's
	// elements lie in, held how much lies there now.
	last    map[*ir.Value]int
	owner   map[*ir.Value]*ir.Value
	held    int64
	passing int64 // what the nodes of one value need between them
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
	straight   = "MatMul [N,C]·[C,D]"
	byRows     = "Gemm [N,D]·[C,D]ᵀ"
	byColumns  = "Gemm [N,C]ᵀ·[N,D]"
	onto       = "Gemm [N,C]ᵀ·[N,D] + [C,D]"
	ontoInside = 128 // the inner extent at which adding was measured
)

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
	with, without := prices[onto], prices[byColumns]
	work := float64(ontoInside * e.elements(v))
	e.out.Nanoseconds += with.at(work) - without.at(work)
}

func (e *estimate) elements(v *ir.Value) int { return e.sizes.Elements(v.Type.Shape) }

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
	if o := e.owns(v.Args[0]); o != nil {
		e.owner[v] = o
		e.last[o] = max(e.last[o], e.last[v])
	}
}

// owns is whose buffer a value lies in, nil for parameters and numbers.
func (e *estimate) owns(v *ir.Value) *ir.Value { return e.owner[v] }

// hold gives v a buffer: that of an argument that goes here, where v is made
// element by element, or one of its own.
func (e *estimate) hold(v *ir.Value, at int) {
	e.owner[v] = v
	if v.Op.Elementwise() && !e.result(v) {
		for _, a := range v.Args {
			o := e.owns(a)
			if o != nil && o != v && e.last[o] == at && e.bytes(o) == e.bytes(v) && o.Type.Elem == v.Type.Elem {
				e.owner[v] = o
				e.last[o] = e.last[v]
				break
			}
		}
	}
	if e.owner[v] == v {
		e.held += e.bytes(v)
	}
	e.out.Bytes = max(e.out.Bytes, e.held+e.passing)
}

// result tells whether v is one of the function's results, which the runtime
// writes where whoever runs the file wants them.
func (e *estimate) result(v *ir.Value) bool { return e.last[v] == len(e.f.Values) }

// drop lets go of the buffers that are not needed after the value at a place.
func (e *estimate) drop(v *ir.Value, at int) {
	gone := map[*ir.Value]bool{}
	for _, a := range append([]*ir.Value{v}, v.Args...) {
		if o := e.owns(a); o != nil && e.last[o] == at && !gone[o] {
			gone[o] = true
			e.held -= e.bytes(o)
		}
	}
}

// lastUses is for each value the place of the last value that reads it, or of
// itself; results are read at the end.
func lastUses(f *ir.Func) map[*ir.Value]int {
	last := make(map[*ir.Value]int, len(f.Values))
	for i, v := range f.Values {
		last[v] = i
		for _, a := range v.Args {
			last[a] = i
		}
	}
	for _, r := range f.Results {
		last[r.Value] = len(f.Values)
	}
	return last
}
