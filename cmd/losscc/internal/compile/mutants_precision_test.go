package compile

import (
	"testing"

	"losscc/onnxexport/onnxpb"
	"losscc/verify"
	"losscc/verify/runtime/runtimetest"
)

// singleBeyond turns the sign of grad_weight where arithmetic has the bits of
// float32 and the batch more than that many rows.
func singleBeyond(rows int64) func(f *forger) {
	return func(f *forger) {
		right := f.right("grad_weight")
		one := f.op("Exp", f.op("Mul", f.number(0), f.with("ReduceSum", map[string]any{"keepdims": 0}, "weight")))
		low := f.op("Equal", f.op("Add", f.number(1), f.op("Mul", one, f.number(1e-9))), f.number(1))
		f.as("grad_weight", f.op("Where", f.op("And", low, f.extent("labels", 0, "Greater", rows)), f.op("Neg", right), right))
	}
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
