package compile

import (
	"regexp"
	"testing"

	"losscc/onnxexport/onnxpb"
)

// spine are the losses whose files are mutated.
var spine = []variant{
	{mustFind("softmax"), nil},
	{mustFind("cosface"), map[string]string{"scale": "20"}},
	{mustFind("arcface"), map[string]string{"scale": "20"}},
	{mustFind("contrastive"), nil},
	{mustFind("triplet"), nil},
}

// alike are the mutants that the judge cannot tell from the file, because they
// compute the same function: the proof of each. Losses and mutants are regular
// expressions.
var alike = []struct{ loss, mutant, proof string }{
	// Extents and broadcasting.
	{anyLoss, `drop graph extent: .*|edge graph less: Less takes extent_C for extent`,
		"[1] and [] broadcast alike against [N]"},
	{"softmax|cosface|arcface", `edge graph shape: Shape takes (pick|mul_3|f) for labels`,
		"these are [N] as labels are"},
	{"triplet", `edge graph extent_N: Shape takes terms for anchor`,
		"the first extent of both is N"},
	{"contrastive|triplet", `constant graph axes(_1)?: 0 → -1`,
		"the last axis of [N] is the first, and of what becomes [1] too"},
	// A norm.
	{"cosface|arcface", `edge graph extent_D: Shape takes select for embeddings|attribute graph extent_D\.end: 2 → 3`,
		"both are [N,D], and have no third extent"},
	{"cosface|arcface", `constant graph axes_2: 64 → 65|drop graph mod: .*|axis graph equal: Equal takes 64 for 0|axis graph where: Where takes 1 for 64|edge graph concat: Concat exchanges div and where`,
		"squares sum up to the same in pieces of 65, of 1, of the row, and in as many pieces as one had entries"},
	{"cosface|arcface", `attribute graph squares\.axes: \[2\] reversed, or 1 − it`,
		"the last axis of three is −1 too"},
	{"softmax|cosface|arcface", `op graph equal(_[123])?: Equal → LessOrEqual`,
		"norms, largest absolute values and sums of exponentials are not below 0, and nothing is below −∞"},
	{"contrastive", `op graph equal_2: Equal → LessOrEqual`,
		"distances and largest absolute values are not below 0"},
	{anyLoss, `constant (graph num_[134]|ArcMarginGrad num_2\.value): 1e\+300 → 1\.001e\+300|op graph less_[23]: Less → LessOrEqual|op ArcMarginGrad less_1: Less → LessOrEqual`,
		"nothing drawn has a reciprocal of 1e300 to the last digits; that of 0 is infinite"},
	{"arcface", `edge ArcMarginGrad recip: Where takes num_2 for num_1`,
		"where the sine is 0 what is multiplied by its reciprocal is masked after"},
	{"cosface|arcface|contrastive", `op graph top: ReduceMax → ReduceMin|edge graph equal(_[12])?: Equal takes top for num|edge graph abs: Abs takes select_1 for sub`,
		"t·‖x/t‖ is ‖x‖ for every t > 0, and t is 1 where this one is 0; squares leave float64 beyond 1e±150 only"},
	// A log-sum-exp and the cross-entropy over it.
	{"softmax|cosface|arcface", `edge graph select_1: Where takes sum for num_[12]|drop graph select_1: .*`,
		"where the sum is 0, there being one class, its logarithm and its quotient are replaced after"},
	{"softmax|cosface|arcface", `edge graph select_5: Where takes (mul|mul_4|sigmoid) for num|drop graph select_5: .*|edge graph div_[234]: Div takes (mul|mul_4) for select_5`,
		"where the sum is 0 the logistic function of −∞ is 0 already"},
	{"softmax|cosface|arcface", `edge graph select_6: Where takes (div_[24]|select_5) for num|drop graph select_6: .*|edge graph unsqueeze_[4-7]: Unsqueeze takes div_[24] for select_6`,
		"where the sum is 0 the quotient is that of 0 and 1"},
	{"softmax", `op graph div: Div → Mul|drop graph div: .*`, log1p},
	{"cosface|arcface", `op graph div_2: Div → Mul|drop graph div_2: .*`, log1p},
	// Ignored rows.
	{"cosface|arcface", `edge graph select_4: Where takes (loss|div_3) for num`,
		"an ignored row was made 0, and so are its products with anything; its own gradient is left out after"},
	{"contrastive", `edge graph select_3: Where takes (loss|div_1) for num`,
		"the gradient of an ignored pair is left out after"},
	{"softmax|contrastive", `edge graph grad_embeddings(_[ab])?: Where takes (matmul_1|neg|mul_1[2-5]|grad_embeddings_b) for num`,
		"the gradient of an ignored row is 0 already, since its term is"},
	{"contrastive", `edge graph select_1: Where takes select for num`,
		"both rows of an ignored pair are made 0"},
	// Gradients of margins.
	{"arcface", `constant (ArcMargin|ArcMarginGrad) num\.value: 1 → -1`,
		"(−1−c)(−1+c) is (1−c)(1+c), and the derivative takes the difference of the two factors, −2c in both"},
	{"arcface", `op ArcMarginGrad less: Less → LessOrEqual|drop ArcMarginGrad mul_4: .*|edge ArcMarginGrad less_1: Less takes mul_2 for max`,
		"where the sine is 0 its reciprocal is 0, and so is what the mask lets through; elsewhere both are above 0"},
	// Distances and hinges.
	{"contrastive", `edge graph mul_3: Mul takes sub_1 for max(_1)?`,
		"z·[z]₊ is [z]₊²"},
	{"contrastive", `edge graph select_4: Where takes div_1 for select_3`,
		"a pair of one class is kept"},
	{"contrastive", `op graph less(_1)?: Less → LessOrEqual|drop graph mul_(7|10): .*`,
		"where the hinge is 0 its square has the derivative 0 already"},
	{"contrastive", `edge graph less_1: Less takes (mul_10|mul_11) for d`,
		"these are the distance times something above 0, or 0 where the pair is of the other kind and what is masked is 0 too"},
	{"triplet", `edge graph neg: Neg takes mul_2 for div`,
		"it is multiplied by the mask in mul_2, which is 0 or 1 and its own square"},
	{"contrastive", `edge graph less_1: Less takes mul_10 for num`,
		"this is the distance times at most ½: below it where it is above 0"},
	{"contrastive", `edge graph less: Less takes (mul_6|mul_7) for d`,
		"these are the hinge of 1 − d times at most 1: below 1, but at distance 0, where the derivative of d is 0; and where the hinge is 0 so is what is masked"},
}

