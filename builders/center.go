package builders

import "losscc/ir"

// centerLoss pulls embeddings to their class's centre, which follows them:
//
//	ℓ = ½·‖x − c_y‖²,  c_j ← c_j − α·Σ_{y_i=j}(c_j − x_i)/(1 + n_j)
//
// Wen, Zhang, Li, Qiao, "A Discriminative Feature Learning Approach for Deep
// Face Recognition", ECCV 2016.
var centerLoss = Loss{
	Name:    "center",
	Aliases: []string{"center-loss"},
	Family:  SeedFamily,
	Title:   "embeddings near their class's centre",
	Formula: "ℓ = w·‖x − c_y‖²;  c_j ← c_j − α·Σ_{y_i=j}(c_j − x_i)/(1 + n_j)",
	Paper:   "Wen, Zhang, Li, Qiao, A Discriminative Feature Learning Approach for Deep Face Recognition, ECCV 2016",
	Notes: []string{
		"The paper sums over the batch (--reduction sum); the mean divides by n as Caffe's layer does.",
		"The centres move by the rule and have no gradient; update=none makes them an ordinary trained input.",
		"Alone it has all embeddings fall onto one point (section 3.3): train softmax + 0.003*center.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &Center{LossWeight: 0.5, Alpha: 0.5, Update: "plus-one", CentersOutput: "dense"}
	},
}

// Center has the hyper-parameters of the loss center.
type Center struct {
	LossWeight    float64 `range:"> 0" doc:"w"`
	Alpha         float64 `range:">= 0, <= 1" doc:"α, how far centres move"`
	Update        string  `enum:"plus-one|mean|sum|none" doc:"divide a class's sum by 1 + n_j (the paper), by n_j, by 1; or train the centres"`
	CentersOutput string  `enum:"dense|rows" doc:"all centres, or only those that moved and their rows"`
	Normalize     bool    `doc:"unit vectors in place of the embeddings"`
}

// Build writes the loss.
func (p *Center) Build(g *Graph) {
	h := g.Head(C)
	role := RoleState
	if p.Update == "none" {
		role = RoleParameter
	}
	centers := g.Input("centers", ir.F(C, D), role)
	x := h.X
	if p.Normalize {
		x = unit(x)
	}
	off := x.Sub(centers.Gather(h.Y)).Called("offset")
	h.Loss(dot(off, off).Mul(p.LossWeight))
	if p.Update == "none" {
		return
	}
	if p.CentersOutput == "rows" {
		p.movedRows(h, centers, ir.Stop(off))
		return
	}
	// A centre moves by α/div times the sum of its rows' offsets.
	sum := ir.Select(h.Kept.Col(), ir.Stop(off), 0.0).ScatterAdd(h.Y, C)
	step := ir.Recip(p.divisor(h.Weight.ScatterAdd(h.Y, C))).Mul(p.Alpha)
	g.Moved("centers", "centers_next", centers.Add(sum.Mul(step.Col())).Called("centers_next"))
}

// movedRows makes center_rows, the classes that occur in ascending order, and
// center_values, their new centres, without copying the others.
func (p *Center) movedRows(h *Head, centers, off *ir.Value) {
	present := h.Weight.ScatterAdd(h.Y, C).Greater(0)
	u := h.g.Fresh("U")
	rows := present.NonZero(u).Column(0).Called("center_rows")
	slot := present.Int().CumSum(0).Sub(1)

	kept := h.Kept.NonZero(h.g.Fresh("R")).Column(0)
	at := slot.Gather(h.Y.Gather(kept))
	sum := off.Gather(kept).ScatterAdd(at, u)
	count := h.Weight.Gather(kept).ScatterAdd(at, u)
	step := ir.Recip(p.divisor(count)).Mul(p.Alpha)
	h.g.Moved("centers", "center_rows", rows)
	h.g.Moved("centers", "center_values", centers.Gather(rows).Add(sum.Mul(step.Col())))
}

// divisor is what a class's sum is divided by, from how often it occurs.
func (p *Center) divisor(n *ir.Value) *ir.Value {
	switch p.Update {
	case "mean":
		return n.Max(1)
	case "sum":
		return n.Builder().Num(1).Expand(n.Type.Shape...)
	}
	return n.Add(1)
}
