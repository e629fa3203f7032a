package formula

import (
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"losscc/verify/tensor"
)

// pairParameters are the parameters of the table, as it has them: the default
// is the first word.
var pairParameters = map[string]string{
	"multi-similarity":             "alpha=2, beta=50, lambda=1, mining=multi-similarity|none, epsilon=0.1, distance=cosine|…, normalize=false, average=rows|all|nonzero",
	"supcon":                       "temperature=0.1, base_temperature=0 (none), form=out|in, distance=cosine|…, normalize=false, average=all|rows|nonzero",
	"circle":                       "margin=0.4, scale=80, over=anchors|batch, combine=product|sum, detach=true, average=all|rows|nonzero",
	"nt-xent":                      "temperature=0.1, positives=views|labels, candidates=both-views|other-view, symmetric=true, denominator=all|negatives, distance=cosine|…, normalize=false",
	"proxy-anchor":                 "margin=0.1, scale=32",
	"proxy-nca":                    "scale=1, denominator=negatives|all, distance=squared-euclidean|…, normalize=true",
	"nca":                          "scale=1, objective=log|expected, epsilon=0, distance=squared-euclidean|…, normalize=false, average=all|rows|nonzero",
	"lifted-structure":             "margin=1, positive_margin=0, distance=euclidean|…, normalize=false",
	"generalized-lifted-structure": "margin=1 [U], positive_margin=0, distance=euclidean|…, normalize=false, average=all|rows|nonzero",
	"n-pair":                       "positives=labels|views, distance=dot|…, normalize=false, lambda=0 [U]",
	"angular":                      "alpha=45 (degrees) [U], normalize=true",
	"tuplet-margin":                "margin=0.1 (radians), scale=64",
	"threshold-consistent-margin":  "positive_margin=0.9, negative_margin=0.5, positive_weight=1, negative_weight=1",
	"soft-triple":                  "scale=20, gamma=0.1, margin=0.01, tau=0.2, epsilon=0",
	"intra-pair-variance":          "positive_epsilon=0.01, negative_epsilon=0.01, detach=false, distance=cosine|euclidean|squared-euclidean|dot, normalize=false",
	"snr-contrastive":              "margin=1, positive_margin=0, lambda=0 [U], normalize=false, average=nonzero|all",
	"ranked-list":                  "margin=0.4 [U], alpha=1.2 [U], positive_temperature=0, negative_temperature=10 [U], lambda=0.5 [U], detach=true [U], distance=euclidean|…, normalize=true, average=rows|all|nonzero",
	"smooth-ap":                    "temperature=0.01, include_query=true, distance=cosine|…, normalize=false, average=all|rows|nonzero",
	"pnp":                          "variant=dq|o|ds|iu|ib, alpha=8, b=2, temperature=0.01, include_query=true, distance=cosine|…, normalize=false, average=all|rows|nonzero",
	"fastap":                       "bins=10, average=all|rows|nonzero",
	"histogram":                    "bins=100 [U]",
	"vicreg":                       "lambda=25, mu=25, nu=1, gamma=1, epsilon=0.0001, variance=unbiased|population",
	"barlow-twins":                 "lambda=0.005, epsilon=0, variance=population|unbiased",
	"instance":                     "form=shared-classifier|batch, scale=1, normalize=false",
	"ring":                         "lambda=0.01, mode=l2|smooth-l1|auto",
	"margin":                       "margin=0.2, beta=1.2, learn_beta=false, nu=0, over=triplets|pairs, mining=none|distance-weighted, cutoff=0.5, nonzero_loss_cutoff=1.4, distance=euclidean|squared-euclidean, normalize=true",
	"simple":                       "b_theta=0.3, lambda=0.0001, margin=0, r=1, loss_weight=1000, bank=false",
	"range":                        "k=2, margin=20000 [U], alpha=0.00005 [U], beta=0.0001 [U], distance=squared-euclidean|euclidean, normalize=false",
	"dynamic-soft-margin":          "momentum=0.01, positives=views|labels, detach=true",
}

var parameter = regexp.MustCompile(`([a-z_]+)=([^,\s]+)`)

// defaultOf is the default of a parameter of the table.
func defaultOf(value string) any {
	first, _, _ := strings.Cut(value, "|")
	if x, err := strconv.ParseFloat(first, 64); err == nil {
		return x
	}
	if yes, err := strconv.ParseBool(first); err == nil {
		return yes
	}
	return first
}

