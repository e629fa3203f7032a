package formula

import (
	"fmt"
	"math"
	"testing"

	"losscc/verify/tensor"
)

// flock are the inputs of any loss of pairs: ten rows of four columns, of
// classes of three, three, two and one row, and an ignored one; class 7 is
// beyond the tables of four. Of two views the second is near the first.
func flock(loss string) inputs {
	x := wave(10, 4, func(i, d float64) float64 { return math.Sin(1.7*i+0.9*d+0.3) + 0.5*math.Cos(1.1*i*d+0.7) })
	b := wave(10, 4, func(i, d float64) float64 { return 0.5 * math.Cos(0.9*i-1.3*d) })
	for k := range b.F {
		b.F[k] += 0.8 * x.F[k]
	}
	in := inputs{
		"embeddings":   x,
		"embeddings_a": x,
		"embeddings_b": b,
		"labels":       ints1(0, 1, 0, 2, -1, 1, 0, 2, 7, 1),
		"proxies":      wave(4, 4, func(j, d float64) float64 { return math.Cos(1.1*j-0.7*d+0.2) + 0.4*math.Sin(j*d) }),
		"beta":         floats1(1.1, 0.9, 1.3, 1.2),
		"noise":        wave(10, 10, func(i, j float64) float64 { return 0.5 + 0.49*math.Sin(3*i+5*j) }),
		"histogram":    floats1(1, 3, 2, 4, 0.5, 2),
		"radius":       floats1(1.4),
		"bias":         floats1(-0.3),
		"bank":         wave(5, 4, func(i, d float64) float64 { return math.Cos(1.3*i + 0.4*d*d) }),
		"bank_labels":  ints1(0, 1, -3, 2, 0),
	}
	in["weight"] = in["proxies"]
	if loss == "soft-triple" {
		in["weight"] = wave(12, 4, func(j, d float64) float64 { return math.Cos(0.8*j-0.7*d+0.2) + 0.4*math.Sin(j*d) })
		in["weight"].Shape = []int{4, 3, 4}
	}
	return in
}

// trained are the inputs that a loss of pairs has gradients by.
func trained(loss string, params Params) []string {
	p := merge(pairs[loss].defaults, params)
	names := []string{"embeddings"}
	if p["positives"] == "views" || p["form"] == "shared-classifier" || loss == "vicreg" || loss == "barlow-twins" {
		names = []string{"embeddings_a", "embeddings_b"}
	}
	for name, is := range map[string]bool{
		"proxies": loss == "proxy-nca" || loss == "proxy-anchor",
		"weight":  loss == "soft-triple" || p["form"] == "shared-classifier",
		"beta":    p["learn_beta"] == true,
		"radius":  loss == "ring",
		"bias":    loss == "simple",
		"bank":    p["bank"] == true,
	} {
		if is {
			names = append(names, name)
		}
	}
	return names
}

// pairGolden is a loss on its flock, and its slope where each trained input
// moves along sin 1, sin 2, sin 3, …
type pairGolden struct {
	loss        string
	params      Params
	want, slope float64
}

