package builders

import "losscc/ir"

// proxyAnchorLoss has each class's proxy as an anchor, for the rows of its class and
// for all others:
//
//	1/|P⁺|·Σ_{P⁺} log(1 + Σ_{y_i=c} e^{−s(c_ic − m)}) + 1/P·Σ_c log(1 + Σ_{y_i≠c} e^{s(c_ic + m)})
//
// Kim, Kim, Cho, Kwak, "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020.
var proxyAnchorLoss = Loss{
	Name:       "proxy-anchor",
	Aliases:    []string{"proxyanchor"},
	Family:     PairFamily,
	Title:      "a proxy of each class pulls its rows and pushes the others",
	Formula:    "1/|P⁺|·Σ_{P⁺} log(1 + Σ_{y_i=c} e^{−s(cos_ic − m)}) + 1/P·Σ_c log(1 + Σ_{y_i≠c} e^{s(cos_ic + m)})",
	Paper:      "Kim, Kim, Cho, Kwak, Proxy Anchor Loss for Deep Metric Learning, CVPR 2020",
	Notes:      []string{"P⁺ are the proxies whose class is in the batch. The paper trains proxies at a hundred times the network's rate, and starts them normal with the variance 2/P."},
	Reductions: meanOnly,
	New:        func() Formula { return &ProxyAnchor{Margin: 0.1, Scale: 32} },
}

// ProxyAnchor has the hyper-parameters of the loss proxy-anchor.
type ProxyAnchor struct {
	Margin float64 `range:">= 0" doc:"m"`
	Scale  float64 `range:"> 0" doc:"s, the paper's α"`
}

// Build writes the loss, a row for each proxy.
func (p *ProxyAnchor) Build(g *Graph) {
	h := g.Proxies()
	cos := ir.MatMulT(h.Table, h.X.Mul(ir.Recip(ir.Norm(h.X)).Col())).Mul(ir.Recip(ir.PlainNorm(h.Table)).Col()).Called("cos")
	own := g.Iota(P).Col().Eq(h.Y.Row())
	kept := h.Kept.Row()
	pos, neg := own.And(kept).Called("own_class"), own.Not().And(kept).Called("other_class")
	pull := lse1Where(pos, cos.Sub(p.Margin).Mul(-p.Scale))
	push := lse1Where(neg, cos.Add(p.Margin).Mul(p.Scale))
	g.Output("loss", ir.Sum(pull).Div(count(has(pos)).Max(1)).Add(ir.Sum(push).Div(g.Count(P).Max(1))))
}