func TestPairsHaveTheDefaultsOfTheTable(t *testing.T) {
	for loss, text := range pairParameters {
		want := Params{}
		for _, p := range parameter.FindAllStringSubmatch(text, -1) {
			want[p[1]] = defaultOf(p[2])
		}
		got, err := Defaults(loss)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v (%v), want %v", loss, got, err, want)
		}
	}
	if len(pairs) != 29 || len(pairParameters) != 29 {
		t.Errorf("%d losses and %d lines of the table, want 29", len(pairs), len(pairParameters))
	}
}

// Of all words that the table lists the loops take each, and no other one. The
// words of `distance` are those of its own table but for the losses that say
// otherwise.
func TestPairsTakeTheWordsOfTheTable(t *testing.T) {
	distances := map[string]string{
		"ranked-list": "euclidean|squared-euclidean|cosine", "margin": "euclidean|squared-euclidean", "range": "euclidean|squared-euclidean",
	}
	for loss, text := range pairParameters {
		for _, p := range parameter.FindAllStringSubmatch(text, -1) {
			name, words := p[1], p[2]
			if _, isWord := defaultOf(words).(string); !isWord {
				continue
			}
			if name == "distance" {
				if words = distances[loss]; words == "" {
					words = "euclidean|squared-euclidean|cosine|dot"
				}
			}
			for _, word := range strings.Split(words, "|") {
				r := Request{Loss: loss, Params: Params{name: word}, In: flock(loss)}
				if _, err := Eval(r); err != nil {
					t.Errorf("%s %s=%s: %v", loss, name, word, err)
				}
			}
			for _, word := range []string{"angle", "cosine", "dot", "separate", ""} {
				r := Request{Loss: loss, Params: Params{name: word}, In: flock(loss)}
				if _, err := Eval(r); err == nil && !strings.Contains("|"+words+"|", "|"+word+"|") {
					t.Errorf("%s %s=%s: no error", loss, name, word)
				}
			}
		}
	}
}

// variants are settings under which a loss of pairs has other inputs, or other
// outputs, than by default.
var variants = map[string][]Params{
	"circle":              {{"over": "batch"}},
	"n-pair":              {{"positives": "views"}},
	"nt-xent":             {{"positives": "labels"}},
	"instance":            {{"form": "batch"}},
	"margin":              {{"learn_beta": true}, {"mining": "distance-weighted"}},
	"simple":              {{"bank": true}},
	"dynamic-soft-margin": {{"positives": "labels"}},
}

// eachPair calls visit for every loss of pairs by default and under its
// variants.
func eachPair(visit func(loss string, p Params)) {
	for loss := range pairs {
		visit(loss, nil)
		for _, p := range variants[loss] {
			visit(loss, p)
		}
	}
}

// hasRows tells which losses have a row for each row of the batch.
func hasRows(loss string, p Params) bool {
	switch loss {
	case "generalized-lifted-structure", "multi-similarity", "nca", "proxy-nca", "supcon", "fastap", "ranked-list", "smooth-ap", "ring", "instance", "pnp":
		return true
	case "circle":
		return p["over"] != "batch"
	case "nt-xent", "dynamic-soft-margin":
		return p["positives"] != "labels"
	}
	return false
}

// hasLabels tells which losses have the input labels.
func hasLabels(loss string, p Params) bool {
	switch loss {
	case "nt-xent", "dynamic-soft-margin":
		return p["positives"] == "labels"
	case "instance":
		return p["form"] != "batch"
	}
	return loss != "vicreg" && loss != "barlow-twins" && loss != "ring"
}

func TestPairsReductions(t *testing.T) {
	eachPair(func(loss string, p Params) {
		of := func(reduction string) (*tensor.Tensor, error) {
			out, err := Eval(Request{Loss: loss, Params: p, Reduction: reduction, In: flock(loss)})
			return out["loss"], err
		}
		mean, err := of("mean")
		if err != nil || len(mean.Shape) != 0 {
			t.Fatalf("%s %v: %v, %v", loss, p, mean, err)
		}
		total, sumErr := of("sum")
		rows, noneErr := of("none")
		if !hasRows(loss, p) {
			if sumErr == nil || noneErr == nil {
				t.Errorf("%s %v has a mean only: no error", loss, p)
			}
			return
		}
		if sumErr != nil || noneErr != nil || len(rows.Shape) != 1 || rows.Len() != 10 {
			t.Fatalf("%s %v: %v (%v), %v (%v)", loss, p, total, sumErr, rows, noneErr)
		}
		same(t, loss+": the sum of its rows", sum(rows.F), total.F[0])
		if hasLabels(loss, p) {
			same(t, loss+": an ignored row", rows.F[4], 0)
		}
		terms := 0.0
		for _, v := range rows.F {
			if v != 0 {
				terms++
			}
		}
		if pairs[loss].defaults["average"] == "rows" {
			terms = 9
		}
		same(t, loss+": the mean of its rows", mean.F[0], total.F[0]/terms)
	})
}

