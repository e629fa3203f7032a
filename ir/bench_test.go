package ir_test

import (
	"testing"

	"losscc/ir"
)

// One rebuild is what each pass over a function costs at least.
func BenchmarkRebuild(b *testing.B) {
	f := parse(b, texts(b)["arcface.ir"])
	b.ReportMetric(float64(len(f.Values)), "values")
	for b.Loop() {
		if _, err := ir.Rebuild(f, ir.Again); err != nil {
			b.Fatal(err)
		}
	}
}