// The golden numbers were made by a second writing of the table over whole
// arrays in another language, whose slopes are derivatives by the rules of
// calculus, where these here are differences.
var pairGoldens = []pairGolden{
	{"multi-similarity", nil, 0.8809130300806286, 0.062520138632438},
	{"multi-similarity", Params{"mining": "none"}, 0.96789023155931853, 0.017502799948423},
	{"multi-similarity", Params{"alpha": 3.0, "beta": 20.0, "epsilon": 0.3, "lambda": 0.4}, 0.68633947684636964, 0.0079016058907972},
	{"multi-similarity", Params{"distance": "euclidean"}, 2.29886872357865, 0.3477300988981},
	{"multi-similarity", Params{"distance": "squared-euclidean"}, 4.9281301367078063, 2.651735042613},
	{"multi-similarity", Params{"distance": "dot"}, 1.6961464125534598, 1.1800807716453},
	{"multi-similarity", Params{"distance": "euclidean", "normalize": true}, 1.6627259735168622, 0.11063496199143},
	{"multi-similarity", Params{"average": "all"}, 1.1326024672465225, 0.080383035384563},
	{"multi-similarity", Params{"average": "nonzero"}, 1.1326024672465225, 0.080383035384563},
	{"multi-similarity", Params{"average": "all", "mining": "none", "lambda": 0.5}, 0.81562225369370411, -0.0076044123433217},
	{"supcon", nil, 4.4271549141611635, -1.4615639157586},
	{"supcon", Params{"form": "in"}, 2.3180389852860843, -1.2335825112126},
	{"supcon", Params{"base_temperature": 0.07, "temperature": 0.2}, 7.2925229553953628, -1.4415522057023},
	{"supcon", Params{"distance": "euclidean", "temperature": 0.7}, 1.7894997351416484, 0.1993163975439},
	{"supcon", Params{"distance": "squared-euclidean", "temperature": 0.7}, 3.6967123159685116, 2.1205838810615},
	{"supcon", Params{"distance": "dot", "temperature": 0.7}, 2.3068257969757227, 0.96959110472457},
	{"supcon", Params{"distance": "dot", "normalize": true}, 4.4271549141611635, -1.4615639157586},
	{"supcon", Params{"average": "rows"}, 3.9352488125877008, -1.2991679251187},
	{"supcon", Params{"average": "nonzero"}, 4.4271549141611635, -1.4615639157586},
	{"circle", nil, 103.55974204654946, 13.592074371602},
	{"circle", Params{"scale": 4.0}, 6.3069647256389469, 0.76615353302727},
	{"circle", Params{"detach": false, "scale": 4.0}, 6.3069647256389469, 1.294852509424},
	{"circle", Params{"combine": "sum", "scale": 4.0}, 6.7605680270762933, 0.8403439790307},
	{"circle", Params{"over": "batch", "scale": 4.0, "margin": 0.25}, 16.229410700196937, 4.2842036737826},
	{"circle", Params{"over": "batch", "combine": "sum", "scale": 4.0, "detach": false}, 15.580078003334661, 7.422618126653},
	{"circle", Params{"average": "rows"}, 92.053104041377296, 12.081843885868},
	{"circle", Params{"average": "nonzero"}, 103.55974204654946, 13.592074371602},
	{"nt-xent", nil, 1.4886680819927909, -0.22771355564301},
	{"nt-xent", Params{"candidates": "other-view"}, 1.0934867059537303, 0.23252483168982},
	{"nt-xent", Params{"symmetric": false}, 1.3918789295129088, 0.13413643514057},
	{"nt-xent", Params{"denominator": "negatives", "temperature": 0.3}, 1.3902703092841997, -0.050578124897976},
	{"nt-xent", Params{"candidates": "other-view", "symmetric": false, "denominator": "negatives"}, -0.16471211552295745, -0.89731726313128},
	{"nt-xent", Params{"distance": "euclidean", "temperature": 0.7}, 1.7975097525116119, 0.06220232366685},
	{"nt-xent", Params{"distance": "squared-euclidean", "temperature": 0.7}, 1.292141098882214, 0.20065319733373},
	{"nt-xent", Params{"distance": "dot", "temperature": 0.7}, 1.8269397566187671, -0.2535412331298},
	{"nt-xent", Params{"distance": "squared-euclidean", "normalize": true}, 1.9325358678099178, -0.12743916289924},
	{"nt-xent", Params{"positives": "labels"}, 4.3190186931673118, 0.84182975870487},
	{"nt-xent", Params{"positives": "labels", "temperature": 0.07}, 6.0375072604115774, 1.1811150473978},
	{"nt-xent", Params{"positives": "labels", "denominator": "negatives", "temperature": 0.3}, 1.4349123006382878, 0.87331582284667},
	{"proxy-anchor", nil, 48.50069302098516, 6.3595585049789},
	{"proxy-anchor", Params{"margin": 0.3, "scale": 4.0}, 8.292815044540335, 0.53055005062978},
	{"proxy-nca", nil, 1.982932899776535, 0.40745321559427},
	{"proxy-nca", Params{"denominator": "all"}, 2.2098574622088005, 0.35733138152968},
	{"proxy-nca", Params{"scale": 9.0, "denominator": "all"}, 15.446783843057014, 0.83584325911498},
	{"proxy-nca", Params{"normalize": false}, 4.502340923715586, 3.5785666586467},
	{"proxy-nca", Params{"distance": "euclidean"}, 1.3156384803215126, 0.0037096651577156},
	{"proxy-nca", Params{"distance": "cosine"}, 1.4221310213449896, 0.22280428978797},
	{"proxy-nca", Params{"distance": "dot"}, 1.4221310213449896, 0.22280428978797},
	{"nca", nil, 1.146062048287342, 0.14511679393122},
	{"nca", Params{"objective": "expected"}, 0.47669745890061826, 0.30788830673232},
	{"nca", Params{"epsilon": 0.001}, 1.1220458870830876, 0.25362983603567},
	{"nca", Params{"scale": 0.3}, 1.1642953970493277, 0.021287128657128},
	{"nca", Params{"distance": "euclidean"}, 1.1062234970174465, -0.010874650989634},
	{"nca", Params{"distance": "cosine"}, 1.198789194051171, 0.077828675419839},
	{"nca", Params{"distance": "dot"}, 1.1543744331127992, 0.40890786355628},
	{"nca", Params{"normalize": true}, 1.035023841755851, 0.12394436862001},
	{"nca", Params{"average": "rows"}, 1.0187218206998596, 0.12899270571664},
	{"nca", Params{"average": "nonzero"}, 1.146062048287342, 0.14511679393122},
	{"lifted-structure", nil, 5.242622871654441, 1.1266670705649},
	{"lifted-structure", Params{"margin": 0.3, "positive_margin": 0.2}, 2.8564312197359532, 1.0205611841078},
	{"lifted-structure", Params{"distance": "squared-euclidean"}, 15.64750765363299, 25.025469608225},
	{"lifted-structure", Params{"distance": "cosine"}, 5.1525831341261696, 0.69344062926749},
	{"lifted-structure", Params{"distance": "dot"}, 6.6614867987123771, 6.2478446775747},
	{"lifted-structure", Params{"normalize": true}, 4.9647970988675239, 0.62261792022228},
	{"generalized-lifted-structure", nil, 2.9771472496511784, -0.0030140019575374},
	{"generalized-lifted-structure", Params{"margin": 0.3, "positive_margin": 0.2}, 2.0771472496511785, -0.0030140019575374},
	{"generalized-lifted-structure", Params{"distance": "squared-euclidean"}, 4.661143174097667, 3.1518930937992},
	{"generalized-lifted-structure", Params{"distance": "cosine"}, 2.9765958017192711, 0.056508739652954},
	{"generalized-lifted-structure", Params{"distance": "dot"}, 3.2781268352536719, 1.631412648444},
	{"generalized-lifted-structure", Params{"normalize": true}, 2.94566594954683, -0.027258780328168},
	{"generalized-lifted-structure", Params{"average": "rows"}, 2.6463531108010474, -0.0026791128511444},
	{"generalized-lifted-structure", Params{"average": "nonzero"}, 2.9771472496511784, -0.0030140019575374},
	{"n-pair", nil, 1.5141754142623756, 0.21436044443383},
	{"n-pair", Params{"distance": "euclidean"}, 0.96956795887342262, -0.51361435001205},
	{"n-pair", Params{"distance": "squared-euclidean"}, 3.160971238030069, 1.595637171417},
	{"n-pair", Params{"distance": "cosine"}, 0.98057251531802025, -0.28712207957013},
	{"n-pair", Params{"normalize": true}, 0.98057251531802025, -0.28712207957013},
	{"n-pair", Params{"lambda": 0.02}, 1.5416472957554781, 0.21908593416181},
	{"n-pair", Params{"positives": "views"}, 2.014022344527183, -0.09225145586943},
	{"n-pair", Params{"positives": "views", "distance": "euclidean", "normalize": true, "lambda": 0.002}, 1.8285776120903738, -0.030772916590281},
	{"angular", nil, 2.8856737026336177, 0.730188754807},
	{"angular", Params{"alpha": 40.0}, 2.209189990158571, 0.66794829703679},
	{"angular", Params{"normalize": false, "alpha": 36.0}, 3.4888564662833663, 3.1376667592603},
	{"tuplet-margin", nil, 23.877902104670817, 4.627069443866},
	{"tuplet-margin", Params{"margin": 0.1000073661}, 23.877716305730655, 4.6265017267342},
	{"tuplet-margin", Params{"margin": 0.5, "scale": 4.0}, 1.3870873634209839, 0.35772477327306},
	{"threshold-consistent-margin", nil, 0.88144656628946705, 0.13234690237561},
	{"threshold-consistent-margin", Params{"positive_margin": 0.3, "negative_margin": -0.2, "positive_weight": 2.0, "negative_weight": 0.5}, 2.1678883674302534, 0.27163041700942},
	{"soft-triple", nil, 14.995979493027678, -0.96925801927912},
	{"soft-triple", Params{"tau": 0.0}, 14.896176609564604, -0.96969490514033},
	{"soft-triple", Params{"scale": 5.0, "gamma": 0.4, "margin": 0.2, "tau": 0.7, "epsilon": 0.01}, 5.5199370662829734, -1.2040070079714},
	{"intra-pair-variance", nil, 0.44188804116054625, 0.04000668560647},
	{"intra-pair-variance", Params{"detach": true}, 0.44188804116054625, 0.11876578982071},
	{"intra-pair-variance", Params{"positive_epsilon": 0.2, "negative_epsilon": 0.3}, 0.426836397277573, 0.059194737951634},
	{"intra-pair-variance", Params{"distance": "euclidean"}, 0.76120262331832933, 1.139216882063},
	{"intra-pair-variance", Params{"distance": "squared-euclidean"}, 14.159796429081098, 25.326609120908},
	{"intra-pair-variance", Params{"distance": "dot"}, 2.8987864712787843, 2.3734046564473},
	{"intra-pair-variance", Params{"distance": "euclidean", "detach": true}, 0.76120262331832933, 1.0901903593435},
	{"intra-pair-variance", Params{"distance": "dot", "normalize": true}, 0.44188804116054625, 0.04000668560647},
	{"snr-contrastive", nil, 2.2483817070573116, 0.84071151060109},
	{"snr-contrastive", Params{"average": "all"}, 1.9151174340580166, -0.23368575239694},
	{"snr-contrastive", Params{"normalize": true}, 2.7202038420258634, 0.68954798445017},
	{"snr-contrastive", Params{"lambda": 0.3}, 2.6879656535720127, 0.85665248049258},
	{"snr-contrastive", Params{"margin": 1.7, "positive_margin": 0.4}, 2.6750245496764773, -0.10497874862647},
	{"ranked-list", nil, 0.3845688428356846, 0.050055099351478},
	{"ranked-list", Params{"detach": false}, 0.3845688428356846, 0.026006607233243},
	{"ranked-list", Params{"alpha": 1.3, "margin": 0.7, "positive_temperature": 3.0, "negative_temperature": 2.0, "detach": false, "lambda": 0.3}, 0.49082820470163291, -0.060523667677852},
	{"ranked-list", Params{"distance": "squared-euclidean"}, 0.70571795260792169, 0.061427011623556},
	{"ranked-list", Params{"distance": "cosine", "alpha": 0.9}, 0.47008334897965676, 0.017150416055069},
	{"ranked-list", Params{"normalize": false, "alpha": 2.1}, 0.63400373908095997, 0.40007028366245},
	{"ranked-list", Params{"average": "all"}, 0.3845688428356846, 0.050055099351478},
	{"ranked-list", Params{"average": "nonzero"}, 0.3845688428356846, 0.050055099351478},
	{"smooth-ap", nil, 0.15044948045700435, 0.025067222473248},
	{"smooth-ap", Params{"temperature": 0.3}, 0.30347116207233565, 0.037567569927591},
	{"smooth-ap", Params{"include_query": false, "temperature": 0.3}, 0.4444834612693947, 0.031856991953983},
	{"smooth-ap", Params{"distance": "euclidean", "temperature": 0.3}, 0.20294225310835157, 0.069714471083913},
	{"smooth-ap", Params{"distance": "squared-euclidean", "temperature": 0.3}, 0.17265310829859004, 0.17065430856235},
	{"smooth-ap", Params{"distance": "dot", "temperature": 0.3}, 0.24932556429633557, 0.13374442159927},
	{"smooth-ap", Params{"distance": "dot", "normalize": true, "temperature": 0.3}, 0.30347116207233565, 0.037567569927591},
	{"smooth-ap", Params{"average": "rows", "temperature": 0.3}, 0.26975214406429837, 0.033393395491192},
	{"smooth-ap", Params{"average": "nonzero", "temperature": 0.3}, 0.30347116207233565, 0.037567569927591},
	{"pnp", nil, 0.33285280725286776, -0.03264094676943},
	{"pnp", Params{"variant": "dq", "temperature": 0.2}, 0.86568292153345561, 0.056964464954863},
	{"pnp", Params{"variant": "o", "temperature": 0.2}, 1.1382668951756469, 0.072663136507664},
	{"pnp", Params{"variant": "ds", "temperature": 0.2}, 0.54655797790389515, 0.044248750185465},
	{"pnp", Params{"variant": "iu", "temperature": 0.2}, 2.1664874358048047, 0.12301465756097},
	{"pnp", Params{"variant": "ib", "temperature": 0.2}, 0.36191378666748519, 0.019359611391384},
	{"pnp", Params{"variant": "dq", "alpha": 1.0}, 0.22027014353334179, 0.011767112900824},
	{"pnp", Params{"variant": "ib", "b": 0.7, "include_query": false, "temperature": 0.2}, 1.1057588485407728, 0.027685104010731},
	{"pnp", Params{"distance": "euclidean", "temperature": 0.3}, 0.62712003587146492, -0.095025624215121},
	{"pnp", Params{"distance": "squared-euclidean", "temperature": 0.3}, 0.4814044240098766, 0.50498115477571},
	{"pnp", Params{"distance": "dot", "temperature": 0.3}, 0.75949887679365136, 0.46275723156375},
	{"pnp", Params{"normalize": true, "distance": "dot", "temperature": 0.3}, 0.95525100340206037, 0.034856921905096},
	{"pnp", Params{"average": "rows", "temperature": 0.3}, 0.84911200302405365, 0.030983930582308},
	{"pnp", Params{"average": "nonzero", "temperature": 0.3}, 0.95525100340206037, 0.034856921905096},
	{"fastap", nil, 0.35901232254832854, -0.43707350486023},
	{"fastap", Params{"bins": 7.0}, 0.39152980931976966, -0.022144857660844},
	{"fastap", Params{"average": "rows"}, 0.31912206448740316, -0.38850978209798},
	{"fastap", Params{"average": "nonzero"}, 0.35901232254832854, -0.43707350486023},
	{"histogram", nil, 0.26334953635203373, -0.047984582515849},
	{"histogram", Params{"bins": 13.0}, 0.29772866412415455, -0.00546911990267},
	{"vicreg", nil, 10.811367243441222, 0.24686184948715},
	{"vicreg", Params{"variance": "population"}, 11.770452444329093, 0.22613216349323},
	{"vicreg", Params{"mu": 3.0, "nu": 2.0, "gamma": 0.8, "epsilon": 0.01, "lambda": 5.0}, 2.0501562375913278, -0.28846863989509},
	{"barlow-twins", nil, 0.091731757705878797, 0.0057163360065192},
	{"barlow-twins", Params{"variance": "unbiased"}, 0.21459501996857414, 0.010334902355073},
	{"barlow-twins", Params{"epsilon": 0.1, "lambda": 0.3}, 0.89031499613971476, -0.11545094617948},
	{"instance", nil, 4.7832875714548475, 1.7755966008697},
	{"instance", Params{"scale": 4.0, "normalize": true}, 7.3035081496481649, 0.87398890926544},
	{"instance", Params{"form": "batch"}, 1.562826973564627, -0.014157120140305},
	{"instance", Params{"form": "batch", "scale": 64.0}, 0.078565768299030475, 0.090439420413871},
	{"ring", nil, 0.0007363434633403563, -0.0015318127068719},
	{"ring", Params{"mode": "smooth-l1"}, 0.0007363434633403563, -0.0015318127068719},
	{"ring", Params{"mode": "auto", "lambda": 0.5}, 0.015224460462531706, -0.031671391344986},
	{"margin", nil, 0.55856596078115983, 0.046305426118672},
	{"margin", Params{"learn_beta": true}, 0.4887012850343479, -0.20959923344907},
	{"margin", Params{"learn_beta": true, "nu": 0.3}, 0.87310806469536473, 0.066077846783438},
	{"margin", Params{"over": "pairs"}, 0.43211181585529429, 0.049692720674315},
	{"margin", Params{"over": "pairs", "learn_beta": true, "nu": 0.3}, 1.3305207364601828, 0.69774727413231},
	{"margin", Params{"mining": "distance-weighted"}, 0.48134148362207607, 0.0074093939079654},
	{"margin", Params{"mining": "distance-weighted", "learn_beta": true, "nu": 0.1, "cutoff": 0.9, "nonzero_loss_cutoff": 1.7}, 0.57211644243762916, -0.19514522203118},
	{"margin", Params{"distance": "squared-euclidean"}, 1.5459294024155221, 0.1964896152904},
	{"margin", Params{"normalize": false, "margin": 0.5}, 0.84722755622393253, 0.077073941240302},
	{"simple", nil, 376.85876820229089, 301.64318092338},
	{"simple", Params{"b_theta": 0.5, "margin": 0.2, "r": 1.5, "loss_weight": 3.0, "lambda": 0.3}, 1.6503889379771104, 0.81349971405554},
	{"simple", Params{"bank": true, "lambda": 0.3}, 744.66970393375004, 90.59011821761},
	{"range", nil, 2.0005486006004376, 7.900359972958e-05},
	{"range", Params{"k": 1.0, "margin": 1.0, "alpha": 0.5, "beta": 0.5}, 7.833751479758253, 4.149195919981},
	{"range", Params{"distance": "euclidean", "margin": 2.0, "alpha": 0.5, "beta": 0.5}, 3.3473938324234789, -0.28702047172425},
	{"range", Params{"distance": "euclidean", "normalize": true, "margin": 2.0, "alpha": 0.5, "beta": 0.5}, 2.3261505794974497, -0.32134649598316},
	{"dynamic-soft-margin", nil, 0.057040449351621759, -0.0062297259537511},
	{"dynamic-soft-margin", Params{"detach": false}, 0.057040449351621759, -0.0062228348685086},
	{"dynamic-soft-margin", Params{"momentum": 0.4, "detach": false}, 0.064462198670393211, -0.022050287726671},
	{"dynamic-soft-margin", Params{"positives": "labels"}, -0.047588973816348974, 0.068698938793958},
	{"dynamic-soft-margin", Params{"positives": "labels", "momentum": 0.4, "detach": false}, -0.050872811641129764, 0.099918358693934},
}