// By average the sum is divided by the terms, by the nine kept rows, or by the
// terms above 0; the single row of class 7 has no term.
func TestPairsAverages(t *testing.T) {
	for loss := range pairs {
		_, has := pairs[loss].defaults["average"]
		if !has || loss == "snr-contrastive" || loss == "multi-similarity" || loss == "ranked-list" {
			continue // their terms are others
		}
		for average, divisor := range map[string]float64{"all": 8, "rows": 9, "nonzero": 8} {
			r := Request{Loss: loss, Params: Params{"average": average}, Reduction: "sum", In: flock(loss)}
			total := outputs(t, r)["loss"].F[0]
			same(t, loss+" average="+average, lossOf(t, loss, r.Params, r.In), total/divisor)
		}
	}
}

// What an ignored row holds is not looked at, and it may as well not be there;
// the losses of views have none.
func TestPairsIgnoreRows(t *testing.T) {
	eachPair(func(loss string, p Params) {
		in := flock(loss)
		out := outputs(t, Request{Loss: loss, Params: p, In: in})
		if !hasLabels(loss, p) {
			if out["ignored"] != nil {
				t.Errorf("%s %v: %v ignored, and it has no labels", loss, p, out["ignored"])
			}
			return
		}
		ignored := int64(1)
		if loss == "proxy-nca" || loss == "proxy-anchor" || loss == "soft-triple" || loss == "instance" || p["learn_beta"] == true {
			ignored = 2 // class 7 too
		}
		sameInts(t, loss+": ignored", out["ignored"], ignored)
		if len(out["ignored"].Shape) != 0 {
			t.Errorf("%s: ignored is %v, want a scalar", loss, out["ignored"])
		}

		for _, input := range []string{"embeddings", "embeddings_a", "embeddings_b"} {
			in[input] = in[input].Clone()
			for d := range 4 {
				in[input].F[4*4+d] = math.NaN()
			}
		}
		same(t, loss+" beside a row of NaN", lossOf(t, loss, p, in), out["loss"].F[0])

		for _, input := range []string{"embeddings", "embeddings_a", "embeddings_b"} {
			f := in[input].F
			in[input] = tensor.Floats(append(append([]float64{}, f[:16]...), f[20:]...), 9, 4)
		}
		in["labels"] = ints1(0, 1, 0, 2, 1, 0, 2, 7, 1)
		was := func(i int) int {
			if i < 4 {
				return i
			}
			return i + 1
		}
		noise := tensor.New(tensor.Float, 9, 9)
		for i := range 9 {
			for j := range 9 {
				noise.F[i*9+j] = in["noise"].F[was(i)*10+was(j)]
			}
		}
		in["noise"] = noise
		same(t, loss+" without the ignored row", lossOf(t, loss, p, in), out["loss"].F[0])
	})
}

// Nothing kept, and no rows at all, give 0 with gradient 0; only the spread of
// soft-triple's centres does not depend on the batch.
func TestPairsOfNothingAreZero(t *testing.T) {
	eachPair(func(loss string, p Params) {
		p = merge(p)
		if loss == "soft-triple" {
			p["tau"] = 0.0
		}
		for _, reduction := range []string{"mean", "sum", "none"} {
			if reduction != "mean" && !hasRows(loss, p) {
				continue
			}
			in := flock(loss)
			for k := range in["labels"].I {
				in["labels"].I[k] = -1 - int64(k)
			}
			r := Request{Loss: loss, Params: p, Reduction: reduction, In: in}
			if hasLabels(loss, p) {
				out := outputs(t, r)
				sameAll(t, loss+": nothing kept", out["loss"], make([]float64, out["loss"].Len())...)
				sameInts(t, loss+": ignored", out["ignored"], 10)
				for _, input := range trained(loss, p) {
					g := gradientOf(t, r, input)
					sameAll(t, loss+": nothing kept: grad_"+input, g, make([]float64, g.Len())...)
				}
			}
			for _, input := range []string{"embeddings", "embeddings_a", "embeddings_b"} {
				in[input] = tensor.New(tensor.Float, 0, 4)
			}
			in["labels"], in["noise"] = ints1(), tensor.New(tensor.Float, 0, 0)
			want := []float64{0}
			if reduction == "none" {
				want = nil
			}
			out := outputs(t, r)
			sameAll(t, loss+" of no rows", out["loss"], want...)
			if loss == "dynamic-soft-margin" {
				sameAll(t, "the histogram stays", out["histogram_next"], in["histogram"].F...)
			}
		}
	})
	in := flock("soft-triple")
	whole := lossOf(t, "soft-triple", nil, in) - lossOf(t, "soft-triple", Params{"tau": 0.0}, in)
	in["embeddings"], in["labels"] = tensor.New(tensor.Float, 0, 4), ints1()
	same(t, "soft-triple of no rows is the spread of its centres", lossOf(t, "soft-triple", nil, in), whole)
}

