package formula

// seeds are the losses of the founding family, from softmax to A-Softmax.
var seeds = map[string]entry{
	"softmax": {
		defaults: merge(headOptions, Params{"bias": true, "temperature": 1.0}),
		eval:     softmax,
	},
	"hardmax": {
		defaults: Params{"bias": true},
		eval:     hardmax,
	},
	"contrastive": {
		defaults: merge(metricOptions, Params{
			"margin":          1.0,
			"positive_margin": 0.0,
			"squared":         true,
			"loss_weight":     0.5,
			"average":         "all",
			"mining":          "none",
		}),
		eval: contrastive,
	},
	"triplet": {
		defaults: merge(metricOptions, Params{
			"margin":   0.2,
			"distance": "squared-euclidean",
			"hinge":    "relu",
			"swap":     false,
			"average":  "all",
			"mining":   "none",
		}),
		eval: triplet,
	},
	"center": {
		defaults: Params{
			"loss_weight":    0.5,
			"alpha":          0.5,
			"update":         "plus-one",
			"centers_output": "dense",
			"normalize":      false,
		},
		eval: center,
	},
	"l-softmax": {
		defaults: merge(headOptions, Params{"margin": 4.0, "scale": 1.0}),
		eval:     lSoftmax,
		detached: true,
	},
	"a-softmax": {
		defaults: merge(headOptions, Params{"margin": 4.0, "scale": 1.0, "feature_normalization": "none"}),
		eval:     aSoftmax,
		detached: true,
	},
}
