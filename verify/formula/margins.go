package formula

// marginHead are the hyper-parameters of a head that takes every option:
// those of each cross-entropy, and sub-centres.
var marginHead = merge(headOptions, Params{"sub_centers": 1.0})

// margins are the heads of the margin family.
var margins = map[string]entry{
	"normface": {
		defaults: merge(marginHead, Params{"scale": 20.0}),
		eval:     normface,
	},
	"cosface": {
		defaults: merge(marginHead, Params{"scale": 64.0, "margin": 0.35, "easy_margin": false}),
		eval:     cosface,
		detached: true,
	},
	"arcface": {
		defaults: merge(marginHead, arcOptions, Params{"scale": 64.0, "margin": 0.5}),
		eval:     arcface,
		detached: true,
	},
	"combined-margin": {
		defaults: merge(marginHead, arcOptions, Params{
			"scale": 64.0, "m1": 1.0, "m2": 0.3, "m3": 0.2, "interclass_filtering_threshold": 0.0,
		}),
		eval:     combinedMargin,
		detached: true,
	},
	"subcenter-arcface": {
		defaults: merge(marginHead, arcOptions, Params{"scale": 64.0, "margin": 0.5, "sub_centers": 3.0}),
		eval:     subcenterArcface,
		detached: true,
	},
	"x2-softmax": {
		defaults: merge(marginHead, Params{"scale": 64.0, "a": -0.9, "h": 0.0, "k": 0.65}),
		eval:     x2Softmax,
		detached: true,
	},
	"li-arcface": {
		defaults: merge(marginHead, Params{"scale": 64.0, "margin": 0.45}),
		eval:     liArcface,
	},
	"curricularface": {
		defaults: merge(marginHead, arcOptions, Params{"scale": 64.0, "margin": 0.5, "alpha": 0.01}),
		eval:     curricularface,
	},
	"mv-softmax": {
		defaults: merge(marginHead, Params{
			"scale": 32.0, "margin": 0.35, "t": 0.2, "margin_type": "cos", "weighting": "adaptive",
			"easy_margin": false, "easy_threshold": 0.0,
		}),
		eval: mvSoftmax,
	},
	"npcface": {
		defaults: merge(marginHead, Params{
			"scale": 64.0, "margin": 0.5, "t": 1.1, "a": 0.2, "m0": 0.4, "m1": 0.2, "easy_margin": true,
		}),
		eval: npcface,
	},
	"arcnegface": {
		defaults: merge(marginHead, arcOptions, Params{"scale": 64.0, "margin": 0.5, "alpha": 1.2, "sigma": 2.0}),
		eval:     arcnegface,
	},
	"circle-softmax": {
		defaults: merge(marginHead, Params{"scale": 256.0, "margin": 0.25}),
		eval:     circleSoftmax,
	},
	"adacos": {
		defaults: merge(marginHead, Params{"variant": "dynamic", "median": "target", "margin": 0.0}),
		eval:     adacos,
	},
	"adaface": {
		defaults: merge(marginHead, Params{
			"scale": 64.0, "margin": 0.4, "h": 0.333, "alpha": 0.01, "beyond": "none", "epsilon": 0.001,
		}),
		eval: adaface,
	},
	"magface": {
		defaults: merge(marginHead, arcOptions, Params{
			"scale": 64.0, "l_a": 10.0, "u_a": 110.0, "l_m": 0.45, "u_m": 0.8, "lambda_g": 35.0, "margin_type": "arc",
		}),
		eval: magface,
	},
	"elasticface": {
		defaults: merge(marginHead, arcOptions, Params{
			"scale": 64.0, "margin": 0.5, "sigma": 0.05, "margin_type": "arc", "assignment": "random",
		}),
		eval:     elasticface,
		detached: true,
	},
	"adam-softmax": {
		defaults: merge(marginHead, Params{"scale": 30.0, "lambda": 70.0, "regularizer": "negative-mean"}),
		eval:     adamSoftmax,
	},
	"kappaface": {
		defaults: merge(marginHead, arcOptions, Params{
			"scale": 64.0, "margin": 0.62, "temperature": 0.55, "gamma": 0.7,
		}),
		eval: kappaface,
	},
	"sphereface-r": {
		defaults: merge(marginHead, Params{
			"scale": 60.0, "margin": 1.4, "version": "v2", "feature_normalization": "hard",
			"loss_weight": 1.0, "soft_weight": 0.01,
		}),
		eval:     sphereFaceR,
		detached: true,
	},
	"sphereface2": {
		defaults: Params{
			"scale": 40.0, "margin": 0.4, "t": 3.0, "lambda": 0.7, "margin_type": "cos", "loss_weight": 1.0,
		},
		eval:     sphereFace2,
		detached: true,
	},
	"uniface": {
		defaults: Params{"scale": 64.0, "margin": 0.4, "lambda": 1.0, "clamp": false, "bias_per_class": false},
		eval:     uniface,
	},
	"p2sgrad": {
		defaults: Params{"form": "half-sum"},
		eval:     p2sgrad,
	},
	"focal": {
		defaults: Params{"gamma": 2.0, "form": "softmax", "alpha": 0.25, "bias": true},
		eval:     focal,
	},
}
