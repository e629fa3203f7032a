package ir

// Value is one line of a function: an op applied to values that stand before
// it. Values are made by a Builder and never change.
type Value struct {
	Op    *Op
	Args  []*Value
	Attrs Attrs
	Type  Type
	// Name is the paper's name for the value (cos, logits), or empty.
	Name string

	b     *Builder
	index int
	id    int // of its builder's values, in keys; unlike index it stays
}

// Index is the value's place in its function's list; parameters come first.
func (v *Value) Index() int { return v.index }

// Const is the number that a value stands for, if it is a constant.
func (v *Value) Const() (float64, bool) {
	if v.Op != OpConst || v.Type.Elem == 0 {
		return 0, false
	}
	return v.Attrs.Float("value"), true
}

// Result is a value that a function gives back, under a name.
type Result struct {
	Name  string
	Value *Value
}

// ParamKind is the type of a function's attribute as a file declares it.
type ParamKind string

// The kinds of function attribute. The arithmetic of a body uses numbers
// only, which travel at full precision; the others tell readers and native
// kernels what was asked for.
const (
	NumberAttr ParamKind = "number" // full precision, used by the body
	FloatAttr  ParamKind = "float"
	IntAttr    ParamKind = "int"
	TextAttr   ParamKind = "text"
)

// FuncAttr is an attribute that a function declares and every call sets.
type FuncAttr struct {
	Name string
	Kind ParamKind
}

// Func is a function of typed values.
type Func struct {
	Name string
	// Margin marks a function whose first argument is a cosine and whose
	// detached derivative is the derivative of that cosine.
	Margin  bool
	Attrs   []FuncAttr
	Params  []*Value
	Values  []*Value // parameters first
	Results []Result
}

// Param is the parameter of that name, or nil.
func (f *Func) Param(name string) *Value {
	for _, p := range f.Params {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Result is the result of that name, or nil.
func (f *Func) Result(name string) *Value {
	for _, r := range f.Results {
		if r.Name == name {
			return r.Value
		}
	}
	return nil
}

// Callees lists every function that f calls, directly or through another,
// each after those that it calls itself.
func (f *Func) Callees() []*Func {
	var out []*Func
	seen := map[*Func]bool{}
	var visit func(*Func)
	visit = func(g *Func) {
		for _, v := range g.Values {
			if c, ok := v.Attrs.Get("fn").(*Func); ok && !seen[c] {
				seen[c] = true
				visit(c)
				out = append(out, c)
			}
		}
	}
	visit(f)
	return out
}
