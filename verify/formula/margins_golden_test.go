package formula

import (
	"fmt"
	"math"
	"testing"

	"losscc/verify/tensor"
)

// marginWaves are the inputs of any head of the margin family: six long rows,
// one of them ignored, before four classes.
func marginWaves(loss string, p Params) inputs {
	in := inputs{
		"embeddings":   wave(6, 3, func(i, d float64) float64 { return 12 * math.Sin(1.7*i+0.9*d+0.3) }),
		"labels":       ints1(2, 0, -1, 3, 0, 2),
		"t":            tensor.Scalar(0.1),
		"scale":        tensor.Scalar(8),
		"batch_mean":   tensor.Scalar(12),
		"batch_std":    tensor.Scalar(3),
		"noise":        floats1(-0.6, 1.1, 0.3, -1.4, 0.2, 0.9),
		"margins":      floats1(0.31, 0.33, 0.37, 0.39),
		"class_counts": floats1(3, 1, 4, 2),
		"kappa":        floats1(1.5, 0.2, 2.2, 0.9),
		"class_sums":   wave(4, 3, func(j, d float64) float64 { return 0.2 * math.Cos(j+d) }),
		"seen":         tensor.Scalar(6),
		"class_weight": floats1(1, 1./2, 1./3, 1./4),
		"bias":         floats1(0.7),
	}
	if loss == "focal" {
		in["embeddings"] = wave(6, 3, func(i, d float64) float64 { return math.Sin(1.7*i + 0.9*d + 0.3) })
	}
	if loss == "focal" || p["bias_per_class"] == true {
		in["bias"] = floats1(-0.15, -0.05, 0.05, 0.15)
	}
	k, given := p["sub_centers"].(float64)
	if !given && loss == "subcenter-arcface" {
		k = 3
	}
	subCenters := max(1, int(k))
	in["weight"] = wave(4*subCenters, 3, func(j, d float64) float64 { return math.Cos(1.1*j - 0.7*d + 0.2) })
	if loss == "subcenter-arcface" || subCenters > 1 {
		in["weight"].Shape = []int{4, subCenters, 3}
	}
	return in
}

// marginGolden is a head's mean loss on marginWaves, and the sums of
// grad_embeddings and of grad_weight against sin 1, sin 2, sin 3, …
type marginGolden struct {
	loss                      string
	params                    Params
	want, embeddings, weights float64
}

