package onnxval

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"losscc/verify/tensor"
)

// load is a model from text.
func load(t testing.TB, text string) *Model {
	t.Helper()
	m, err := Load(bytesOf(t, file(text)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFunctionsAreRunWithTheirAttributes(t *testing.T) {
	tests := []struct{ fact, text, want string }{
		{"references pass through two calls", twice, "f64[2] 1 2"},
		{"a default stands in", `
			ir 9
			domain d
			in x f64[N]
			out y f64[N]
			z = d.Scale(x)
			y = d.Scale(z) k={f64[] 5}
			func d.Scale(a) k={f64[]~2} -> (b)
			c = Constant() value=@k:TENSOR
			b = Mul(a, c)`, "f64[2] 10 20"},
		{"a body serves every type", `
			domain d
			in x f64[N]
			out y i64[N]
			i = Cast(x) to=7
			y = d.Double(i)
			w = d.Double(x)
			func d.Double(a) -> (b)
			b = Add(a, a)`, "i64[2] 2 4"},
		{"names inside are not those outside", `
			domain d
			in x f64[N]
			out y f64[N]
			z = Neg(x)
			u, v = d.Split(z)
			y = Sub(v, u)
			func d.Split(x) -> (z, y)
			z = Neg(x)
			y = Abs(x)`, "f64[2] 0 0"},
		{"attributes of any operator may refer", `
			domain d
			in x f64[N]
			out y f64[N]
			y = d.Cum(x) back=1
			func d.Cum(a) back -> (b)
			k = Constant() value_int=0
			b = CumSum(a, k) reverse=@back:INT`, "f64[2] 3 2"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			comesOut(t, load(t, tt.text), tt.want, 1, 2)
		})
	}
}

// comesOut fails the test unless a model makes y of a vector x.
func comesOut(t *testing.T, m *Model, y string, x ...float64) {
	t.Helper()
	out, err := m.Run(map[string]*tensor.Tensor{"x": tensor.Floats(x, len(x))})
	if err != nil {
		t.Fatal(err)
	}
	want := parse(y)
	if got := (&value{want.elem, out["y"]}); !closeTo(got, want) {
		t.Errorf("got %s, want %s", show(got), y)
	}
}

func TestAnInt32InputMustBeOne(t *testing.T) {
	m := load(t, "in x i32[N]\nout y i32[N]\ny = Neg(x)")
	_, err := m.Run(map[string]*tensor.Tensor{"x": tensor.Ints([]int64{5, 1 << 31}, 2)})
	if want := "input x: element 1 is 2147483648, which no int32 is"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

const head = `
	in embeddings f32[N,D]
	in labels i64[N]
	in weight f32[C,D]
	out loss f32[]
	value cos f32[N,C]
	cos = Gemm(embeddings, weight) transB=1
	logp = LogSoftmax(cos)
	axes = Constant() value_ints=1,
	l = Unsqueeze(labels, axes)
	picked = GatherElements(logp, l) axis=1
	minus = Neg(picked)
	loss = ReduceMean(minus) keepdims=0`

// batch is inputs of head.
func batch(n, c, d int) map[string]*tensor.Tensor {
	fill := func(rows int) *tensor.Tensor {
		t := tensor.New(tensor.Float, rows, d)
		for i := range t.F {
			t.F[i] = math.Sin(float64(3*i + rows))
		}
		return t
	}
	labels := tensor.New(tensor.Int, n)
	for i := range labels.I {
		labels.I[i] = int64(i % c)
	}
	return map[string]*tensor.Tensor{"embeddings": fill(n), "weight": fill(c), "labels": labels}
}

func TestALossIsItsFormula(t *testing.T) {
	in := batch(4, 3, 5)
	want := 0.0
	for i, y := range in["labels"].I {
		var l [3]float64
		s := 0.0
		for j := range l {
			for k := range 5 {
				l[j] += in["embeddings"].F[5*i+k] * in["weight"].F[5*j+k]
			}
			s += math.Exp(l[j])
		}
		want += (math.Log(s) - l[y]) / 4
	}
	out, err := load(t, head).Run(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := out["loss"].F[0]; math.Abs(got-want) > 1e-15 {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRunNamesWhatIsWrongWithAnInput(t *testing.T) {
	m := load(t, head)
	tests := []struct {
		fact   string
		change func(in map[string]*tensor.Tensor)
		says   string
	}{
		{"missing", func(in map[string]*tensor.Tensor) { delete(in, "weight") }, "input weight is missing, want f32[C,D]"},
		{"unknown", func(in map[string]*tensor.Tensor) { in["w"] = tensor.Scalar(1) }, "there is no input w, the file has embeddings, labels, weight"},
		{"of another kind", func(in map[string]*tensor.Tensor) { in["labels"] = tensor.New(tensor.Float, 4) }, "input labels is float[4], want i64[N]"},
		{"of another rank", func(in map[string]*tensor.Tensor) { in["labels"] = tensor.New(tensor.Int, 4, 1) }, "input labels is [4,1], want i64[N]: rank 2 instead of 1"},
		{"of another N", func(in map[string]*tensor.Tensor) { in["labels"] = tensor.New(tensor.Int, 5) }, "input labels is [5], want i64[N]: N is 5 here and 4 in embeddings"},
		{"of another D", func(in map[string]*tensor.Tensor) { in["weight"] = tensor.New(tensor.Float, 3, 6) }, "input weight is [3,6], want f32[C,D]: D is 6 here and 5 in embeddings"},
		{"with too few elements", func(in map[string]*tensor.Tensor) { in["labels"].I = in["labels"].I[:2] }, "input labels has 2 elements and the shape [4]"},
		{"with a negative extent", func(in map[string]*tensor.Tensor) { in["labels"].Shape[0] = -4 }, "input labels has 4 elements and the shape [-4]"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			in := batch(4, 3, 5)
			tt.change(in)
			_, err := m.Run(in)
			var e *Error
			if !errors.As(err, &e) || e.Fault != InInput || err.Error() != tt.says {
				t.Errorf("got %v\nwant %s", err, tt.says)
			}
		})
	}
}

func TestRunNamesTheNodeThatFails(t *testing.T) {
	in := batch(4, 3, 5)
	in["labels"].I[2] = 7
	_, err := load(t, head).Run(in)
	var e *Error
	if !errors.As(err, &e) || e.Fault != InRun || e.Node != "node 4 (GatherElements)" || err.Error() != "node 4 (GatherElements): the index 7 is outside of [-3, 3)" {
		t.Errorf("got %v", err)
	}
	_, err = load(t, "in x f32[N]\nout y f32[M]\ny, z = Split(x)").Run(map[string]*tensor.Tensor{"x": tensor.New(tensor.Float, 3)})
	if want := "node 0 (Split): does not divide axis 0 of f32[3] into 2 equal parts"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	_, err = load(t, strings.Replace(twice, "c2 = Mul(c, c)", "c2 = Gather(c, s)", 1)).Run(map[string]*tensor.Tensor{"x": tensor.Floats([]float64{1}, 1)})
	if want := "node 0 (ai.losscc.Twice), node 0 (ai.losscc.Shift), node 5 (Gather): the index 1 is outside of [-1, 1)"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestOutputsMustBeAsDeclared(t *testing.T) {
	tests := []struct{ fact, text, says string }{
		{"the type of an output", "in x f32[N]\nout y f64[N]\ny = Neg(x)", "the output y is declared f64[N] and comes out as f32[2]"},
		{"the rank of an output", "in x f32[N]\nout y f32[]\ny = Neg(x)", "the output y is [2], want f32[]: rank 1 instead of 0"},
		{"the extent of an output", "in x f32[N]\nout y f32[3]\ny = Neg(x)", "the output y is [2], want f32[3]: extent 0 is 2"},
		{"a symbol that an input has", "in x f32[N]\nout y f32[N]\ny = Concat(x, x) axis=0", "the output y is [4], want f32[N]: N is 4 here and 2 in x"},
		{"a symbol between outputs", "in x f32[N]\nout y f32[M]\nout z f32[M]\ny = Neg(x)\nz = Concat(x, x) axis=0", "the output z is [4], want f32[M]: M is 4 here and 2 in y"},
		{"a value in between", "in x f32[N]\nvalue z f32[3]\nout y f32[N]\nz = Neg(x)\ny = Neg(z)", "the value z is [2], want f32[3]"},
		{"the type of a value in between", "in x f32[N]\nvalue z f64[N]\nout y f32[N]\nz = Neg(x)\ny = Neg(z)", "the value z is declared f64[N] and comes out as f32[2]"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			_, err := load(t, tt.text).Run(map[string]*tensor.Tensor{"x": tensor.Floats([]float64{1, 2}, 2)})
			var e *Error
			if !errors.As(err, &e) || e.Fault != InFile || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v\nwant %s", err, tt.says)
			}
		})
	}
}

func TestRoundedRoundsEveryValue(t *testing.T) {
	tests := []struct {
		fact, elem    string
		x             float64
		exact, rounds float64
	}{
		{"a float32 sum", "f32", 0x1p-24, 1 + 0x1p-24, 1},
		{"a float16 sum", "f16", 0x1p-11, 1 + 0x1p-11, 1},
		{"an input", "f32", 0.1, 1.1, float64(float32(0.1) + 1)},
		{"nothing of a double", "f64", 0x1p-50, 1 + 0x1p-50, 1 + 0x1p-50},
		{"to infinity", "f16", 1e6, 1e6 + 1, math.Inf(1)},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			m := load(t, strings.ReplaceAll("in x T[]\nout y T[]\ninit one T[] 1\ny = Add(x, one)", "T[", tt.elem+"["))
			x := tensor.Scalar(tt.x)
			for _, c := range []struct {
				opts []Option
				want float64
			}{{nil, tt.exact}, {[]Option{Rounded}, tt.rounds}, {nil, tt.exact}} {
				out, err := m.Run(map[string]*tensor.Tensor{"x": x}, c.opts...)
				if err != nil {
					t.Fatal(err)
				}
				if got := out["y"].F[0]; got != c.want {
					t.Errorf("with %d options got %v, want %v", len(c.opts), got, c.want)
				}
			}
			if x.F[0] != tt.x {
				t.Errorf("the input became %v", x.F[0])
			}
		})
	}
}

// Rounding happens after each node, not once at the end, and inside functions.
func TestRoundedRoundsInBetween(t *testing.T) {
	const text = `
		domain d
		in x f32[]
		out y f32[]
		y = d.Back(x)
		func d.Back(x) -> (y)
		one = Constant() value_float=1f
		a = Add(x, one)
		y = Sub(a, one)`
	x := map[string]*tensor.Tensor{"x": tensor.Scalar(0x1p-30)}
	m := load(t, text)
	exact, err := m.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	rounded, err := m.Run(x, Rounded)
	if err != nil {
		t.Fatal(err)
	}
	if exact["y"].F[0] != 0x1p-30 || rounded["y"].F[0] != 0 {
		t.Errorf("got %v and %v, want 2⁻³⁰ and 0", exact["y"].F[0], rounded["y"].F[0])
	}
	if _, err := load(t, "in x f64[]\nout y f32[]\nout z f64[]\ny = Cast(x) to=1\nz = Cast(y) to=11").Run(map[string]*tensor.Tensor{"x": tensor.Scalar(0.1)}, Rounded); err != nil {
		t.Error(err)
	}
}

// A norm or a mean goes through a sum, which may leave the type.
func TestRoundedRoundsTheSumInsideAReduction(t *testing.T) {
	for _, c := range []struct {
		op   string
		x    float64
		want float64
	}{{"ReduceL2", 3e20, math.Inf(1)}, {"ReduceL2", 1e-24, 0}, {"ReduceL2", 3, 3 * math.Sqrt2}, {"ReduceMean", 3e38, math.Inf(1)}} {
		m := load(t, "in x f32[2]\nout y f32[]\ny = "+c.op+"(x) keepdims=0")
		out, err := m.Run(map[string]*tensor.Tensor{"x": tensor.Floats([]float64{c.x, c.x}, 2)}, Rounded)
		if err != nil {
			t.Fatal(err)
		}
		if got := out["y"].F[0]; got != float64(float32(c.want)) {
			t.Errorf("%s of %g twice is %g, want %g", c.op, c.x, got, c.want)
		}
	}
}

func TestACastRoundsOnlyWhenTold(t *testing.T) {
	m := load(t, "in x f64[]\nout x2 f64[]\ny = Cast(x) to=1\nx2 = Cast(y) to=11")
	in := map[string]*tensor.Tensor{"x": tensor.Scalar(0.1)}
	for _, c := range []struct {
		opts []Option
		want float64
	}{{nil, 0.1}, {[]Option{Rounded}, float64(float32(0.1))}} {
		out, err := m.Run(in, c.opts...)
		if err != nil {
			t.Fatal(err)
		}
		if got := out["x2"].F[0]; got != c.want || in["x"].F[0] != 0.1 {
			t.Errorf("got %v, want %v; the input is %v", got, c.want, in["x"].F[0])
		}
	}
}

// What comes back is the caller's: neither the inputs nor the model's constants
// change with it.
func TestOutputsAreCopies(t *testing.T) {
	m := load(t, "in x f64[N]\nout y f64[N]\nout z f64[1]\nout x f64[N]\ny = Identity(x)\nz = Constant() value={f64[1] 5}")
	x := tensor.Floats([]float64{1, 2}, 2)
	for range 2 {
		out, err := m.Run(map[string]*tensor.Tensor{"x": x})
		if err != nil {
			t.Fatal(err)
		}
		if out["y"].F[0] != 1 || out["z"].F[0] != 5 || out["x"].F[1] != 2 {
			t.Fatalf("got %v, %v, %v", out["y"].F, out["z"].F, out["x"].F)
		}
		out["y"].F[0], out["z"].F[0], out["x"].F[1] = 7, 7, 7
		out["y"].Shape[0] = 9
	}
	if x.F[0] != 1 || x.F[1] != 2 {
		t.Errorf("the input became %v", x.F)
	}
}

func TestAnInputWithADefaultMayBeLeftOut(t *testing.T) {
	m := load(t, "in x f64[2]\nin w f64[1]\ninit w f64[1] 10\nout y f64[2]\ny = Mul(x, w)")
	x := tensor.Floats([]float64{1, 2}, 2)
	for _, c := range []struct {
		in   map[string]*tensor.Tensor
		want float64
	}{
		{map[string]*tensor.Tensor{"x": x}, 20},
		{map[string]*tensor.Tensor{"x": x, "w": tensor.Floats([]float64{3}, 1)}, 6},
	} {
		out, err := m.Run(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if out["y"].F[1] != c.want {
			t.Errorf("got %v, want %v", out["y"].F[1], c.want)
		}
	}
}

func TestRunStopsAtItsLimits(t *testing.T) {
	const text = "in x f32[N]\nin n i64[1]\nout y f32[M]\ny = Expand(x, n)"
	in := map[string]*tensor.Tensor{"x": tensor.New(tensor.Float, 1), "n": tensor.Ints([]int64{1000}, 1)}
	tests := []struct {
		fact   string
		limits Limits
		says   string
	}{
		{"within", Limits{Elements: 1000, Work: 1003, Nodes: 1}, ""},
		{"elements", Limits{Elements: 999}, "node 0 (Expand): the result [1000] takes the run to 1000 elements, over the limit of 999"},
		{"work", Limits{Work: 1002}, "node 0 (Expand): the run goes over the limit of 1002 steps"},
		{"a default", Limits{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			m, err := LoadWithin(bytesOf(t, file(text)), tt.limits)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = m.Run(in); tt.says == "" && err != nil || tt.says != "" && (err == nil || err.Error() != tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			if errors.Is(err, ErrLimit) != (tt.says != "") {
				t.Errorf("%v is ErrLimit: %v", err, errors.Is(err, ErrLimit))
			}
		})
	}
	big := tensor.Ints([]int64{1 << 31}, 1)
	if _, err := load(t, text).Run(map[string]*tensor.Tensor{"x": in["x"], "n": big}); err == nil {
		t.Error("2³¹ elements were made")
	}
	product := "in a f32[N,K]\nout y f32[N,N]\ny = Gemm(a, a) transB=1"
	m, err := LoadWithin(bytesOf(t, file(product)), Limits{Work: 100 * 100 * 100})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Run(map[string]*tensor.Tensor{"a": tensor.New(tensor.Float, 100, 100)}); !errors.Is(err, ErrLimit) {
		t.Errorf("a million products: got %v", err)
	}
}

func TestAModelMayBeRunByManyAtOnce(t *testing.T) {
	m := load(t, head)
	want, err := m.Run(batch(4, 3, 5), Rounded)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	in := batch(4, 3, 5)
	for range 8 {
		wg.Go(func() {
			got, err := m.Run(in, Rounded)
			if err != nil || got["loss"].F[0] != want["loss"].F[0] {
				t.Errorf("got %v, %v; want %v", got["loss"], err, want["loss"].F)
			}
		})
	}
	wg.Wait()
}
