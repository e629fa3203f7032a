package compile

import (
	"math"
	"testing"

	"losscc/verify/draw"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// Heads that multiply cosines by ‖x‖ have gradients in float32 wherever ‖x‖·‖w‖
// and ‖x‖/‖w‖² are numbers with room to either side.
func TestLengthsMayBeFarFrom1(t *testing.T) {
	for _, v := range []variant{
		{mustFind("l-softmax"), nil},
		{mustFind("l-softmax"), map[string]string{"margin": "3", "scale": "2"}},
		{mustFind("a-softmax"), nil},
		{mustFind("a-softmax"), map[string]string{"margin": "1.5", "scale": "2"}},
		{mustFind("sphereface-r"), map[string]string{"feature_normalization": "none"}},
		{mustFind("sphereface-r"), map[string]string{"feature_normalization": "none", "version": "v0"}},
		{mustFind("sphereface-r"), map[string]string{"feature_normalization": "soft", "version": "v1"}},
	} {
		for _, gradient := range []string{"exact", "detached"} {
			_, data := file(t, v, Options{Grad: true, Gradient: gradient})
			m, err := onnxval.Load(data)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct{ x, w float64 }{{1e-24, 1}, {1e-18, 1e9}, {1e-18, 1e-9}, {1, 1}, {1e18, 1e9}, {1e18, 1e-9}, {1e30, 1}} {
				in, err := draw.Random(draw.Inputs(m), draw.Sizes{"N": 6, "C": 5, "D": 4}, 3)
				if err != nil {
					t.Fatal(err)
				}
				lengthen(in["embeddings"], c.x)
				lengthen(in["weight"], c.w)
				want, err := m.Run(in)
				if err != nil {
					t.Fatal(err)
				}
				got, err := m.Run(in, onnxval.Rounded)
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range []string{"loss", "grad_embeddings", "grad_weight"} {
					if by := apart(got[name], want[name]); !(by < 1e-3) {
						t.Errorf("%v %s, rows of %g and weight of %g: %s is off by %g", v, gradient, c.x, c.w, name, by)
					}
				}
			}
		}
	}
}

// lengthen makes every row so many times as long, in float32.
func lengthen(x *tensor.Tensor, by float64) {
	for i := range x.F {
		x.F[i] *= by
	}
	draw.Round(x, onnxval.F32)
}

// apart is by how much of the largest wanted element two tensors differ.
func apart(got, want *tensor.Tensor) float64 {
	var most, top float64
	for i, w := range want.F {
		top = math.Max(top, math.Abs(w))
		if d := math.Abs(got.F[i] - w); !(d <= most) {
			most = d
		}
	}
	return most / top
}
