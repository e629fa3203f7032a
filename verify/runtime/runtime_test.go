package runtime_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	pb "losscc/onnxexport/onnxpb"
	"losscc/verify/runtime"
	"losscc/verify/runtime/runtimetest"
	"losscc/verify/tensor"
)

var evaluators = []string{"onnxruntime", "onnxruntime-old", "reference"}

func TestInputsTakeTheTypeThatTheModelDeclares(t *testing.T) {
	third := 1.0 / 3
	for _, c := range []struct {
		name string
		elem pb.TensorProto_DataType
		x, y *tensor.Tensor
		want *tensor.Tensor
	}{
		{"f64 keeps every bit", f64, tensor.Floats([]float64{third, 1e300}, 2), tensor.Floats([]float64{0, 0}, 2),
			tensor.Floats([]float64{third, 1e300}, 2)},
		{"f32 rounds", f32, tensor.Floats([]float64{third, 1e300}, 2), tensor.Floats([]float64{0, 0}, 2),
			tensor.Floats([]float64{float64(float32(third)), math.Inf(1)}, 2)},
		{"f16 rounds", f16, tensor.Floats([]float64{2049, 70000}, 2), tensor.Floats([]float64{0, 0}, 2),
			tensor.Floats([]float64{2048, math.Inf(1)}, 2)},
		{"int64 is exact", i64, tensor.Ints([]int64{1<<62 + 1}, 1), tensor.Ints([]int64{1}, 1),
			tensor.Ints([]int64{1<<62 + 2}, 1)},
		{"int32", i32, tensor.Ints([]int64{-7}, 1), tensor.Ints([]int64{1}, 1), tensor.Ints([]int64{-6}, 1)},
		{"no rows", f32, tensor.New(tensor.Float, 0), tensor.New(tensor.Float, 0), tensor.New(tensor.Float, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range evaluators {
				s := runtimetest.Need(t, name)
				out, err := s.Run(context.Background(), sum(t, c.elem), map[string]*tensor.Tensor{"x": c.x, "y": c.y})
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				got := out["z"]
				if got.Kind != c.want.Kind || !slices.Equal(got.Shape, c.want.Shape) ||
					!slices.Equal(got.F, c.want.F) || !slices.Equal(got.I, c.want.I) {
					t.Errorf("%s: got %v %v %v, want %v %v %v", name, got, got.F, got.I, c.want, c.want.F, c.want.I)
				}
			}
		})
	}
}

