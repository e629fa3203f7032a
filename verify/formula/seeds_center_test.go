package formula

import "testing"

// The golden numbers were made by a second writing of the formulas, class by
// class over whole arrays.
func TestCenterGolden(t *testing.T) {
	for _, c := range []struct {
		normalize bool
		update    string
		loss      float64
		first     []float64 // the new centres of classes 0 and 1
	}{
		{false, "plus-one", 1.1216955704581058, []float64{0.6816465937865847, 0.5587258287282199, 0.09677122735384379, 0.13374941431229367, 0.4126678074548391, 0.4975020826390129}},
		{false, "mean", 1.1216955704581058, []float64{0.7774532462195667, 0.6186931026197366, 0.05456740241159727, 0.13374941431229367, 0.4126678074548391, 0.4975020826390129}},
		{false, "sum", 1.1216955704581058, []float64{1.0648732035185124, 0.7985949242942868, -0.07204407241514227, 0.13374941431229367, 0.4126678074548391, 0.4975020826390129}},
		{true, "plus-one", 0.5167910988450887, []float64{0.5533317686433831, 0.45232179661323874, 0.09280243844331708, 0.13374941431229367, 0.4126678074548391, 0.4975020826390129}},
		{true, "mean", 0.5167910988450887, []float64{0.5849810085047642, 0.4590870544472649, 0.04861421904580721, 0.13374941431229367, 0.4126678074548391, 0.4975020826390129}},
	} {
		out := outputs(t, Request{Loss: "center", Params: Params{"normalize": c.normalize, "update": c.update}, In: waves()})
		sameAll(t, c.update, out["loss"], c.loss)
		next := out["centers_next"].Clone()
		next.F, next.Shape = next.F[:6], []int{2, 3}
		sameAll(t, c.update+": centers_next", next, c.first...)
	}
}

// places are centres at 0, 10 and 5, rows 2 and 4 of the first class, 9 of
// the second, and an ignored one.
func places() inputs {
	return inputs{
		"embeddings": rows2([]float64{2}, []float64{4}, []float64{9}, []float64{7}),
		"centers":    rows2([]float64{0}, []float64{10}, []float64{5}),
		"labels":     ints1(0, 0, 1, 3),
	}
}

func TestCenterByHand(t *testing.T) {
	for _, c := range []struct {
		update string
		next   []float64
	}{
		{"plus-one", []float64{1, 9.75, 5}},
		{"mean", []float64{1.5, 9.5, 5}},
		{"sum", []float64{3, 9.5, 5}},
	} {
		out := outputs(t, Request{Loss: "center", Params: Params{"update": c.update}, In: places()})
		sameAll(t, "loss", out["loss"], (2+8+0.5)/3)
		sameInts(t, "ignored", out["ignored"], 1)
		sameAll(t, c.update, out["centers_next"], c.next...)
		out = outputs(t, Request{Loss: "center", Params: Params{"update": c.update, "centers_output": "rows"}, In: places()})
		sameInts(t, "the classes that occur", out["center_rows"], 0, 1)
		sameAll(t, c.update+" of those", out["center_values"], c.next[:2]...)
		if out["centers_next"] != nil {
			t.Errorf("centers_output=rows gives centers_next too")
		}
	}
	rows := outputs(t, Request{Loss: "center", Params: Params{"loss_weight": 1.0}, Reduction: "none", In: places()})
	sameAll(t, "rows", rows["loss"], 4, 16, 1, 0)
	g := gradientOf(t, Request{Loss: "center", Reduction: "sum", In: places()}, "embeddings")
	closeTo(t, "grad_embeddings is x − c", g, []float64{2, 4, -1, 0})
}

func TestCentersThatAreTrainedHaveAGradient(t *testing.T) {
	r := Request{Loss: "center", Params: Params{"update": "none"}, Reduction: "sum", In: places()}
	closeTo(t, "grad_centers", gradientOf(t, r, "centers"), []float64{-6, 1, 0})
	if out := outputs(t, r); out["centers_next"] != nil || out["center_rows"] != nil {
		t.Errorf("update=none gives new centres")
	}
}

func TestCentersStayWhereNoRowIsKept(t *testing.T) {
	in := places()
	in["labels"] = ints1(-1, 3, 99, -2)
	out := outputs(t, Request{Loss: "center", In: in})
	sameAll(t, "loss", out["loss"], 0)
	sameAll(t, "centers_next", out["centers_next"], 0, 10, 5)
	out = outputs(t, Request{Loss: "center", Params: Params{"centers_output": "rows"}, In: in})
	sameInts(t, "center_rows", out["center_rows"])
	if v := out["center_values"]; v.Shape[0] != 0 || v.Shape[1] != 1 {
		t.Errorf("center_values is %s, want float[0,1]", v)
	}
}

func TestCenterRefusals(t *testing.T) {
	for _, c := range []struct {
		is string
		r  Request
	}{
		{"columns that differ", Request{In: inputs{"embeddings": rows2([]float64{1, 2}), "centers": rows2([]float64{1}), "labels": ints1(0)}}},
		{"an unknown update", Request{Params: Params{"update": "half"}, In: places()}},
		{"an unknown output", Request{Params: Params{"centers_output": "sparse"}, In: places()}},
		{"predictions", Request{Predictions: true, In: places()}},
	} {
		c.r.Loss = "center"
		if _, err := Eval(c.r); err == nil {
			t.Errorf("%s: no error", c.is)
		}
	}
}
