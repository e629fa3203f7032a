package builders

import "losscc/ir"

// mvSoftmaxLoss raises the negatives that the target with its margin does not
// beat:
//
//	z_y = s·h,  h = cos θ_y − m or cos(θ_y + m)
//	z_j = s·((t + 1)·cos θ_j + t) or s·(cos θ_j + t) where cos θ_j > h, else s·cos θ_j
//
// Wang, Zhang, Wang, Fu, Shi, Mei, "Mis-classified Vector Guided Softmax Loss
// for Face Recognition", AAAI 2020.
var mvSoftmaxLoss = Loss{
	Name:    "mv-softmax",
	Aliases: []string{"sv-x-softmax", "mv-am-softmax"},
	Family:  MarginFamily,
	Title:   "a margin, and misclassified negatives raised",
	Formula: "z_y = s·h, h = cos θ_y − m or cos(θ_y + m);  where cos θ_j > h: z_j = s·((t+1)·cos θ_j + t) (adaptive) or s·(cos θ_j + t) (fixed), else s·cos θ_j;  ℓ = log Σ_j e^{z_j} − z_y",
	Paper:   "Wang, Zhang, Wang, Fu, Shi, Mei, Mis-classified Vector Guided Softmax Loss for Face Recognition, AAAI 2020",
	Notes: []string{
		"Which negatives are raised is constant in the gradient. The paper's margin is 0.35 on the cosine and 0.5 on the angle.",
		"The authors' code is easy_margin=true: the margin stays off the target where cos θ_y ≤ easy_threshold, while the choice of negatives keeps it.",
		"FaceX-Zoo: t=0.12, easy_margin=true, easy_threshold=0.35 (or margin_type=arc).",
	},
	Reductions: perRow,
	New: func() Formula {
		return &MVSoftmax{Scale: 32, Margin: 0.35, T: 0.2, MarginType: "cos", Weighting: "adaptive", CrossEntropy: defaultCE, SubCenters: oneCenter}
	},
	Advice: func(f Formula) []string {
		if p := f.(*MVSoftmax); p.MarginType == "arc" && !p.EasyMargin {
			return monotoneRange(p.Margin, defaultArc)
		}
		return nil
	},
}

// MVSoftmax has the hyper-parameters of the loss mv-softmax.
type MVSoftmax struct {
	Scale         float64 `range:"> 0" doc:"s, the norm that embeddings are given"`
	Margin        float64 `range:">= 0" doc:"m, taken from the target's cosine or added to its angle"`
	T             float64 `doc:"t, how much a misclassified negative is raised"`
	MarginType    string  `enum:"cos|arc" doc:"margin on the cosine, or on the angle"`
	Weighting     string  `enum:"adaptive|fixed" doc:"(t+1)·cos + t, or cos + t"`
	EasyMargin    bool    `doc:"apply the margin only where cos θ_y > easy_threshold"`
	EasyThreshold float64 `doc:"for easy_margin"`
	CrossEntropy
	SubCenters
}

// Build writes the loss.
func (p *MVSoftmax) Build(g *Graph) {
	h := g.Head(C)
	z := h.Cosines(p.Scale, p.SubCenters)
	h.Predict(z)
	c := h.Target(z).Div(p.Scale).Called("cos_y")
	f := p.margin(c)
	z = p.others(z, f.Mul(p.Scale))
	if p.EasyMargin {
		f = ir.Select(c.Greater(p.EasyThreshold), f, c)
	}
	h.CrossEntropyLoss(h.Replace(z, f.Mul(p.Scale)).Called("logits"), p.CrossEntropy)
}

// margin is h, the target with its margin.
func (p *MVSoftmax) margin(c *ir.Value) *ir.Value {
	if p.MarginType == "arc" {
		return defaultArc.of("ArcMargin", c, p.Margin)
	}
	return cosMargin("CosMargin", c, p.Margin, false)
}

// others is z with t·(z + s) or t·s more where z is above the threshold.
func (p *MVSoftmax) others(z, threshold *ir.Value) *ir.Value {
	m := newMargin("MVMargin").tell("scale", p.Scale).tell("t", p.T).tell("weighting", p.Weighting)
	x := m.logits()
	more := m.number("raise", p.T*p.Scale)
	if p.Weighting == "adaptive" {
		more = x.Mul(m.number("weight", p.T)).Add(more)
	}
	return m.applyRows(x.Add(above(x, m.eachRow("threshold")).Mul(more)), z, threshold)
}
