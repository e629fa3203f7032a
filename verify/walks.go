package verify

import (
	"fmt"
	"slices"
	"strings"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/onnxval"

	"google.golang.org/protobuf/proto"
)

// walks tells whether the file goes through something in blocks.
func (j *judge) walks() bool {
	m, err := onnxpb.Decode(j.c.File, onnxpb.Limits{})
	return err == nil && slices.ContainsFunc(onnxpb.Within(m.GetGraph().GetNode()), isScan)
}

func isScan(n *onnxpb.NodeProto) bool { return n.GetOpType() == "Scan" }

// walked sees that every Scan goes through several places at some telling input:
// what it does from one place to the next shows nowhere else.
func (j *judge) walked() error {
	m, err := onnxpb.Decode(j.c.File, onnxpb.Limits{})
	if err != nil {
		return err
	}
	g := m.GetGraph()
	scans := slices.DeleteFunc(onnxpb.Within(g.GetNode()), func(n *onnxpb.NodeProto) bool { return !isScan(n) })
	if len(scans) == 0 {
		return nil
	}
	axes, most := map[string]int64{}, map[string]int{}
	for i, n := range scans {
		if !slices.Contains(g.Node, n) {
			return fmt.Errorf("the node %s (Scan) stands in a body, where its places are not counted; want it in the graph", n.GetName())
		}
		name := fmt.Sprintf("places of scan %d", i)
		axes[name] = scanAxis(n)
		g.Node = append(g.Node, &onnxpb.NodeProto{OpType: proto.String("Shape"), Input: n.Input[len(n.Input)-1:], Output: []string{name}})
		g.Output = append(g.Output, &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{
			Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(onnxpb.TensorProto_INT64))}},
		}})
	}
	data, err := onnxpb.Encode(m)
	if err != nil {
		return err
	}
	counting, err := onnxval.Load(data)
	if err != nil {
		return err
	}
	for _, p := range j.told {
		if p.in == nil || !strings.HasPrefix(p.name, "thousands of classes") {
			continue
		}
		out, err := counting.Run(p.in)
		if err != nil {
			return fmt.Errorf("at %s: %w", p.name, err)
		}
		for name, axis := range axes {
			if shape := out[name].I; axis >= -int64(len(shape)) && axis < int64(len(shape)) {
				most[name] = max(most[name], int(shape[(int(axis)+len(shape))%len(shape)]))
			}
		}
	}
	for i, n := range scans {
		if most[fmt.Sprintf("places of scan %d", i)] < 2 {
			return fmt.Errorf("the node %s (Scan) has one place at most at every input here, so that what it does from one to the next is not seen; want blocks of 4096 classes at most", n.GetName())
		}
	}
	return nil
}

// scanAxis is the axis of the last input that a Scan scans.
func scanAxis(n *onnxpb.NodeProto) int64 {
	for _, a := range n.GetAttribute() {
		if axes := a.GetInts(); a.GetName() == "scan_input_axes" && len(axes) > 0 {
			return axes[len(axes)-1]
		}
	}
	return 0
}
