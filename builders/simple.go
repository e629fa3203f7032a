package builders

import "losscc/ir"

// M is the number of rows of a bank.
const M ir.Dim = "M"

// simpleLoss tells pairs of one class from others by a similarity that keeps the
// embeddings' lengths:
//
//	g_ij = x_i·x_j − b_θ·‖x_i‖‖x_j‖,
//	w·(λ·mean_P sp(−(g − m + b)/r) + (1 − λ)·mean_N sp((g + m + b)·r))
//
// Wen, Liu, Feng, Raj, Singh, Weller, Black, Schölkopf, "Pairwise Similarity Learning
// is SimPLE", ICCV 2023.
var simpleLoss = Loss{
	Name:    "simple",
	Aliases: []string{"sim-ple"},
	Family:  PairFamily,
	Title:   "pairs told apart by a similarity that keeps lengths",
	Formula: "g_ij = x_i·x_j − b_θ·‖x_i‖‖x_j‖;  w·(λ·mean_P sp(−(g − m + b)/r) + (1 − λ)·mean_N sp((g + m + b)·r))",
	Paper:   "Wen, Liu, Feng, Raj, Singh, Weller, Black, Schölkopf, Pairwise Similarity Learning is SimPLE, ICCV 2023",
	Notes: []string{
		"bank=true pairs the batch with rows of an earlier one, bank and bank_labels, which a host keeps; a negative label there leaves a row out.",
		"A host starts bias at −10.",
	},
	Reductions: meanOnly,
	New: func() Formula {
		return &Simple{BTheta: 0.3, Lambda: 0.0001, R: 1, LossWeight: 1000}
	},
}

// Simple has the hyper-parameters of the loss simple.
type Simple struct {
	BTheta     float64 `doc:"b_θ, the cosine that counts as 0"`
	Lambda     float64 `range:">= 0, <= 1" doc:"λ, the share of positive pairs"`
	Margin     float64 `range:">= 0" doc:"m"`
	R          float64 `range:"> 0" doc:"r, how much sharper negative pairs count than positive ones"`
	LossWeight float64 `range:"> 0" doc:"w"`
	Bank       bool    `doc:"pair the batch with the inputs bank and bank_labels, not with itself"`
}

// Build writes the loss.
func (p *Simple) Build(g *Graph) {
	x, labels := g.Embeddings(), g.Labels()
	bias := g.Bias(ir.One, "added to similarities")
	r := g.RowsWhere(g.within(labels, ""))
	x = g.harmless(x, r.Kept)
	other, there, of := x, r.Kept, labels
	if p.Bank {
		bank := g.Input("bank", ir.F(M, D), RoleData)
		of = g.Input("bank_labels", ir.I(M), RoleLabels)
		there = of.GreaterEq(0)
		other = g.harmless(bank, there)
	}
	alike := labels.Col().Eq(of.Row())
	both := r.Kept.Col().And(there.Row())
	if !p.Bank {
		both = both.And(g.itself(N).Not())
	}
	lengths := ir.Norm(x).Col().Mul(ir.Norm(other).Row())
	sim := ir.MatMulT(x, other).Sub(lengths.Mul(p.BTheta)).Called("similarity")
	pull := ir.Softplus(sim.Sub(p.Margin).Add(bias).Neg().Div(p.R))
	push := ir.Softplus(sim.Add(p.Margin).Add(bias).Mul(p.R))
	loss := meanOf(both.And(alike), pull).Mul(p.Lambda).Add(meanOf(both.And(alike.Not()), push).Mul(1 - p.Lambda))
	g.Output("loss", loss.Mul(p.LossWeight))
}
