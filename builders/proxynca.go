package builders

import "losscc/ir"

// proxyNCALoss has each row choose among the classes' proxies:
//
//	ℓ_i = s·d(x_i,p_y) + log Σ_j e^{−s·d(x_i,p_j)},  j ≠ y or all
//
// Movshovitz-Attias, Toshev, Leung, Ioffe, Singh, "No Fuss Distance Metric Learning
// using Proxies", ICCV 2017; Teh, DeVries, Taylor, "ProxyNCA++: Revisiting and
// Revitalizing Proxy Neighborhood Component Analysis", ECCV 2020.
var proxyNCALoss = Loss{
	Name:    "proxy-nca",
	Aliases: []string{"proxynca", "proxy-nca++"},
	Family:  PairFamily,
	Title:   "a row chooses its class's proxy among all",
	Formula: "ℓ_i = s·d(x_i,p_y) + log Σ_j e^{−s·d(x_i,p_j)}, j ≠ y (negatives) or all",
	Paper:   "Movshovitz-Attias, Toshev, Leung, Ioffe, Singh, No Fuss Distance Metric Learning using Proxies, ICCV 2017; Teh, DeVries, Taylor, ProxyNCA++: Revisiting and Revitalizing Proxy Neighborhood Component Analysis, ECCV 2020",
	Notes: []string{
		"denominator=negatives is the paper's, may be negative, and is 0 where there is one proxy only.",
		"The alias proxy-nca++ has denominator=all and scale=9, which is its paper's temperature 1/9.",
		"A host starts proxies standard normal.",
	},
	Reductions: perRow,
	New: func() Formula {
		return &ProxyNCA{Scale: 1, Denominator: "negatives", Distance: "squared-euclidean", Normalize: true}
	},
	Presets: map[string]func() Formula{"proxy-nca++": func() Formula {
		return &ProxyNCA{Scale: 9, Denominator: "all", Distance: "squared-euclidean", Normalize: true}
	}},
}

// ProxyNCA has the hyper-parameters of the loss proxy-nca.
type ProxyNCA struct {
	Scale       float64 `range:"> 0" doc:"s, what distances are multiplied by"`
	Denominator string  `enum:"negatives|all" doc:"the proxies of other classes, or all"`
	Distance    string  `enum:"squared-euclidean|euclidean|cosine|dot" doc:"d"`
	Normalize   bool    `doc:"replace embeddings and proxies by their unit vectors first"`
}

// Build writes the loss.
func (p *ProxyNCA) Build(g *Graph) {
	h := g.Proxies()
	z := across(p.Distance, p.Normalize, h.X, h.Table).Mul(-p.Scale).Called("logits")
	zy := z.Pick(1, h.Y)
	others := g.Iota(P).Row().Eq(h.Y.Col()).Not()
	against := lseOrNone(others, z).Sub(zy)
	if p.Denominator == "all" {
		h.Loss(ir.Softplus(against))
		return
	}
	h.Loss(ir.Select(g.Extent(P).Greater(1).Expand(N), against, 0.0))
}