// One class has no negatives, and only single rows have no positives.
func TestPairsOfOneKind(t *testing.T) {
	for _, loss := range []string{
		"circle", "lifted-structure", "generalized-lifted-structure", "angular", "tuplet-margin", "margin", "n-pair",
		"multi-similarity", "nca", "smooth-ap", "pnp", "fastap", "histogram",
	} {
		in := flock(loss)
		in["labels"] = ints1(3, 3, 3, 3, 3, 3, 3, 3, 3, 3)
		same(t, loss+" of one class", lossOf(t, loss, nil, in), 0)
		in["labels"] = ints1(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		same(t, loss+" of single rows", lossOf(t, loss, nil, in), 0)
	}
	in := flock("nt-xent")
	in["labels"] = ints1(3, 3, 3, 3, 3, 3, 3, 3, 3, 3)
	same(t, "nt-xent of one class", lossOf(t, "nt-xent", Params{"positives": "labels"}, in), 0)
	in["proxies"] = rows2([]float64{1, 2, 3, 4})
	in["labels"] = ints1(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, denominator := range []string{"negatives", "all"} {
		same(t, "proxy-nca of one proxy", lossOf(t, "proxy-nca", Params{"denominator": denominator}, in), 0)
	}
}

// Logits of ±1000 and beyond stay finite, and so do their slopes.
func TestPairsOfLargeLogitsAreFinite(t *testing.T) {
	eachPair(func(loss string, p Params) {
		p = merge(p)
		defaults := pairs[loss].defaults
		if defaults["distance"] == "cosine" {
			p["distance"] = "dot" // of rows of length 40
		}
		large := Params{"scale": 1000.0, "temperature": 0.001, "alpha": 89.0, "beta": 1000.0, "r": 1e-3}
		for name, value := range large {
			if _, has := defaults[name]; has && loss != "margin" && loss != "ranked-list" && loss != "range" {
				p[name] = value
			}
		}
		in := flock(loss)
		for _, input := range []string{"embeddings", "embeddings_a", "embeddings_b", "proxies"} {
			in[input] = in[input].Clone()
			for k := range in[input].F {
				in[input].F[k] *= 20
			}
		}
		r := Request{Loss: loss, Params: p, In: in}
		for _, v := range []float64{lossOf(t, loss, p, in), slopeOf(t, r)} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s %v: %g", loss, p, v)
			}
		}
	})
}

// A zero row and two equal ones give numbers, and a zero row whose loss sees
// its unit vector only has gradient 0.
func TestPairsOfZeroAndEqualRows(t *testing.T) {
	eachPair(func(loss string, p Params) {
		in := flock(loss)
		for _, input := range []string{"embeddings", "embeddings_a", "embeddings_b"} {
			in[input] = in[input].Clone()
			f := in[input].F
			copy(f[2*4:3*4], f[0:4]) // of one class
			copy(f[8*4:9*4], f[7*4:8*4])
			copy(f[4:8], make([]float64, 4))
		}
		r := Request{Loss: loss, Params: p, In: in}
		for _, v := range []float64{lossOf(t, loss, p, in), slopeOf(t, r)} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s %v: %g", loss, p, v)
			}
		}
		d := merge(pairs[loss].defaults, p)
		switch {
		case d["distance"] == "cosine", d["normalize"] == true:
		case loss == "circle", loss == "tuplet-margin", loss == "proxy-anchor", loss == "soft-triple":
		case loss == "fastap" || loss == "histogram" || loss == "dynamic-soft-margin" || loss == "threshold-consistent-margin":
		default:
			return
		}
		input := trained(loss, p)[0]
		g := gradientOf(t, r, input)
		sameAll(t, loss+": the gradient of a zero row", tensor.Floats(g.F[4:8], 4), 0, 0, 0, 0)
	})
}