// The golden numbers were made by a second writing of the table in another
// language, over dual numbers: its gradients are derivatives by the rules of
// calculus, where these here are differences.
var marginGoldens = []marginGolden{
	{"normface", nil, 10.5816095945253, -0.00166203165521, -0.303733008496},
	{"cosface", Params{"scale": 8.0}, 6.42722186470776, -0.0241309807847, -0.589761748085},
	{"cosface", Params{"scale": 8.0, "easy_margin": true}, 5.86727827423682, -0.0241272070906, -0.590123351857},
	{"arcface", Params{"scale": 8.0}, 6.40434658401814, 0.0410298531577, -1.42797620661},
	{"arcface", Params{"scale": 8.0, "margin": 1.5, "beyond": "none"}, 10.1584000663419, 0.171077758967, -2.78980891016},
	{"arcface", Params{"scale": 8.0, "margin": 1.5, "beyond": "linear"}, 13.0201579841288, 0.00858520312744, -0.079710045696},
	{"arcface", Params{"scale": 8.0, "margin": 1.5, "beyond": "keep"}, 10.6262300783439, 0.00858922120616, -0.0800950669485},
	{"arcface", Params{"scale": 8.0, "margin": 1.5, "beyond": "reflect"}, 11.5393867559876, -0.0298744470817, 0.560947147604},
	{"arcface", Params{"scale": 8.0, "beyond": "clip", "epsilon": 0.3}, 5.98539650652032, -0.0262539901479, -1.43708732743},
	{"arcface", Params{"scale": 8.0, "easy_margin": true}, 6.18287752577831, -0.0171022357638, -0.459825385262},
	{"arcface", Params{"scale": 8.0, "label_smoothing": 0.1}, 6.32892511841151, 0.0432193322076, -1.33943702967},
	{"arcface", Params{"scale": 8.0, "label_smoothing": 0.1, "smoothing": "others"}, 6.30378462987597, 0.0439491585575, -1.3099239707},
	{"arcface", Params{"scale": 8.0, "focal.gamma": 2.0}, 6.24972560088369, 0.0401047904122, -1.29496246888},
	{"arcface", Params{"scale": 8.0, "class_weights": true}, 3.69200958948814, 0.0706490104481, -1.49022357104},
	{"arcface", Params{"scale": 8.0, "sub_centers": 2.0}, 5.37279871302461, 0.190269993519, 2.10989917994},
	{"combined-margin", Params{"scale": 8.0, "m1": 1.2}, 7.76752893824123, 0.0932721876157, -2.8070341547},
	{"combined-margin", Params{"scale": 8.0, "interclass_filtering_threshold": 0.4}, 3.56677387845893, -0.0461775020946, -1.12500916826},
	{"subcenter-arcface", Params{"scale": 8.0}, 7.44153730376449, 0.219432241516, 2.18050011167},
	{"subcenter-arcface", Params{"scale": 8.0, "sub_centers": 1.0}, 6.40434658401814, 0.0410298531577, -1.42797620661},
	{"x2-softmax", Params{"scale": 8.0, "h": 0.1}, 14.8566193990669, -0.561671622801, 4.69596028672},
	{"li-arcface", Params{"scale": 8.0}, 5.45385621445946, -0.00967104057298, 0.582684777811},
	{"curricularface", Params{"scale": 8.0}, 6.97669785209307, 0.122419398744, -0.786479510852},
	{"curricularface", Params{"scale": 8.0, "beyond": "linear", "alpha": 0.5}, 7.12821652511508, 0.121063205021, -0.899064709636},
	{"mv-softmax", Params{"scale": 8.0}, 8.59985033688901, 0.00680332187899, -0.622347477971},
	{"mv-softmax", Params{"scale": 8.0, "margin_type": "arc"}, 7.89002335578323, 0.0537254648598, -1.2006265382},
	{"mv-softmax", Params{"scale": 8.0, "weighting": "fixed"}, 7.68528190976499, -0.0219156060228, -0.639140919184},
	{"mv-softmax", Params{"scale": 8.0, "easy_margin": true, "easy_threshold": 0.3}, 6.91988163117961, 0.00680896835565, -0.62241924576},
	{"npcface", Params{"scale": 8.0}, 8.09589493813522, 0.00581245503154, -0.430209228186},
	{"npcface", Params{"scale": 8.0, "easy_margin": false}, 8.29509069635397, 0.0472906337652, -1.12110740711},
	{"arcnegface", Params{"scale": 8.0}, 3.95500953453776, -0.139346070536, -1.71475984216},
	{"circle-softmax", Params{"scale": 8.0}, 12.029881542854, -0.0772245752233, 0.00836126877726},
	{"adacos", nil, 5.51691966964527, -0.0350372394755, -0.272943769532},
	{"adacos", Params{"median": "all", "margin": 0.5}, 8.06122716357333, 0.0656288054319, -1.78052903879},
	{"adacos", Params{"variant": "fixed"}, 1.49519264194757, -0.0161591566594, -0.0862398246296},
	{"adaface", Params{"scale": 8.0}, 7.0297470155002, -0.0356716813628, -0.505906997239},
	{"adaface", Params{"scale": 8.0, "alpha": 1.0}, 6.87443935856735, -0.0212624764422, -0.766129467666},
	{"adaface", Params{"scale": 8.0, "beyond": "clip", "epsilon": 0.3}, 5.98520878544827, -0.0280066245543, -1.47489438249},
	{"magface", Params{"scale": 8.0}, 8.76095669041916, -0.0179503537811, -1.32078242647},
	{"magface", Params{"scale": 8.0, "margin_type": "cos"}, 9.66465099858223, -0.0676330460468, -0.707702848339},
	{"elasticface", Params{"scale": 8.0}, 6.27595291650157, 0.0460942670088, -1.60722170255},
	{"elasticface", Params{"scale": 8.0, "assignment": "sorted", "sigma": 0.2}, 6.53214589887432, 0.0478596553936, -1.47927396626},
	{"elasticface", Params{"scale": 8.0, "margin_type": "cos"}, 7.34388213777954, -0.0242667598219, -0.832447600632},
	{"adam-softmax", Params{"scale": 8.0}, -18.0028596714895, -0.0248492584364, -0.552877227091},
	{"adam-softmax", Params{"scale": 8.0, "regularizer": "one-minus-mean"}, 51.9971403285105, -0.0248492584364, -0.552877227091},
	{"kappaface", Params{"scale": 8.0}, 5.32700789406673, -0.0145576413682, -0.61165956067},
	{"sphereface-r", Params{"scale": 8.0, "version": "v2"}, 5.19730561541827, -0.0800756471886, -0.570417288078},
	{"sphereface-r", Params{"scale": 8.0, "version": "v1"}, 6.41537130251709, 0.00406531553157, -1.77616295822},
	{"sphereface-r", Params{"scale": 8.0, "version": "v0"}, 6.6186775093892, -0.0795198861439, -0.383734663151},
	{"sphereface-r", Params{"scale": 8.0, "feature_normalization": "none"}, 8.77073335658169, 0.253013559695, -1.41772618435},
	{"sphereface-r", Params{"scale": 8.0, "feature_normalization": "soft", "loss_weight": 0.5}, 4.44905218836448, 0.130828755042, -0.708863092173},
	{"sphereface2", Params{"scale": 8.0}, 0.804197290738363, 0.0111214284173, -0.125572381028},
	{"sphereface2", Params{"scale": 8.0, "margin_type": "arc", "t": 2.5}, 0.59512667049077, 0.0123471126329, -0.0843195215187},
	{"sphereface2", Params{"scale": 8.0, "margin_type": "mul", "margin": 1.7, "loss_weight": 50.0}, 34.0564063800104, 0.937854795149, -1.18978177711},
	{"uniface", Params{"scale": 8.0}, 9.41057862148389, -0.119109473949, 0.0361313911362},
	{"uniface", Params{"scale": 8.0, "clamp": true, "lambda": 0.5}, 5.82153405897503, -0.038435244085, -1.35789913759},
	{"uniface", Params{"scale": 8.0, "bias_per_class": true}, 9.95292755521834, -0.166347618753, 0.140220020269},
	{"p2sgrad", nil, 1.21709583338177, 0.00193193476025, 0.0552167250522},
	{"p2sgrad", Params{"form": "mse"}, 0.608547916690884, 0.000965967380125, 0.0276083625261},
	{"focal", nil, 0.853029508878818, 0.139550872181, -0.509767064184},
	{"focal", Params{"form": "sigmoid"}, 0.830025056743035, 0.517527888475, -0.244407599225},
	{"focal", Params{"form": "batch-mean"}, 0.764175228296411, 0.172515307414, -0.670620203367},
	{"focal", Params{"bias": false, "gamma": 1.0}, 1.10251642343459, 0.0643937013031, -0.54716756106},
}

