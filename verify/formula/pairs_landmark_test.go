package formula

import (
	"math"
	"testing"

	"losscc/verify/tensor"
)

// What changes a flock: no row is single, or the classes are of three rows in
// order, or the histogram is still empty.
func withoutASingle(in inputs) { in["labels"] = ints1(0, 1, 0, 2, -1, 1, 0, 2, 1, 1) }
func threes(in inputs)         { in["labels"] = ints1(0, 0, 0, 1, 1, 1, 2, 2, 2, -1) }
func emptyHistogram(in inputs) { in["histogram"] = tensor.New(tensor.Float, 6) }

// Each of these equals pytorch-metric-learning 2.9.0's loss: the numbers are
// what that gave, in float64, for the kept rows of the flock, and the slopes
// are those of its backward.
var pairLandmarks = []struct {
	is      string
	changed func(inputs)
	golden  pairGolden
}{
	{"CircleLoss", nil, pairGolden{"circle", Params{"average": "nonzero"}, 103.55974204654312, 13.592074371865}},
	{"CircleLoss", nil, pairGolden{"circle", nil, 103.55974204654312, 13.592074371865}},
	{"NPairsLoss", nil, pairGolden{"n-pair", Params{"distance": "cosine"}, 0.98057251531802025, -0.28712207957013}},
	{"NPairsLoss, normalize_embeddings=False", nil, pairGolden{"n-pair", nil, 1.514175414262376, 0.21436044443383}},
	{"LiftedStructureLoss, normalize_embeddings=False", nil, pairGolden{"lifted-structure", nil, 5.2426228716544401, 1.1266670705649}},
	{"LiftedStructureLoss", nil, pairGolden{"lifted-structure", Params{"normalize": true}, 4.964797098867523, 0.62261792022229}},
	{"GeneralizedLiftedStructureLoss", withoutASingle, pairGolden{"generalized-lifted-structure", Params{"normalize": true}, 3.0130619054355439, -0.096469865334}},
	{"MultiSimilarityLoss", nil, pairGolden{"multi-similarity", Params{"mining": "none", "lambda": 0.5}, 0.81562225369370411, -0.0076044123433217}},
	{"MultiSimilarityLoss, MultiSimilarityMiner(0.1)", nil, pairGolden{"multi-similarity", Params{"lambda": 0.5}, 0.73358360731003391, -0.0077836961227601}},
	{"MarginLoss", nil, pairGolden{"margin", nil, 0.55856596078115994, 0.046305426118672}},
	{"MarginLoss, num_classes", nil, pairGolden{"margin", Params{"learn_beta": true, "nu": 0.3}, 0.87310806469536484, 0.066077846783438}},
	{"NCALoss", nil, pairGolden{"nca", Params{"normalize": true}, 1.035023841755851, 0.12394436862001}},
	{"NCALoss", nil, pairGolden{"nca", Params{"normalize": true, "scale": 3.0}, 1.2517666159757186, -0.47377226489537}},
	{"ProxyNCALoss", nil, pairGolden{"proxy-nca", Params{"denominator": "all"}, 2.2098574622088005, 0.35733138152968}},
	{"ProxyNCALoss", nil, pairGolden{"proxy-nca", Params{"scale": 9.0, "denominator": "all"}, 15.446783843057013, 0.83584325911498}},
	{"ProxyAnchorLoss", nil, pairGolden{"proxy-anchor", nil, 48.50069302098516, 6.3595585049789}},
	{"SoftTripleLoss", nil, pairGolden{"soft-triple", Params{"tau": 0.0}, 14.896176609564602, -0.96969490514033}},
	{"SoftTripleLoss, SparseCentersRegularizer at 0.2", nil, pairGolden{"soft-triple", nil, 14.995979493027676, -0.96925801927912}},
	{"NTXentLoss", nil, pairGolden{"nt-xent", Params{"positives": "labels", "temperature": 0.07}, 6.0375072604115756, 1.1811150473978}},
	{"NTXentLoss of both views, the row as label", nil, pairGolden{"nt-xent", nil, 1.4886680819927909, -0.22771355564302}},
	{"SupConLoss", nil, pairGolden{"supcon", nil, 4.4271549141611644, -1.4615639157586}},
	{"SupConLoss", nil, pairGolden{"supcon", Params{"average": "nonzero"}, 4.4271549141611644, -1.4615639157586}},
	{"VICRegLoss", nil, pairGolden{"vicreg", nil, 10.811367243441222, 0.24686184948715}},
	{"FastAPLoss", nil, pairGolden{"fastap", nil, 0.3590123225483286, -0.43707350486023}},
	{"HistogramLoss", withoutASingle, pairGolden{"histogram", nil, 0.20288751671967636, 0.041185644094472}},
	{"HistogramLoss", nil, pairGolden{"histogram", nil, 0.2633495363520339, -0.047984582515848}},
	{"SignalToNoiseRatioContrastiveLoss", nil, pairGolden{"snr-contrastive", Params{"normalize": true}, 2.7202038420258634, 0.68954798445017}},
	{"SignalToNoiseRatioContrastiveLoss, normalize_embeddings=False", nil, pairGolden{"snr-contrastive", nil, 2.2483817070573116, 0.84071151060109}},
	{"SignalToNoiseRatioContrastiveLoss, normalize_embeddings=False, ZeroMeanRegularizer", nil, pairGolden{"snr-contrastive", Params{"lambda": 0.3}, 2.6879656535720127, 0.85665248049258}},
	{"AngularLoss of unit rows", nil, pairGolden{"angular", Params{"alpha": 40.0}, 2.2091899901585714, 0.66794829703679}},
	{"TupletMarginLoss", nil, pairGolden{"tuplet-margin", Params{"margin": 0.10000736613927509}, 23.877716304740005, 4.6265017237071}},
	{"IntraPairVarianceLoss", nil, pairGolden{"intra-pair-variance", nil, 0.44188804116054625, 0.04000668560647}},
	{"SmoothAPLoss", threes, pairGolden{"smooth-ap", nil, 0.41156488242709521, 0.12646254732504}},
	{"InstanceLoss, the row as label", nil, pairGolden{"instance", Params{"form": "batch", "scale": 64.0}, 0.078565768299030822, 0.090439420413871}},
	{"PNPLoss", nil, pairGolden{"pnp", Params{"variant": "o", "alpha": 1.0}, 0.97849463165402184, 0.6466278888985}},
	{"PNPLoss", nil, pairGolden{"pnp", Params{"variant": "dq", "alpha": 1.0}, 0.22027014353334184, 0.011767112900824}},
	{"PNPLoss", nil, pairGolden{"pnp", Params{"variant": "ds", "alpha": 1.0}, 0.4069177106177122, 0.09621834754737}},
	{"PNPLoss", nil, pairGolden{"pnp", Params{"variant": "iu", "alpha": 1.0}, 1.9825892794975739, 1.8658915749714}},
	{"PNPLoss", nil, pairGolden{"pnp", Params{"variant": "ib", "alpha": 1.0}, 0.34564430461101031, 0.29810614128}},
	{"DynamicSoftMarginLoss", emptyHistogram, pairGolden{"dynamic-soft-margin", Params{"positives": "labels", "detach": false}, -0.055924869833100257, 0.14710131924915}},
	{"DynamicSoftMarginLoss of views, whose backward raises", emptyHistogram, pairGolden{"dynamic-soft-margin", Params{"detach": false}, 0.075880274545426188, math.NaN()}},
	{"ThresholdConsistentMarginLoss", nil, pairGolden{"threshold-consistent-margin", nil, 0.88144656628946716, 0.13234690237561}},
}

func TestPairsEqualMetricLearning(t *testing.T) {
	for _, c := range pairLandmarks {
		in := flock(c.golden.loss)
		if c.changed != nil {
			c.changed(in)
		}
		c.golden.check(t, c.is+": "+c.golden.loss, in)
	}
}

// RankedListLoss of pytorch-metric-learning 2.9.0 adds 1e-5 to every entry of a
// sum of weights; but for these it is ranked-list without detach.
func TestPairsRankedListIsNearMetricLearning(t *testing.T) {
	got := lossOf(t, "ranked-list", Params{"detach": false}, flock("ranked-list"))
	if want := 0.38455413096768964; !(math.Abs(got-want) < 1e-4*want) {
		t.Errorf("ranked-list = %.17g, far from %.17g", got, want)
	}
}
