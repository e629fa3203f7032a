package builders

import "losscc/ir"

// softTripleLoss is a softmax over classes of several centres, of which the near
// ones count more:
//
//	S_ic = Σ_k softmax_k(c_ick/γ)·c_ick,  ℓ_i = CE(λ·(S_ic − δ·[c = y]))
//	+ τ·Σ_c Σ_{s<t} ‖ŵ_cs − ŵ_ct‖ / (C·K·(K−1))
//
// Qian, Shang, Sun, Hu, Li, Jin, "SoftTriple Loss: Deep Metric Learning Without
// Triplet Sampling", ICCV 2019.
var softTripleLoss = Loss{
	Name:    "soft-triple",
	Aliases: []string{"softtriple"},
	Family:  PairFamily,
	Title:   "a softmax over classes of several centres, near ones counting more",
	Formula: "S_ic = Σ_k softmax_k(cos_ick/γ)·cos_ick;  ℓ = mean CE(s·(S_ic − m·[c=y])) + τ·Σ_c Σ_{s<t} √(‖ŵ_cs − ŵ_ct‖² + ε)/(C·K·(K−1))",
	Paper:   "Qian, Shang, Sun, Hu, Li, Jin, SoftTriple Loss: Deep Metric Learning Without Triplet Sampling, ICCV 2019",
	Notes: []string{
		"scale is the paper's λ, margin its δ. The authors' code has ε = 1e-5 under the root. A host starts weight uniform within ±1/√(C·K).",
		"The last term, which draws a class's centres together, does not depend on the batch; it holds C·K²·D numbers at once, and tau=0 leaves it out.",
	},
	Reductions: meanOnly,
	New: func() Formula {
		return &SoftTriple{Scale: 20, Gamma: 0.1, Margin: 0.01, Tau: 0.2}
	},
}

// SoftTriple has the hyper-parameters of the loss soft-triple.
type SoftTriple struct {
	Scale   float64 `range:"> 0" doc:"s, the paper's λ"`
	Gamma   float64 `range:"> 0" doc:"γ, how softly the nearest centre is chosen"`
	Margin  float64 `range:">= 0" doc:"m, the paper's δ"`
	Tau     float64 `range:">= 0" doc:"τ, the weight of the distances between a class's centres"`
	Epsilon float64 `range:">= 0" doc:"ε, under the root of those distances"`
}

// Build writes the loss.
func (p *SoftTriple) Build(g *Graph) {
	h := g.Head(C)
	w := g.Input("weight", ir.F(C, K, D), RoleParameter)
	cos := h.against(1, w.Reshape(C.Times(K), D)).Reshape(N, C, K).Called("cos")
	top := ir.Stop(ir.ReduceMax(cos, 2))
	near := ir.Exp(cos.Sub(top.Unsqueeze(2)).Div(p.Gamma))
	s := ir.Sum(near.Mul(cos), 2).Div(ir.Sum(near, 2))
	z := h.know(s.Mul(p.Scale), logits{p.Scale, true})
	z = h.Replace(z, h.Target(z).Sub(p.Scale*p.Margin)).Called("logits")
	terms, _ := h.CrossEntropyOf(z, defaultCE)
	loss := h.Mean(terms)
	if p.Tau > 0 {
		loss = loss.Add(p.apart(g, w).Mul(p.Tau))
	}
	g.Output("loss", loss)
}

// apart is the sum of the distances between the centres of each class, of which
// there are half as many as the divisor says.
func (p *SoftTriple) apart(g *Graph, w *ir.Value) *ir.Value {
	directions := w.Mul(ir.Recip(ir.Norm(w)).Unsqueeze(2))
	off := directions.Unsqueeze(2).Sub(directions.Unsqueeze(1)) // [C,K,K,D]
	var d *ir.Value
	if p.Epsilon == 0 {
		d = ir.Norm(off)
	} else {
		d = ir.Sqrt(ir.Sum(off.Square(), 3).Add(p.Epsilon))
	}
	place := g.Iota(K)
	once := place.Col().Less(place.Row())
	k := g.Count(K)
	pairs := k.Mul(k.Sub(1)).Mul(g.Count(C))
	return ir.Sum(ir.Select(once.Unsqueeze(0), d, 0.0)).Div(pairs.Max(1))
}