func TestPairsGolden(t *testing.T) {
	for _, c := range pairGoldens {
		c.check(t, c.loss, flock(c.loss))
	}
}

// check compares value and slope with those of the loss on these inputs; NaN
// is no slope.
func (c pairGolden) check(t *testing.T, name string, in inputs) {
	t.Helper()
	for k, v := range c.params {
		name += " " + k + "=" + fmt.Sprint(v)
	}
	r := Request{Loss: c.loss, Params: c.params, In: in}
	same(t, name, outputs(t, r)["loss"].F[0], c.want)
	if !math.IsNaN(c.slope) {
		sameDigits(t, name+": slope", slopeOf(t, r), c.slope)
	}
}

// slopeOf is the slope of a loss of pairs where each trained input moves along
// sin 1, sin 2, sin 3, …
func slopeOf(t *testing.T, r Request) float64 {
	t.Helper()
	along := inputs{}
	for _, input := range trained(r.Loss, r.Params) {
		way := tensor.New(tensor.Float, r.In[input].Shape...)
		for k := range way.F {
			way.F[k] = math.Sin(float64(k + 1))
		}
		along[input] = way
	}
	slope, _, err := Slope(r, along)
	if err != nil {
		t.Fatalf("%s %v: %v", r.Loss, r.Params, err)
	}
	return slope
}
