package runtime_test

import (
	"context"
	"fmt"
	"testing"

	pb "losscc/onnxexport/onnxpb"
	"losscc/verify/runtime/runtimetest"
	"losscc/verify/tensor"
)

// BenchmarkJob is what one small job costs in a session: with a model that the
// child has loaded, and with one that it has not.
func BenchmarkJob(b *testing.B) {
	in := map[string]*tensor.Tensor{
		"x": tensor.Floats([]float64{1, 2}, 2), "y": tensor.Floats([]float64{3, 4}, 2)}
	for _, name := range evaluators {
		for _, fresh := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/fresh=%v", name, fresh), func(b *testing.B) {
				s := runtimetest.Need(b, name)
				i := 0
				for b.Loop() {
					extents := "N"
					if fresh {
						extents = fmt.Sprint("N", i)
					}
					model := graph{
						in:    []*pb.ValueInfoProto{value("x["+extents+"]", f32), value("y["+extents+"]", f32)},
						nodes: []*pb.NodeProto{node("z = Add(x, y)")},
						out:   []*pb.ValueInfoProto{value("z["+extents+"]", f32)},
					}.model(b)
					i++
					if _, err := s.Run(context.Background(), model, in); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
