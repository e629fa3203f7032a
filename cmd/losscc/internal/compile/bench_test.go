package compile

import (
	"testing"

	"losscc/builders"
	"losscc/ir/grad"
	"losscc/ir/opt"
	"losscc/onnxexport"
)

// benched are losses of every make: a classifier, a margin on the target, a
// margin that changes the negatives, pairs listed out, pairs chosen.
var benched = []struct {
	name, loss string
	sets       map[string]string
}{
	{"softmax", "softmax", nil},
	{"arcface", "arcface", nil},
	{"curricularface", "curricularface", nil},
	{"triplet-batch-all", "triplet", map[string]string{"mining": "batch-all"}},
	{"triplet-semi-hard", "triplet", map[string]string{"mining": "semi-hard"}},
	{"contrastive-all", "contrastive", map[string]string{"mining": "all"}},
	{"softmax+center", "softmax + 0.003*center", nil},
}

// each runs body for every benched loss, after all stages have run once.
func each(b *testing.B, body func(b *testing.B, expr string, o Options, r *Result)) {
	for _, c := range benched {
		b.Run(c.name, func(b *testing.B) {
			o := Options{Grad: true, Sets: c.sets}
			r, err := Run(c.loss, o)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			body(b, c.loss, o, r)
		})
	}
}

func BenchmarkFormula(b *testing.B) {
	each(b, func(b *testing.B, expr string, o Options, _ *Result) {
		for b.Loop() {
			if _, err := builders.Build(expr, builders.Options{Sets: o.Sets}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGradient(b *testing.B) {
	each(b, func(b *testing.B, _ string, _ Options, r *Result) {
		for b.Loop() {
			if _, err := grad.Of(r.Formula, "loss", r.Built.Wrt, grad.Exact); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOptimise(b *testing.B) {
	each(b, func(b *testing.B, _ string, _ Options, r *Result) {
		for b.Loop() {
			if _, err := opt.Run(r.Gradient, opt.Standard); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOptimiseFlat(b *testing.B) {
	each(b, func(b *testing.B, _ string, _ Options, r *Result) {
		for b.Loop() {
			if _, err := opt.Run(r.Gradient, opt.Flat); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkChoose(b *testing.B) {
	each(b, func(b *testing.B, _ string, _ Options, r *Result) {
		f, err := opt.Run(r.Gradient, opt.Standard)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, _, err := opt.Choose(f, opt.Target{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkExport(b *testing.B) {
	each(b, func(b *testing.B, _ string, _ Options, r *Result) {
		for b.Loop() {
			data, err := onnxexport.Bytes(r.Optimised, onnxexport.Options{
				Float: onnxexport.F32, Opset: onnxexport.DefaultOpset, Metadata: r.Metadata, Version: Version,
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(data)), "file-B")
		}
	})
}

// BenchmarkSpecToBytes is every stage one after the other: what a program that
// holds the compiler pays for a file.
func BenchmarkSpecToBytes(b *testing.B) {
	each(b, func(b *testing.B, expr string, o Options, _ *Result) {
		for b.Loop() {
			r, err := Run(expr, o)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := r.Bytes(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
