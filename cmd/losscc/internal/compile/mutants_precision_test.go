package compile

import (
	"testing"

	"losscc/onnxexport/onnxpb"
	"losscc/verify"
	"losscc/verify/runtime/runtimetest"
)

// single is where arithmetic has the bits of float32 and not those of float64.
func (f *forger) single() string {
	return f.op("Equal", f.op("Add", f.number(1), f.number(1e-9)), f.number(1))
}

// singleBeyond turns the sign of grad_weight where arithmetic has the bits of
// float32 and the batch more than that many rows.
func singleBeyond(rows int64) func(f *forger) {
	return func(f *forger) {
		right := f.right("grad_weight")
		when := f.op("And", f.single(), f.extent("labels", 0, "Greater", rows))
		f.as("grad_weight", f.op("Where", when, f.op("Neg", right), right))
	}
}

// singleAt makes gradients wrong in float32 at twelve random points of twenty.
func singleAt(rows ...int64) func(f *forger) {
	return func(f *forger) {
		when := f.extent("labels", 0, "Equal", rows[0])
		for _, n := range rows[1:] {
			when = f.op("Or", when, f.extent("labels", 0, "Equal", n))
		}
		f.forged("grad_embeddings", f.op("And", f.single(), when))
	}
}

// singleZero makes the gradient of a row of zeros wrong in float32.
func singleZero(f *forger) {
	f.forged("grad_embeddings", f.op("And", f.single(), f.zeroRow("embeddings")))
}

// singleTwice makes the gradients of rows that are equal wrong in float32.
func singleTwice(f *forger) {
	apart := f.op("Sub", f.op("Unsqueeze", "embeddings", f.axis(0)), f.op("Unsqueeze", "embeddings", f.axis(1)))
	alike := f.count(f.op("Squeeze", f.zeroRow(apart), f.axis(2)))
	f.forged("grad_embeddings", f.op("And", f.single(), f.op("Greater", alike, f.whole(1))))
}

// A file may be right in float64 and for the few rows of random points, and
// wrong in its own precision for a batch that is larger.
func TestJudgeRefutesPrecisionThatIsLostAtSize(t *testing.T) {
	t.Parallel()
	for _, loss := range []string{"softmax", "arcface"} {
		for _, rows := range []int64{9, 40, 64} {
			report := spoilt(t, loss, Options{DType: "f32", Grad: true}, singleBeyond(rows))
			refutedBy(t, report, verify.CheckRounding)
		}
	}
}

// It may be wrong in its own precision at most of the random points, or only at
// evil inputs.
func TestJudgeRefutesPrecisionThatIsLostSomewhere(t *testing.T) {
	t.Parallel()
	for _, loss := range []string{"softmax", "arcface", "center"} {
		for _, forge := range []func(f *forger){singleAt(1, 2, 5, 7), singleZero, singleTwice} {
			report := spoilt(t, loss, Options{DType: "f32", Grad: true}, forge)
			refutedBy(t, report, verify.CheckRounding)
		}
	}
}

// It may predict another class than it does in float64.
func TestJudgeRefutesPredictionsThatRoundingChanges(t *testing.T) {
	t.Parallel()
	for _, loss := range []string{"arcface", "softmax + 0.5*softmax"} {
		report := spoilt(t, loss, Options{DType: "f32", Grad: true, Predictions: true}, func(f *forger) {
			for _, n := range f.m.Graph.Node {
				if n.GetOpType() == "ArgMax" {
					n.Input[0] = f.op("Add", n.Input[0], f.number(1e7))
				}
			}
			f.sort()
		})
		refutedBy(t, report, verify.CheckRounding)
	}
}

// A gradient of float16 is not excused by being as large as that type holds.
func TestJudgeRefutesGradientsThatAreAllTheyCanBe(t *testing.T) {
	t.Parallel()
	for _, loss := range []string{"arcface", "softmax", "center"} {
		for check, when := range map[string]func(f *forger) string{
			verify.CheckKinks:   func(f *forger) string { return f.zeroRow("embeddings") },
			verify.CheckTelling: func(f *forger) string { return f.extent("embeddings", 0, "Greater", 9) },
		} {
			report := spoilt(t, loss, Options{DType: "f16", Grad: true}, func(f *forger) {
				right := f.right("grad_embeddings")
				f.as("grad_embeddings", f.op("Where", when(f), f.number(65504), right))
			})
			refutedBy(t, report, check)
		}
	}
}

// A loss that is as large as float16 holds has no slope, and its gradient has.
func TestALossThatFloat16CannotHoldIsProved(t *testing.T) {
	t.Parallel()
	v := variant{mustFind("contrastive"), map[string]string{"margin": "1000"}}
	r, data := file(t, v, Options{DType: "f16", Grad: true})
	judged(t, "contrastive", r, data, verify.Options{Seed: 3})
}

// A norm that overflows or vanishes inside of float32 is seen, be it that of one op.
func TestJudgeRefutesNormsThatSquareWhatIsLong(t *testing.T) {
	t.Parallel()
	report := spoilt(t, "arcface", Options{DType: "f32", Grad: true}, func(f *forger) {
		f.instead("norm", f.with("ReduceL2", map[string]any{"axes": []int64{-1}, "keepdims": 0}, "embeddings"))
		f.prune()
	})
	refutedBy(t, report, verify.CheckRounding)
}

// Another runtime is asked at a larger size too.
func TestOnnxRuntimeRefutesWhatIsWrongAtSize(t *testing.T) {
	t.Parallel()
	session := runtimetest.Need(t, "onnxruntime")
	m := decoded(t, "softmax", Options{DType: "f32", Grad: true})
	singleBeyond(9)(&forger{m: m})
	data, err := onnxpb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	o := verify.Options{Only: runtimeChecks}
	o.Runtimes = append(o.Runtimes, session)
	report, err := verify.Judge(t.Context(), verify.Case{Name: "softmax", File: data}, o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != verify.Refuted {
		t.Errorf("%s", report.Text())
	}
}