func TestOddFloatsComeBackAsTheyWent(t *testing.T) {
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}
	m := graph{
		in:    []*pb.ValueInfoProto{value("x[N]", f64), value("b[N]", b1)},
		nodes: []*pb.NodeProto{node("y = Identity(x)"), node("c = Not(b)")},
		out:   []*pb.ValueInfoProto{value("y[N]", f64), value("c[N]", b1)},
	}.model(t)
	for _, name := range evaluators {
		s := runtimetest.Need(t, name)
		out, err := s.Run(context.Background(), m, map[string]*tensor.Tensor{
			"x": tensor.Floats(odd, 4), "b": tensor.Bools([]bool{true, false, false, true}, 4)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, v := range out["y"].F {
			if math.IsNaN(v) != math.IsNaN(odd[i]) || (!math.IsNaN(v) && math.Float64bits(v) != math.Float64bits(odd[i])) {
				t.Errorf("%s: element %d is %v, want %v", name, i, v, odd[i])
			}
		}
		if want := []bool{false, true, true, false}; !slices.Equal(out["c"].B, want) {
			t.Errorf("%s: got %v, want %v", name, out["c"].B, want)
		}
	}
}

func TestARefusalNamesTheStageAndTheCulprit(t *testing.T) {
	x := tensor.Floats([]float64{1, 2}, 2)
	for _, c := range []struct {
		name  string
		model []byte
		in    map[string]*tensor.Tensor
		says  []string
	}{
		{"not a model", []byte("no model at all"), nil, []string{"at load"}},
		{"no such operator", graph{
			in: []*pb.ValueInfoProto{value("x[N]", f32)}, nodes: []*pb.NodeProto{node("y = Frobnicate(x)")},
			out: []*pb.ValueInfoProto{value("y[N]", f32)}}.model(t),
			map[string]*tensor.Tensor{"x": x}, []string{"Frobnicate"}},
		{"an input is missing", sum(t, f32), map[string]*tensor.Tensor{"x": x}, []string{"at inputs", "missing: ['y']"}},
		{"an input is unknown", sum(t, f32), map[string]*tensor.Tensor{"x": x, "y": x, "q": x}, []string{"at inputs", "'q'"}},
		{"floats for integers", sum(t, i64), map[string]*tensor.Tensor{"x": x, "y": x}, []string{"input x came as float64, want int64"}},
		{"integers for floats", sum(t, f32), map[string]*tensor.Tensor{"x": x, "y": tensor.Ints([]int64{1, 2}, 2)}, []string{"input y came as int64, want float32"}},
		{"an integer too large", sum(t, i32), map[string]*tensor.Tensor{
			"x": tensor.Ints([]int64{1 << 40}, 1), "y": tensor.Ints([]int64{0}, 1)}, []string{"input x", "int32 cannot hold"}},
		{"extents that differ", sum(t, f32), map[string]*tensor.Tensor{"x": x, "y": tensor.New(tensor.Float, 3)}, []string{"at run"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range evaluators {
				s := runtimetest.Need(t, name)
				_, err := s.Run(context.Background(), c.model, c.in)
				if !errors.Is(err, runtime.ErrRejected) {
					t.Errorf("%s: got %v, want ErrRejected", name, err)
					continue
				}
				for _, words := range c.says {
					if !strings.Contains(err.Error(), words) {
						t.Errorf("%s: %q does not say %q", name, err, words)
					}
				}
			}
		})
	}
}

func TestCheckHoldsDeclaredTypesAgainstInferredOnes(t *testing.T) {
	s := runtimetest.Need(t, "onnx")
	xy := []*pb.ValueInfoProto{value("x[N,D]", f32), value("w[C,D]", f32)}
	product := []*pb.NodeProto{node("t = Transpose(w)"), node("y = MatMul(x, t)")}
	found := []*pb.NodeProto{node("z = NonZero(x)"), node("y = Transpose(z)")}
	for _, c := range []struct {
		name  string
		graph graph
		says  string // "" where the file is right
	}{
		{"right", graph{xy, []*pb.ValueInfoProto{value("y[N,C]", f32)}, product}, ""},
		{"a scalar", graph{xy, []*pb.ValueInfoProto{value("y[]", f32)},
			[]*pb.NodeProto{node("y = ReduceSum(x)", intAttribute("keepdims", 0))}}, ""},
		{"a wrong symbol", graph{xy, []*pb.ValueInfoProto{value("y[C,N]", f32)}, product}, "declared [C,N], inferred [N,C]"},
		{"a wrong rank", graph{xy, []*pb.ValueInfoProto{value("y[N]", f32)}, product}, "y"},
		{"a wrong element type", graph{xy, []*pb.ValueInfoProto{value("y[N,C]", f64)}, product}, "y"},
		{"an extent of its own", graph{xy, []*pb.ValueInfoProto{value("y[T,2]", i64)}, found}, ""},
		{"an extent that is another's", graph{xy, []*pb.ValueInfoProto{value("y[N,2]", i64)}, found}, "declared [N,2]"},
		{"a symbol for a number", graph{xy, []*pb.ValueInfoProto{value("y[T,K]", i64)}, found}, "declared [T,K]"},
		{"an edge from nowhere", graph{xy, []*pb.ValueInfoProto{value("y[N,C]", f32)},
			[]*pb.NodeProto{node("y = MatMul(x, nowhere)")}}, "nowhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := s.Check(context.Background(), c.graph.model(t))
			switch {
			case c.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.says != "" && err == nil:
				t.Error("accepted")
			case c.says != "" && (!errors.Is(err, runtime.ErrRejected) || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%q does not say %q", err, c.says)
			}
		})
	}
}

// The oldest ONNX Runtime of every supported Python fuses a product with a
// transposed matrix into an operator that it cannot run in float64.
func TestUnoptimisedRunsTheNodesThatTheFileHas(t *testing.T) {
	m := graph{
		in:    []*pb.ValueInfoProto{value("x[N,D]", f64), value("w[C,D]", f64)},
		nodes: []*pb.NodeProto{node("t = Transpose(w)"), node("y = MatMul(x, t)")},
		out:   []*pb.ValueInfoProto{value("y[N,C]", f64)},
	}.model(t)
	in := map[string]*tensor.Tensor{
		"x": tensor.Floats([]float64{1, 2}, 1, 2), "w": tensor.Floats([]float64{3, 4, 5, 6}, 2, 2)}
	_, err := runtimetest.Need(t, "onnxruntime-old").Run(context.Background(), m, in)
	if !errors.Is(err, runtime.ErrRejected) || !strings.Contains(err.Error(), "FusedMatMul") {
		t.Errorf("optimised: got %v, want a complaint about FusedMatMul", err)
	}
	out, err := runtimetest.NeedWith(t, "onnxruntime-old", runtime.Options{Unoptimised: true}).Run(context.Background(), m, in)
	if err != nil {
		t.Fatalf("unoptimised: %v", err)
	}
	if want := []float64{11, 17}; !slices.Equal(out["y"].F, want) {
		t.Errorf("unoptimised: got %v, want %v", out["y"].F, want)
	}
}

func TestOnnxPrintsAModel(t *testing.T) {
	s := runtimetest.Need(t, "onnx")
	text, err := s.Print(context.Background(), sum(t, f32))
	if err != nil || !strings.Contains(text, "Add (x, y)") {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestARuntimeCannotDoAnothersJob(t *testing.T) {
	ctx := context.Background()
	if err := runtimetest.Need(t, "onnxruntime").Check(ctx, sum(t, f32)); !errors.Is(err, runtime.ErrRejected) {
		t.Errorf("got %v", err)
	}
	if _, err := runtimetest.Need(t, "onnx").Run(ctx, sum(t, f32), nil); !errors.Is(err, runtime.ErrRejected) {
		t.Errorf("got %v", err)
	}
}

// heavy is a chain of 64 products of a matrix that has the given extents.
func heavy(t *testing.T) []byte {
	g := graph{
		in:    []*pb.ValueInfoProto{value("shape[R]", i64)},
		nodes: []*pb.NodeProto{node("m = ConstantOfShape(shape)"), node("p0 = MatMul(m, m)")},
		out:   []*pb.ValueInfoProto{value("y", f32)},
	}
	last := "p0"
	for range 63 {
		g.nodes = append(g.nodes, node(last+"x = MatMul("+last+", m)"))
		last += "x"
	}
	g.nodes = append(g.nodes, node("y = ReduceSum("+last+")"))
	return g.model(t)
}

func TestARealJobThatTakesTooLongIsEnded(t *testing.T) {
	s := runtimetest.NeedWith(t, "onnxruntime", runtime.Options{Timeout: 500 * time.Millisecond})
	side := tensor.Ints([]int64{3000, 3000}, 2)
	begun := time.Now()
	_, err := s.Run(context.Background(), heavy(t), map[string]*tensor.Tensor{"shape": side})
	if !errors.Is(err, runtime.ErrTimeout) {
		t.Errorf("got %v after %v, want ErrTimeout", err, time.Since(begun))
	}
}

func TestARealJobThatWantsTooMuchMemoryIsRefused(t *testing.T) {
	for _, name := range evaluators {
		s := runtimetest.NeedWith(t, name, runtime.Options{Memory: 3 << 30})
		side := tensor.Ints([]int64{1 << 16, 1 << 16}, 2)
		_, err := s.Run(context.Background(), heavy(t), map[string]*tensor.Tensor{"shape": side})
		if !errors.Is(err, runtime.ErrMemory) {
			t.Errorf("%s: got %v, want ErrMemory", name, err)
		}
	}
}

func TestFindTellsTheVersionThatTheWorkerRuns(t *testing.T) {
	for _, name := range runtime.Names() {
		if v := runtimetest.Need(t, name).Runtime().Version(); !strings.Contains(v, ".") {
			t.Errorf("%s has version %q", name, v)
		}
	}
}
