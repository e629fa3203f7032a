package verify

import (
	"math"
	"strings"
	"testing"

	"losscc/verify/formula"
	"losscc/verify/tensor"
)

func TestAClaimOfASumIsTheSumOfItsParts(t *testing.T) {
	c, err := readClaim(map[string]string{
		"losscc.loss":      "softmax + 0.5*center",
		"losscc.params":    `{"softmax":1,"softmax.bias":false,"softmax.temperature":1,"softmax.label_smoothing":0,"softmax.smoothing":"all","softmax.focal.gamma":0,"softmax.class_weights":false,"center":0.5,"center.loss_weight":0.5,"center.alpha":0.5,"center.update":"plus-one","center.centers_output":"dense","center.normalize":false}`,
		"losscc.gradient":  "exact",
		"losscc.reduction": "sum",
	}, []string{"loss", "predicted"})
	if err != nil || c.fault != nil {
		t.Fatal(err, c)
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

func TestAClaimSaysEverythingOnceAndTheSameTwice(t *testing.T) {
	const own = `"bias":true,"temperature":1,"label_smoothing":0,"smoothing":"all","focal.gamma":0,"class_weights":false`
	of := func(part string) string {
		return `"` + part + `.` + strings.ReplaceAll(own, `,"`, `,"`+part+`.`)[1:]
	}
	for _, c := range []struct{ loss, params, fault string }{
		{"softmax", `{` + own + `}`, ""},
		{"softmax", `{}`, "lack bias of softmax"},
		{"softmax", `{` + own + `,"margin":0.5}`, `have "margin"`},
		{"softmax", `{` + own + `,"temperature":1}`, `have "temperature" twice`},
		{"softmax", `{` + strings.Replace(own, "true", "1", 1) + `}`, "give bias of softmax as float64, want bool"},
		{"softmax", `{` + strings.Replace(own, `"all"`, `"most"`, 1) + `}`, `smoothing of softmax: found "most", want one of all, others`},
		{"softmax", `{` + strings.Replace(own, `"temperature":1`, `"temperature":-1`, 1) + `}`, "temperature of softmax: found -1, want a number above 0"},
		{"2*softmax", `{"softmax":2,` + of("softmax") + `}`, ""},
		{"softmax + softmax", `{"softmax":1,` + of("softmax") + `,"softmax_2":1,` + of("softmax_2") + `}`, ""},
		{"softmax + -1e-07*softmax", `{"softmax":1,` + of("softmax") + `,"softmax_2":-1e-7,` + of("softmax_2") + `}`, ""},
		{"0.9*softmax", `{"softmax":0.5,` + of("softmax") + `}`, "give softmax the factor 0.5"},
		{"softmax + softmax", `{"softmax":1,` + of("softmax") + `}`, "give softmax_2 the factor <nil>"},
		{"2*softmax", `{"softmax":2,` + of("softmax") + `,"center":1}`, "belongs to no part"},
		{"2*softmax", `{"softmax":2,` + of("softmax") + `,"center.alpha":1}`, "belongs to no part"},
		{"2*softmax", `{"softmax":2}`, "lack bias of softmax"},
	} {
		claim, err := readClaim(map[string]string{"losscc.loss": c.loss, "losscc.params": c.params, "losscc.gradient": "none"}, nil)
		switch {
		case err != nil:
			t.Errorf("%s %s: %v", c.loss, c.params, err)
		case c.fault == "" && claim.fault != nil, c.fault != "" && (claim.fault == nil || !strings.Contains(claim.fault.Error(), c.fault)):
			t.Errorf("%s %s: %v, want %q", c.loss, c.params, claim.fault, c.fault)
		}
	}
}

// The words that a loss has by default are words of the table, and the table
// has no name that no loss has.
func TestDefaultsAreWords(t *testing.T) {
	used := map[string]bool{}
	for _, loss := range append(formula.Names(), "mine-triplets", "mine-pairs", "sample-classes") {
		defaults, err := formula.Defaults(loss)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range defaults {
			used[name] = true
			if err := possible(loss, name, v); err != nil {
				t.Errorf("%s of %s: %v", name, loss, err)
			}
		}
	}
	for name := range words {
		if !used[name] {
			t.Errorf("no loss has %s", name)
		}
	}
}