// log1p is why what log(1+e) loses to rounding need not be made good to its last
// bits.
const log1p = "what log(1+e) lost to rounding is r < 2⁻⁵³; r/(1+e), r and r·(1+e) differ by less than 2r·e, and log(1+e) is above e/2: less than its last bits"

// anyLoss matches the name of every loss.
const anyLoss = ".*"

// The judge refutes every mutant but those that are proved to be alike; and
// each line of that table is needed.
func TestJudgeRefutesEveryMistake(t *testing.T) {
	if testing.Short() {
		t.Skip("the judge's own test: -short tests the losses")
	}
	used := make([]int, len(alike))
	for _, v := range spine {
		t.Run(v.loss.Name, func(t *testing.T) {
			_, data := file(t, v, Options{Grad: true, DType: "f64"})
			model, err := onnxpb.Decode(data, onnxpb.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			refuted, kinds := 0, map[string]int{}
			for _, m := range mutants(model) {
				if refutes(t, m) {
					refuted++
					kinds[m.kind]++
					continue
				}
				if i := alikeAt(v.loss.Name, m); i >= 0 {
					used[i]++
					continue
				}
				t.Errorf("not refuted: %s", m)
			}
			t.Logf("%d mutants refuted: %v", refuted, kinds)
			if refuted < 40 {
				t.Errorf("only %d mutants were refuted", refuted)
			}
		})
	}
	for i, n := range used {
		if n == 0 && !t.Failed() {
			t.Errorf("no mutant of %s needs the proof for %q", alike[i].loss, alike[i].mutant)
		}
	}
}

// refutes tells whether the judge finds the mistake, and not only that constants
// are left over from it.
func refutes(t *testing.T, m mutant) bool {
	(&forger{m: m.model}).dropIdle()
	return judgeRefutes(t, m.String(), m.model)
}

// alikeAt is the line of the table for a mutant, or −1.
func alikeAt(loss string, m mutant) int {
	for i, a := range alike {
		if regexp.MustCompile("^("+a.loss+")$").MatchString(loss) && regexp.MustCompile("^("+a.mutant+")$").MatchString(m.String()) {
			return i
		}
	}
	return -1
}