// detachedGoldens are the same for --gradient detached.
var detachedGoldens = []marginGolden{
	{"cosface", Params{"scale": 8.0}, 6.42722186470776, -0.0241309807847, -0.589761748085},
	{"arcface", Params{"scale": 8.0}, 6.40434658401814, -0.0284171670281, -0.595383213452},
	{"combined-margin", Params{"scale": 8.0}, 6.80698576348987, -0.0259477911516, -0.656143819702},
	{"subcenter-arcface", Params{"scale": 8.0}, 7.44153730376449, 0.161438290524, 2.36293861798},
	{"x2-softmax", Params{"scale": 8.0}, 16.5517826037953, -0.0297764556182, -1.1636771791},
	{"elasticface", Params{"scale": 8.0}, 6.27595291650157, -0.0288537144241, -0.664155775479},
	{"sphereface-r", Params{"scale": 8.0}, 5.19730561541827, -0.0551185159419, -0.434853176846},
	{"sphereface-r", Params{"scale": 8.0, "version": "v0", "feature_normalization": "soft"}, 11.557040035587, 0.429621388219, -0.952511216037},
	{"sphereface2", Params{"scale": 8.0}, 0.804197290738363, -0.00346120601937, -0.0497576376518},
	{"sphereface2", Params{"scale": 8.0, "margin_type": "arc"}, 0.619721531273311, 0.000284801903287, -0.0734452487327},
}

func TestMarginGolden(t *testing.T) {
	for _, c := range marginGoldens {
		c.check(t, "exact")
	}
	for _, c := range detachedGoldens {
		c.check(t, "detached")
	}
}

func (c marginGolden) check(t *testing.T, gradient string) {
	t.Helper()
	r := Request{Loss: c.loss, Params: c.params, Gradient: gradient, In: marginWaves(c.loss, c.params)}
	out := outputs(t, r)
	name := c.loss + " " + gradient
	for k, v := range c.params {
		name += " " + k + "=" + fmt.Sprint(v)
	}
	same(t, name, out["loss"].F[0], c.want)
	sameDigits(t, name+": grad_embeddings", probe(gradientOf(t, r, "embeddings")), c.embeddings)
	sameDigits(t, name+": grad_weight", probe(gradientOf(t, r, "weight")), c.weights)
}

// probe is a sum over all elements in which each has a factor of its own.
func probe(g *tensor.Tensor) float64 {
	var s float64
	for k, v := range g.F {
		s += v * math.Sin(float64(k+1))
	}
	return s
}

// sameDigits fails unless got and want agree to the twelve digits that a
// golden holds, less what a difference over a stencil loses.
func sameDigits(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))) {
		t.Errorf("%s = %.15g, want %.15g", what, got, want)
	}
}
