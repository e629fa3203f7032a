package verify

import (
	"math"
	"testing"

	"losscc/verify/tensor"
)

func TestAClaimOfASumIsTheSumOfItsParts(t *testing.T) {
	c, err := readClaim(map[string]string{
		"losscc.loss":      "softmax + 0.5*center",
		"losscc.params":    `{"softmax":1,"softmax.bias":false,"softmax.focal.gamma":0,"center":0.5,"center.alpha":0.5}`,
		"losscc.gradient":  "exact",
		"losscc.reduction": "sum",
	}, []string{"loss", "predicted"})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.parts) != 2 || c.parts[1].factor != 0.5 || c.parts[0].params["bias"] != false || c.parts[0].params["focal.gamma"] != 0.0 || !c.predictions {
		t.Fatalf("%+v", c)
	}
	in := tensors{
		"embeddings": tensor.Floats([]float64{1, 0, 0, 2}, 2, 2),
		"labels":     tensor.Ints([]int64{0, 1}, 2),
		"weight":     tensor.Floats([]float64{1, 0, 0, 1}, 2, 2),
		"centers":    tensor.Floats([]float64{0, 0, 0, 0}, 2, 2),
	}
	out, err := c.values(in, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	softmax := math.Log1p(math.Exp(-1)) + math.Log1p(math.Exp(-2))
	center := 0.5 * (1 + 4)
	for name, want := range map[string]float64{"loss": softmax + 0.5*center, "loss.softmax": softmax, "loss.center": center} {
		if got := out[name].F[0]; math.Abs(got-want) > 1e-14 {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
	if out["predicted"] == nil || out["centers_next"] == nil || out["ignored"].I[0] != 0 {
		t.Errorf("outputs: %v", names(out))
	}
	g, err := c.derivative(in, "embeddings")
	if err != nil {
		t.Fatal(err)
	}
	// Row 0: p₁ = 1/(1+e) away from its class, and ½·(x − 0) from the centre.
	p := 1 / (1 + math.E)
	for i, want := range []float64{-p + 0.5, p, 1 / (1 + math.Exp(2)), -1/(1+math.Exp(2)) + 1} {
		if math.Abs(g.F[i]-want) > 1e-9 {
			t.Errorf("gradient %d is %g, want %g", i, g.F[i], want)
		}
	}
}
