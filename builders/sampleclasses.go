package builders

import (
	"math"

	"losscc/ir"
)

// R is the classes of a sample.
const R ir.Dim = "R"

// sampleClassesLoss chooses classes for a step of any head over classes: those
// that occur, and of the rest those with the largest noise.
//
// An, Deng, Guo, Feng, Zhu, Yang, Liu, "Killing Two Birds with One Stone:
// Efficient and Robust Training of Face Recognition CNNs by Partial FC", CVPR
// 2022.
var sampleClassesLoss = Loss{
	Name:    "sample-classes",
	Aliases: []string{"partial-fc"},
	Family:  MinerFamily,
	Title:   "chooses classes for a step, so that a head runs on some rows of weight",
	Formula: "class_index: the classes of labels and, up to R = ⌈rate·C⌉ in all, those with the largest noise, ascending;  local_labels: the place of each label in class_index",
	Paper:   "An, Deng, Guo, Feng, Zhu, Yang, Liu, Killing Two Birds with One Stone: Efficient and Robust Training of Face Recognition CNNs by Partial FC, CVPR 2022",
	Notes: []string{
		"The host draws noise [C], gathers the rows class_index of weight, and feeds them with local_labels to any head; grad_weight [R,D] belongs to those rows, and the others do not move.",
		"The value is the loss over the sampled classes: negatives that are not sampled are absent from the denominator, and nothing corrects for it. rate=1 is the full loss.",
		"If the batch has more classes than the sample, its classes are the sample. An ignored row has the local label −1. rate is taken to nine decimals.",
	},
	New: func() Formula { return &SampleClasses{Rate: 0.1} },
}

// SampleClasses has the hyper-parameters of sample-classes.
type SampleClasses struct {
	Rate float64 `range:"> 0, <= 1" doc:"the share of classes that is sampled"`
}

// Build writes the graph. Beyond the choice of the largest it takes time and
// memory of C + N: the sample is marked over the classes and read off in
// their order.
func (p *SampleClasses) Build(g *Graph) {
	labels := g.Labels()
	noise := g.Input("noise", ir.F(C), RoleNoise)
	kept := labels.GreaterEq(0).And(labels.Less(g.Extent(C))).Called("kept")
	y := ir.Select(kept, labels, 0)

	positive := kept.Float().ScatterAdd(y, C).Greater(0).Called("positive")
	size := p.size(g).Max(ir.Sum(positive.Int()))
	first := ir.Select(positive, math.Inf(1), noise).ArgTop(size, g.Fresh("M"))
	sampled := g.Num(1).Expand(first.Type.Shape...).ScatterAdd(first, C).Greater(0).Called("sampled")

	g.Output("class_index", sampled.NonZero(R).Column(0).Called("class_index"))
	place := sampled.Int().CumSum(0).Sub(1)
	g.Output("local_labels", ir.Select(kept, place.Gather(y), -1).Called("local_labels"))
}

// size is ⌈rate·C⌉, in whole numbers so that 0.1 of 10 classes is one class
// in every float type.
func (p *SampleClasses) size(g *Graph) *ir.Value {
	const unit = 1_000_000_000
	share := int(math.Round(p.Rate * unit))
	return g.Extent(C).Mul(share).Add(unit - 1).Div(unit)
}
