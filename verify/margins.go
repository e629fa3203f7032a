package verify

import (
	"fmt"
	"slices"
	"strings"

	"losscc/onnxexport/onnxpb"

	"google.golang.org/protobuf/proto"
)

// marginOp is what an op of the domain says of itself: the attributes that tell
// what was asked for, and the losses that have the op. Its derivative, by the
// same name and Grad, says the same. Attributes that hold tensors are what the
// body computes with, and are judged by what comes out.
type marginOp struct {
	attributes []string
	losses     []string
}

// marginOps are all ops of the domain. Where beyond is clip, there is an
// epsilon too.
var marginOps = map[string]marginOp{
	"LMargin":                 {[]string{"margin"}, []string{"l-softmax"}},
	"AMargin":                 {[]string{"margin"}, []string{"a-softmax"}},
	"CosMargin":               {[]string{"margin", "easy_margin"}, []string{"cosface", "mv-softmax", "uniface"}},
	"ArcMargin":               {[]string{"margin", "easy_margin", "beyond"}, []string{"arcface", "subcenter-arcface", "curricularface", "mv-softmax", "arcnegface", "adacos"}},
	"CombinedMargin":          {[]string{"m1", "m2", "m3", "easy_margin", "beyond"}, []string{"combined-margin"}},
	"X2Margin":                {[]string{"a", "h", "k"}, []string{"x2-softmax"}},
	"LiArcMargin":             {[]string{"margin"}, []string{"li-arcface"}},
	"CurricularMargin":        {[]string{"scale"}, []string{"curricularface"}},
	"MVMargin":                {[]string{"scale", "t", "weighting"}, []string{"mv-softmax"}},
	"NPCMargin":               {[]string{"scale", "t", "a"}, []string{"npcface"}},
	"NPCTargetMargin":         {[]string{"easy_margin"}, []string{"npcface"}},
	"ArcNegMargin":            {[]string{"scale", "alpha", "sigma"}, []string{"arcnegface"}},
	"CircleMargin":            {[]string{"scale", "margin"}, []string{"circle-softmax"}},
	"AdaMargin":               {[]string{"margin", "beyond"}, []string{"adaface"}},
	"MagMargin":               {[]string{"l_a", "u_a", "l_m", "u_m", "margin_type", "easy_margin", "beyond"}, []string{"magface"}},
	"ElasticMargin":           {[]string{"margin", "sigma", "margin_type", "easy_margin", "beyond"}, []string{"elasticface"}},
	"AdaptiveMargin":          {nil, []string{"adam-softmax"}},
	"KappaMargin":             {[]string{"easy_margin", "beyond"}, []string{"kappaface"}},
	"SphereMargin":            {[]string{"margin", "version"}, []string{"sphereface-r"}},
	"SphereFace2Margin":       {[]string{"margin", "t", "margin_type"}, []string{"sphereface2"}},
	"SphereFace2TargetMargin": {[]string{"margin", "t", "margin_type"}, []string{"sphereface2"}},
}

// neutral are the values of attributes that an op has and a loss with that op
// has not: those that leave the margin alone.
var neutral = map[string]any{"easy_margin": false, "beyond": "none"}

// elsewhere are parameters that a loss reads outside of its margin op although
// the op has an attribute of that name, which then is the op's own.
var elsewhere = map[[2]string]bool{
	{"mv-softmax", "easy_margin"}: true, // chosen by a threshold of the loss's own
}

// asked is what a part asks of an attribute of its op.
func (p part) asked(attribute string) any {
	if v, ok := p.params[attribute]; ok && !elsewhere[[2]string{p.name, attribute}] {
		return v
	}
	return neutral[attribute]
}

// spokenBy sees that a margin node says of itself what a part of the claim
// asks, neither less nor more.
func (o marginOp) spokenBy(p part, n *onnxpb.NodeProto) error {
	if !slices.Contains(o.losses, p.name) {
		return fmt.Errorf("%s has no margin op of that name, %s have", p.name, strings.Join(o.losses, ", "))
	}
	wanted := slices.Clone(o.attributes)
	if slices.Contains(wanted, "beyond") && p.asked("beyond") == "clip" {
		wanted = append(wanted, "epsilon")
	}
	for _, a := range n.GetAttribute() {
		i := slices.Index(wanted, a.GetName())
		switch {
		case i >= 0:
			if err := says(a, p.asked(a.GetName())); err != nil {
				return fmt.Errorf("attribute %s: %w", a.GetName(), err)
			}
			wanted = slices.Delete(wanted, i, i+1)
		case a.GetType() != onnxpb.AttributeProto_TENSOR:
			return fmt.Errorf("attribute %s is none that it has under these parameters; want %s", a.GetName(), strings.Join(o.attributes, ", "))
		}
	}
	if len(wanted) > 0 {
		return fmt.Errorf("attribute %s is missing, and a kernel of its own would not know what was asked for", wanted[0])
	}
	return nil
}

// derivativeOf tells whether a node of a …Grad op has the same attributes as a
// node of its op, as far as it has them.
func derivativeOf(grad, n *onnxpb.NodeProto) bool {
	for _, a := range grad.GetAttribute() {
		if !slices.ContainsFunc(n.GetAttribute(), func(b *onnxpb.AttributeProto) bool { return proto.Equal(a, b) }) {
			return false
		}
	}
	return true
}

// straight are nodes with the body of a Scan where it stands, between nodes that
// hand its inputs in and its outputs out: what is made from what can be read off
// them.
func straight(nodes []*onnxpb.NodeProto) []*onnxpb.NodeProto {
	var all []*onnxpb.NodeProto
	hand := func(from, to string) {
		all = append(all, &onnxpb.NodeProto{Input: []string{from}, Output: []string{to}})
	}
	for _, n := range nodes {
		body := bodyOf(n)
		if body == nil || len(body.GetInput()) != len(n.GetInput()) || len(body.GetOutput()) != len(n.GetOutput()) {
			all = append(all, n)
			continue
		}
		for i, in := range body.GetInput() {
			hand(n.GetInput()[i], in.GetName())
		}
		all = append(all, straight(body.GetNode())...)
		for i, out := range body.GetOutput() {
			hand(out.GetName(), n.GetOutput()[i])
		}
	}
	return all
}

// bodyOf is the body of a Scan, or nil.
func bodyOf(n *onnxpb.NodeProto) *onnxpb.GraphProto {
	for _, a := range n.GetAttribute() {
		if n.GetOpType() == "Scan" && a.GetName() == "body" {
			return a.GetG()
		}
	}
	return nil
}

// ancestors are the nodes of a graph that an output of it is made from.
func ancestors(nodes []*onnxpb.NodeProto, output string) map[*onnxpb.NodeProto]bool {
	needed, all := map[string]bool{output: true}, map[*onnxpb.NodeProto]bool{}
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		if !slices.ContainsFunc(n.GetOutput(), func(o string) bool { return o != "" && needed[o] }) {
			continue
		}
		all[n] = true
		for _, in := range n.GetInput() {
			needed[in] = true
		}
		for _, a := range n.GetAttribute() {
			needOf(a, needed)
		}
	}
	return all
}
