package ir

import "fmt"

// The type rules. Each gets as many argument types as the op's arity.

func fixed(t Type) func([]Type, Attrs) (Type, error) {
	return func([]Type, Attrs) (Type, error) { return t, nil }
}

func want(what string, got Type) error { return fmt.Errorf("want %s, got %v", what, got) }

func broadcastAll(args []Type) (Shape, error) {
	s := args[0].Shape
	for _, a := range args[1:] {
		var err error
		if s, err = Broadcast(s, a.Shape); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func inferFloats(args []Type, _ Attrs) (Type, error) {
	for _, a := range args {
		if a.Elem != Float {
			return Type{}, want("float", a)
		}
	}
	s, err := broadcastAll(args)
	return Type{Float, s}, err
}

// inferNumbers is for arithmetic: floats with floats or ints with ints.
func inferNumbers(args []Type, _ Attrs) (Type, error) {
	for _, a := range args {
		if a.Elem == Bool || a.Elem != args[0].Elem {
			return Type{}, fmt.Errorf("want two floats or two ints, got %v and %v", args[0], args[1])
		}
	}
	s, err := broadcastAll(args)
	return Type{args[0].Elem, s}, err
}

func inferThrough(args []Type, _ Attrs) (Type, error) {
	if args[0].Elem != Float || !args[0].Equal(args[1]) {
		return Type{}, fmt.Errorf("want two floats of one shape, got %v and %v", args[0], args[1])
	}
	return args[0], nil
}

func inferCompare(args []Type, attrs Attrs) (Type, error) {
	t, err := inferNumbers(args, attrs)
	return Type{Bool, t.Shape}, err
}

func inferBools(args []Type, _ Attrs) (Type, error) {
	for _, a := range args {
		if a.Elem != Bool {
			return Type{}, want("bool", a)
		}
	}
	s, err := broadcastAll(args)
	return Type{Bool, s}, err
}

func inferSelect(args []Type, _ Attrs) (Type, error) {
	if args[0].Elem != Bool {
		return Type{}, want("a bool condition", args[0])
	}
	if args[1].Elem != args[2].Elem {
		return Type{}, fmt.Errorf("want two values of one kind, got %v and %v", args[1], args[2])
	}
	s, err := broadcastAll(args)
	return Type{args[1].Elem, s}, err
}

func convert(to Elem) func([]Type, Attrs) (Type, error) {
	return func(args []Type, _ Attrs) (Type, error) {
		if args[0].Elem == to {
			return Type{}, fmt.Errorf("%v is %v already", args[0], to)
		}
		return Type{to, args[0].Shape}, nil
	}
}

func inferSame(args []Type, attrs Attrs) (Type, error) {
	if args[0].Elem == Bool {
		return Type{}, want("float or int", args[0])
	}
	if _, err := axisOf(args[0], attrs, 0); err != nil {
		return Type{}, err
	}
	return args[0], nil
}

// axisOf is the axis attribute, checked against a rank (extra more for ops
// that add an axis).
func axisOf(t Type, attrs Attrs, extra int) (int, error) {
	a := attrs.Int("axis")
	if a < 0 || a >= len(t.Shape)+extra {
		return 0, fmt.Errorf("axis %d is outside %v", a, t)
	}
	return a, nil
}

func inferReduce(args []Type, attrs Attrs) (Type, error) {
	if args[0].Elem == Bool {
		return Type{}, want("float or int", args[0])
	}
	a, err := axisOf(args[0], attrs, 0)
	if err != nil {
		return Type{}, err
	}
	return Type{args[0].Elem, args[0].Shape.Without(a)}, nil
}

func inferNorm(args []Type, _ Attrs) (Type, error) {
	n := len(args[0].Shape)
	if args[0].Elem != Float || n == 0 {
		return Type{}, want("floats of rank 1 or more", args[0])
	}
	return F(args[0].Shape[:n-1]...), nil
}

func inferArgMax(args []Type, attrs Attrs) (Type, error) {
	t, err := inferReduce(args, attrs)
	return Type{Int, t.Shape}, err
}

func inferArgTop(args []Type, attrs Attrs) (Type, error) {
	x, k := args[0], args[1]
	if x.Elem == Bool || len(x.Shape) == 0 {
		return Type{}, want("numbers of rank 1 or more", x)
	}
	if !k.Equal(I()) {
		return Type{}, want("one int for k", k)
	}
	s := append(Shape{}, x.Shape...)
	s[len(s)-1] = attrs.Dim("dim")
	return Type{Int, s}, nil
}

func inferIota(_ []Type, attrs Attrs) (Type, error) {
	return I(attrs.Dim("dim")), nil
}

func inferMatMul(args []Type, attrs Attrs) (Type, error) {
	for _, a := range args {
		if a.Elem != Float || len(a.Shape) != 2 {
			return Type{}, want("a float matrix", a)
		}
	}
	m, k := args[0].Shape[0], args[0].Shape[1]
	if attrs.Bool("trans_a") {
		m, k = k, m
	}
	l, n := args[1].Shape[0], args[1].Shape[1]
	if attrs.Bool("trans_b") {
		l, n = n, l
	}
	if k != l {
		return Type{}, fmt.Errorf("inner extents %s and %s differ in the product of %v and %v", k, l, args[0], args[1])
	}
	return F(m, n), nil
}

func inferMatMulAdd(args []Type, attrs Attrs) (Type, error) {
	t, err := inferMatMul(args[:2], attrs)
	if err == nil && !args[2].Equal(t) {
		err = want("what the product is, "+t.String(), args[2])
	}
	return t, err
}

func inferTranspose(args []Type, _ Attrs) (Type, error) {
	if len(args[0].Shape) != 2 {
		return Type{}, want("a matrix", args[0])
	}
	return Type{args[0].Elem, Shape{args[0].Shape[1], args[0].Shape[0]}}, nil
}

func inferExpand(args []Type, attrs Attrs) (Type, error) {
	to := attrs.Shape("shape")
	s, err := Broadcast(args[0].Shape, to)
	if err == nil && !s.Equal(to) {
		err = fmt.Errorf("%v does not expand to %v", args[0], to)
	}
	return Type{args[0].Elem, to}, err
}

func inferReshape(args []Type, attrs Attrs) (Type, error) {
	to := attrs.Shape("shape")
	a, b := args[0].Shape.factors(), to.factors()
	if !Shape(a).Equal(Shape(b)) {
		return Type{}, fmt.Errorf("%v cannot become %v: its factors in order are other ones", args[0], to)
	}
	return Type{args[0].Elem, to}, nil
}

func inferUnsqueeze(args []Type, attrs Attrs) (Type, error) {
	a, err := axisOf(args[0], attrs, 1)
	if err != nil {
		return Type{}, err
	}
	return Type{args[0].Elem, args[0].Shape.With(a, One)}, nil
}

func inferSqueeze(args []Type, attrs Attrs) (Type, error) {
	a, err := axisOf(args[0], attrs, 0)
	if err != nil {
		return Type{}, err
	}
	if args[0].Shape[a] != One {
		return Type{}, fmt.Errorf("axis %d of %v is not 1", a, args[0])
	}
	return Type{args[0].Elem, args[0].Shape.Without(a)}, nil
}

func inferPick(args []Type, attrs Attrs) (Type, error) {
	a, err := axisOf(args[0], attrs, 0)
	if err != nil {
		return Type{}, err
	}
	s := args[0].Shape.Without(a)
	if !args[1].Equal(Type{Int, s}) {
		return Type{}, want(fmt.Sprintf("places %v", Type{Int, s}), args[1])
	}
	return Type{args[0].Elem, s}, nil
}

func inferPut(args []Type, attrs Attrs) (Type, error) {
	t, err := inferPick(args, attrs)
	if err != nil {
		return Type{}, err
	}
	if !args[2].Equal(t) {
		return Type{}, want(fmt.Sprintf("new elements %v", t), args[2])
	}
	return args[0], nil
}

func inferTake(args []Type, _ Attrs) (Type, error) {
	x, i := args[0], args[1]
	if len(x.Shape) != 2 || i.Elem != Int || len(i.Shape) != 2 || i.Shape[0] != x.Shape[0] {
		return Type{}, fmt.Errorf("want a matrix and int places for each of its rows, got %v and %v", x, i)
	}
	return Type{x.Elem, i.Shape}, nil
}

func inferAddAt(args []Type, attrs Attrs) (Type, error) {
	t, err := inferTake(args, attrs)
	if err != nil {
		return Type{}, err
	}
	if t.Elem != Float || !args[2].Equal(t) {
		return Type{}, want("floats to add "+F(t.Shape...).String(), args[2])
	}
	return args[0], nil
}

func inferGather(args []Type, _ Attrs) (Type, error) {
	x, i := args[0], args[1]
	if len(x.Shape) == 0 || i.Elem != Int {
		return Type{}, fmt.Errorf("want rows and int places, got %v and %v", x, i)
	}
	s := append(append(Shape{}, i.Shape...), x.Shape[1:]...)
	return Type{x.Elem, s}, nil
}

func inferScatterAdd(args []Type, attrs Attrs) (Type, error) {
	i, v := args[0], args[1]
	if i.Elem != Int || len(i.Shape) != 1 {
		return Type{}, want("int places of rank 1", i)
	}
	if v.Elem != Float || len(v.Shape) == 0 || v.Shape[0] != i.Shape[0] {
		return Type{}, fmt.Errorf("want a row for each of %v, got %v", i, v)
	}
	return Type{v.Elem, append(Shape{attrs.Dim("dim")}, v.Shape[1:]...)}, nil
}

func inferNonZero(args []Type, attrs Attrs) (Type, error) {
	if args[0].Elem != Bool || len(args[0].Shape) == 0 {
		return Type{}, want("bools of rank 1 or more", args[0])
	}
	return I(attrs.Dim("dim"), Dim(fmt.Sprint(len(args[0].Shape)))), nil
}

func inferConcat(args []Type, attrs Attrs) (Type, error) {
	a, b := args[0], args[1]
	if a.Elem != b.Elem || len(a.Shape) == 0 || len(a.Shape) != len(b.Shape) || !a.Shape[1:].Equal(b.Shape[1:]) {
		return Type{}, fmt.Errorf("want rows of one kind, got %v and %v", a, b)
	}
	return Type{a.Elem, append(Shape{attrs.Dim("dim")}, a.Shape[1:]...)}, nil
}

// inferCall is the type of a callee's result under the arguments' extents.
func inferCall(f *Func, out int, args []Type) (Type, error) {
	if out < 0 || out >= len(f.Results) {
		return Type{}, fmt.Errorf("@%s has %d results, not a result %d", f.Name, len(f.Results), out)
	}
	bind, err := unify(f, args)
	if err != nil {
		return Type{}, err
	}
	t := f.Results[out].Value.Type
	return Type{t.Elem, substitute(t.Shape, bind)}, nil
}

// unify binds the extents of f's parameters to those of the arguments.
func unify(f *Func, args []Type) (map[Dim]Dim, error) {
	if len(args) != len(f.Params) {
		return nil, fmt.Errorf("@%s takes %d arguments, got %d", f.Name, len(f.Params), len(args))
	}
	bind := map[Dim]Dim{}
	for i, p := range f.Params {
		if p.Type.Elem != args[i].Elem || len(p.Type.Shape) != len(args[i].Shape) {
			return nil, fmt.Errorf("@%s wants %v for %s, got %v", f.Name, p.Type, p.Name, args[i])
		}
		for k, d := range p.Type.Shape {
			got := args[i].Shape[k]
			if old, ok := bind[d]; ok && old != got {
				return nil, fmt.Errorf("@%s: %s of %s is %s, but %s elsewhere", f.Name, d, p.Name, got, old)
			}
			if _, lit := d.Size(); lit && d != got {
				return nil, fmt.Errorf("@%s wants %v for %s, got %v", f.Name, p.Type, p.Name, args[i])
			}
			bind[d] = got
		}
	}
	return bind, nil
}

// substitute replaces the symbols of a shape by what they are bound to, and
// products that are bound as a whole.
func substitute(s Shape, bind map[Dim]Dim) Shape {
	out := make(Shape, len(s))
	for i, d := range s {
		if to, ok := bind[d]; ok {
			out[i] = to
			continue
		}
		prod := One
		for _, f := range d.Factors() {
			if to, ok := bind[f]; ok {
				f = to
			}
			prod = prod.Times(f)
		}
		out[i] = prod
	}
	return out
}
