package formula

import "testing"

// The golden numbers were made by a second writing of the formulas over whole
// arrays, with x reversed, times 0.8, plus 0.1, as the other side of a pair.
func TestContrastiveGoldenOfGivenPairs(t *testing.T) {
	in := waves()
	in["embeddings_a"] = in["embeddings"]
	b := in["embeddings"].Clone()
	for i := range 6 {
		for d := range 3 {
			b.F[i*3+d] = 0.8*in["embeddings"].F[(5-i)*3+d] + 0.1
		}
	}
	in["embeddings_b"], in["same"] = b, ints1(1, 0, 2, 0, 1, 0)
	for _, c := range []struct {
		distance  string
		raw, unit float64
	}{
		{"euclidean", 0.7503424384809193, 0.35568752401210146},
		{"squared-euclidean", 3.9371914322255193, 0.8980144584615701},
		{"cosine", 0.2969949399136871, 0.2969949399136871},
		{"dot", 0.7977034612744944, 0.6452596097945831},
		{"angle", 0.48447656923827526, 0.48447656923827526},
	} {
		p := Params{"distance": c.distance, "margin": 1.5, "positive_margin": 0.1}
		same(t, c.distance, lossOf(t, "contrastive", p, in), c.raw)
		p["normalize"] = true
		same(t, c.distance+" of unit vectors", lossOf(t, "contrastive", p, in), c.unit)
	}
}

func TestContrastiveGoldenOfABatch(t *testing.T) {
	for _, c := range []struct {
		average       string
		squared, once float64
	}{
		{"all", 0.5687004442889145, 0.32659177689521207},
		{"separate", 2.3062883809448405, 1.1555178995133817},
		{"nonzero", 2.6047405145558034, 1.4207628911593142},
	} {
		p := Params{"mining": "all", "average": c.average, "margin": 2.0, "positive_margin": 0.3}
		same(t, c.average, lossOf(t, "contrastive", p, waves()), c.squared)
		p["squared"] = false
		same(t, c.average+" not squared", lossOf(t, "contrastive", p, waves()), c.once)
	}
	p := Params{"mining": "hard", "average": "separate", "distance": "cosine"}
	same(t, "hard", lossOf(t, "contrastive", p, waves()), 1.1007247745017448)
}

// line are points on a line: 0 and 1 of one class, 3 and 1.5 of another, and
// an ignored one. Pairs of one class are 1 and 1.5 apart, others 3, 1.5, 2
// and 0.5.
func line() inputs {
	return inputs{
		"embeddings": rows2([]float64{0}, []float64{1}, []float64{3}, []float64{1.5}, []float64{0.1}),
		"labels":     ints1(0, 0, 1<<40, 1<<40, -5),
	}
}

func TestContrastiveByHand(t *testing.T) {
	for _, c := range []struct {
		is        string
		params    Params
		reduction string
		want      float64
	}{
		{"all pairs", Params{}, "mean", (0.25 + 1 + 0.25 + 2.25) / 6},
		{"the sum", Params{}, "sum", 3.75},
		{"separate means", Params{"average": "separate"}, "mean", 1.25/2 + 2.5/4},
		{"means over terms above 0", Params{"average": "nonzero"}, "mean", 1.25/2 + 2.5/2},
		{"the sum, whatever the average", Params{"average": "separate"}, "sum", 3.75},
		{"not squared", Params{"squared": false}, "sum", 0.5 + 1 + 0.5 + 1.5},
		{"hard: as many others as same pairs", Params{"mining": "hard"}, "mean", 3.75 / 4},
		{"hard and separate", Params{"mining": "hard", "average": "separate"}, "mean", 1.25/2 + 2.5/2},
	} {
		p := merge(Params{"mining": "all", "margin": 2.0, "positive_margin": 0.5, "loss_weight": 1.0}, c.params)
		out := outputs(t, Request{Loss: "contrastive", Params: p, Reduction: c.reduction, In: line()})
		sameAll(t, c.is, out["loss"], c.want)
		sameInts(t, c.is+": ignored rows", out["ignored"], 1)
	}
}

func TestContrastiveOfGivenPairsByHand(t *testing.T) {
	in := inputs{
		"embeddings_a": rows2([]float64{0, 0}, []float64{0, 0}, []float64{0, 0}, []float64{1, 1}),
		"embeddings_b": rows2([]float64{3, 4}, []float64{0.6, 0}, []float64{9, 9}, []float64{1, 1}),
		"same":         ints1(1, 0, 2, 1),
	}
	out := outputs(t, Request{Loss: "contrastive", In: in})
	sameAll(t, "mean", out["loss"], (12.5+0.08)/3)
	sameInts(t, "ignored pairs", out["ignored"], 1)
	rows := outputs(t, Request{Loss: "contrastive", Reduction: "none", In: in})
	sameAll(t, "rows", rows["loss"], 12.5, 0.08, 0, 0)
	g := gradientOf(t, Request{Loss: "contrastive", In: in}, "embeddings_a")
	closeTo(t, "equal rows and ignored ones have gradient 0", g, []float64{-1, -4. / 3, 0.4 / 3, 0, 0, 0, 0, 0})

	in["same"] = ints1(-1, 2, 3, -7)
	same(t, "no pair kept", lossOf(t, "contrastive", nil, in), 0)
}

func TestContrastiveOfIndexedPairs(t *testing.T) {
	in := line()
	in["pairs"] = ints2(2, 0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3, -1, 2, 0, 5, 0, 4, 4, 0, 4, 4)
	for _, average := range []string{"all", "separate", "nonzero"} {
		p := Params{"mining": "all", "average": average, "margin": 2.0, "positive_margin": 0.5}
		want := lossOf(t, "contrastive", p, in)
		p["mining"] = "indices"
		same(t, average+": every pair by its indices is mining=all", lossOf(t, "contrastive", p, in), want)
	}
	out := outputs(t, Request{Loss: "contrastive", Params: Params{"mining": "indices"}, In: in})
	sameInts(t, "padding and ignored labels", out["ignored"], 5)
}

func TestContrastiveHardTakesTheFirstOfEqualPairs(t *testing.T) {
	in := inputs{
		"embeddings": rows2([]float64{0}, []float64{5}, []float64{-1}, []float64{1}),
		"labels":     ints1(0, 0, 1, 2),
	}
	r := Request{Loss: "contrastive", Params: Params{"mining": "hard", "margin": 2.0, "loss_weight": 1.0}, Reduction: "sum", In: in}
	closeTo(t, "gradient", gradientOf(t, r, "embeddings"), []float64{-12, 10, 2, 0})
}

func TestContrastiveRefusals(t *testing.T) {
	for _, r := range []Request{
		{Loss: "contrastive", Params: Params{"mining": "all"}, Reduction: "none"},
		{Loss: "contrastive", Params: Params{"mining": "some"}},
		{Loss: "contrastive", Params: Params{"mining": "all", "average": "median"}},
		{Loss: "contrastive", Params: Params{"mining": "all", "distance": "manhattan"}},
	} {
		r.In = line()
		if _, err := Eval(r); err == nil {
			t.Errorf("%v, reduction %q: no error", r.Params, r.Reduction)
		}
	}
}
