package onnxpb

// Within are nodes and those of the graphs in their attributes, at any depth: each
// node is followed by what it holds.
func Within(nodes []*NodeProto) []*NodeProto {
	var all []*NodeProto
	for _, n := range nodes {
		all = append(all, n)
		for _, a := range n.GetAttribute() {
			all = append(all, Within(a.GetG().GetNode())...)
			for _, g := range a.GetGraphs() {
				all = append(all, Within(g.GetNode())...)
			}
		}
	}
	return all
}
