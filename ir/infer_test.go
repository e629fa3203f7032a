package ir_test

import (
	"strings"
	"testing"

	"losscc/ir"
)

// ruleCase is a line that the type rules accept under some parameters, or
// refuse with a message.
type ruleCase struct{ params, line, err string }

var typeRules = []ruleCase{
	{"", "r: float[] = const {value=1.0}", ""},
	{"", "r: float[] = const {value=1}", "const: attribute value: want a number with a point, got a whole number"},
	{"", "r: int[] = int {value=1}", ""},
	{"", "r: int[] = int {value=1.0}", "int: attribute value: want a whole number, got a number with a point"},
	{"x: float[N]", "r: int[N] = iota {dim=N}", ""},
	{"x: float[N,C]", "r: int[N*C] = iota {dim=N*C}", ""},
	{"x: float[N]", "r: int[N] = iota {axis=0}", "iota: attribute dim: want an extent, got none"},
	{"x: float[N]", "r: int[] = extent {dim=N}", ""},
	{"x: float[N]", "r: int[] = extent x {dim=N}", "extent: want 0 arguments, got 1"},
	{"", "r: float[] = attr {name=\"m\"}", `attr: @f declares no number "m"`},

	{"x: float[N,C]", "r: float[N,C] = neg x", ""},
	{"x: int[N]", "r: int[N] = neg x", "neg: want float, got int[N]"},
	{"x: bool[N]", "r: bool[N] = abs x", "abs: want float, got bool[N]"},
	{"x: float[]", "r: float[] = exp x", ""},
	{"x: int[]", "r: float[] = exp x", "exp: want float, got int[]"},
	{"x: int[]", "r: float[] = log x", "log: want float, got int[]"},
	{"x: int[]", "r: float[] = sqrt x", "sqrt: want float, got int[]"},
	{"x: int[]", "r: int[] = floor x", "floor: want float, got int[]"},
	{"x: int[]", "r: float[] = sin x", "sin: want float, got int[]"},
	{"x: int[]", "r: float[] = cos x", "cos: want float, got int[]"},
	{"x: int[]", "r: float[] = acos x", "acos: want float, got int[]"},
	{"x: int[]", "r: float[] = recip x", "recip: want float, got int[]"},
	{"x: bool[]", "r: float[] = sigmoid x", "sigmoid: want float, got bool[]"},
	{"x: bool[]", "r: float[] = softplus x", "softplus: want float, got bool[]"},
	{"x: int[]", "r: int[] = stop x", "stop: want float, got int[]"},
	{"x: float[N], y: float[N]", "r: float[N] = through x, y", ""},
	{"x: float[N], y: float[]", "r: float[N] = through x, y", "through: want two floats of one shape, got float[N] and float[]"},
	{"x: int[N], y: int[N]", "r: int[N] = through x, y", "through: want two floats of one shape, got int[N] and int[N]"},
	{"x: float[N]", "r: float[N] = pow x {exponent=2.0}", ""},
	{"x: float[N]", "r: float[N] = pow x {exponent=2}", "pow: attribute exponent: want a number with a point, got a whole number"},

	{"x: float[N,C], y: float[C]", "r: float[N,C] = add x, y", ""},
	{"x: float[N,1], y: float[1,C]", "r: float[N,C] = add x, y", ""},
	{"x: float[], y: float[N,C,D]", "r: float[N,C,D] = sub x, y", ""},
	{"x: int[N], y: int[1]", "r: int[N] = mul x, y", ""},
	{"x: float[N], y: int[N]", "r: float[N] = add x, y", "add: want two floats or two ints, got float[N] and int[N]"},
	{"x: float[N], y: int[]", "r: float[N] = sub x, y", "sub: want two floats or two ints, got float[N] and int[]"},
	{"x: bool[N], y: bool[N]", "r: bool[N] = mul x, y", "mul: want two floats or two ints, got bool[N] and bool[N]"},
	{"x: float[N], y: float[C]", "r: float[N] = div x, y", "div: shapes [N] and [C] do not broadcast: N against C"},
	{"x: float[2], y: float[3]", "r: float[2] = max x, y", "max: shapes [2] and [3] do not broadcast: 2 against 3"},
	{"x: float[N,C], y: float[N]", "r: float[N,C] = min x, y", "min: shapes [N,C] and [N] do not broadcast: C against N"},

	{"x: float[N], y: float[]", "r: bool[N] = less x, y", ""},
	{"x: int[N], y: int[N]", "r: bool[N] = less_equal x, y", ""},
	{"x: bool[N], y: bool[N]", "r: bool[N] = equal x, y", "equal: want two floats or two ints, got bool[N] and bool[N]"},
	{"x: float[N], y: int[N]", "r: bool[N] = less x, y", "less: want two floats or two ints, got float[N] and int[N]"},
	{"x: float[N], y: int[N]", "r: bool[N] = less_equal x, y", "less_equal: want two floats or two ints"},
	{"a: bool[N,1], b: bool[C]", "r: bool[N,C] = and a, b", ""},
	{"a: bool[N], b: int[N]", "r: bool[N] = and a, b", "and: want bool, got int[N]"},
	{"a: float[N], b: bool[N]", "r: bool[N] = or a, b", "or: want bool, got float[N]"},
	{"a: int[N]", "r: bool[N] = not a", "not: want bool, got int[N]"},
	{"c: bool[N,1], x: float[C], y: float[]", "r: float[N,C] = select c, x, y", ""},
	{"c: bool[], x: bool[C], y: bool[C]", "r: bool[C] = select c, x, y", ""},
	{"c: int[], x: float[C], y: float[C]", "r: float[C] = select c, x, y", "select: want a bool condition, got int[]"},
	{"c: bool[], x: float[C], y: int[C]", "r: float[C] = select c, x, y", "select: want two values of one kind, got float[C] and int[C]"},
	{"c: bool[N], x: float[C], y: float[C]", "r: float[C] = select c, x, y", "select: shapes [N] and [C] do not broadcast"},
	{"x: int[N]", "r: float[N] = float x", ""},
	{"x: float[N]", "r: float[N] = float x", "float: float[N] is float already"},
	{"x: bool[N]", "r: int[N] = to_int x", ""},
	{"x: int[N]", "r: int[N] = to_int x", "to_int: int[N] is int already"},

	{"x: float[N,C,D]", "r: float[N,D] = sum x {axis=1}", ""},
	{"x: int[N]", "r: int[] = sum x {axis=0}", ""},
	{"x: float[N]", "r: float[] = sum x {axis=1}", "sum: axis 1 is outside float[N]"},
	{"x: float[N]", "r: float[] = sum x {axis=-1}", "sum: axis -1 is outside float[N]"},
	{"x: float[]", "r: float[] = sum x {axis=0}", "sum: axis 0 is outside float[]"},
	{"x: bool[N]", "r: int[] = sum x {axis=0}", "sum: want float or int, got bool[N]"},
	{"x: int[N]", "r: int[] = reduce_max x {axis=0}", ""},
	{"x: bool[N]", "r: bool[] = reduce_max x {axis=0}", "reduce_max: want float or int, got bool[N]"},
	{"x: bool[N]", "r: bool[] = reduce_min x {axis=0}", "reduce_min: want float or int, got bool[N]"},
	{"x: float[N,D]", "r: float[N] = norm x {scaled=true}", ""},
	{"x: float[C,D]", "r: float[C] = long_norm x", ""},
	{"x: float[]", "r: float[] = long_norm x", "long_norm: want floats of rank 1 or more, got float[]"},
	{"x: float[]", "r: float[] = norm x {scaled=true}", "norm: want floats of rank 1 or more, got float[]"},
	{"x: int[N]", "r: float[] = norm x {scaled=true}", "norm: want floats of rank 1 or more, got int[N]"},
	{"x: float[N,C]", "r: int[N] = argmax x {axis=1}", ""},
	{"x: bool[N]", "r: int[] = argmax x {axis=0}", "argmax: want float or int, got bool[N]"},
	{"x: float[N,C]", "r: int[N] = argmin x {axis=1}", ""},
	{"x: bool[N]", "r: int[] = argmin x {axis=0}", "argmin: want float or int, got bool[N]"},
	{"x: float[N,C], k: int[]", "r: int[N,R] = argtop x, k {largest=true, dim=R}", ""},
	{"x: float[N,C], k: int[N]", "r: int[N,R] = argtop x, k {largest=true, dim=R}", "argtop: want one int for k, got int[N]"},
	{"x: bool[N,C], k: int[]", "r: int[N,R] = argtop x, k {largest=true, dim=R}", "argtop: want numbers of rank 1 or more, got bool[N,C]"},
	{"x: int[N,C], k: int[]", "r: int[N,R] = argtop x, k {largest=true, dim=R}", ""},
	{"x: float[], k: int[]", "r: int[R] = argtop x, k {largest=true, dim=R}", "argtop: want numbers of rank 1 or more, got float[]"},
	{"x: float[N], k: int[]", "r: int[R] = argtop x, k {largest=1, dim=R}", "argtop: attribute largest: want true or false, got a whole number"},
	{"x: float[N,C]", "r: float[N,C] = cumsum x {axis=1}", ""},
	{"x: bool[N]", "r: bool[N] = cumsum x {axis=0}", "cumsum: want float or int, got bool[N]"},
	{"x: float[N]", "r: float[N] = cumsum x {axis=1}", "cumsum: axis 1 is outside float[N]"},

	{"x: float[N,D], w: float[C,D]", "r: float[N,C] = matmul x, w {trans_a=false, trans_b=true}", ""},
	{"x: float[D,N], w: float[C,D]", "r: float[N,C] = matmul x, w {trans_a=true, trans_b=true}", ""},
	{"x: float[N,D], w: float[C,D]", "r: float[N,C] = matmul x, w {trans_a=false, trans_b=false}", "matmul: inner extents D and C differ in the product of float[N,D] and float[C,D]"},
	{"x: float[N,D], w: float[D]", "r: float[N] = matmul x, w {trans_a=false, trans_b=false}", "matmul: want a float matrix, got float[D]"},
	{"x: int[N,D], w: int[D,C]", "r: int[N,C] = matmul x, w {trans_a=false, trans_b=false}", "matmul: want a float matrix, got int[N,D]"},
	{"x: float[N,D], w: float[C,D]", "r: float[N,C] = matmul_by x, w {trans_a=false, trans_b=true, factor=2.0}", ""},
	{"x: float[N,D], w: float[C,D]", "r: float[N,C] = matmul_by x, w {trans_a=false, trans_b=false, factor=2.0}", "matmul_by: inner extents D and C differ in the product of float[N,D] and float[C,D]"},
	{"x: float[N,D], w: float[C,D], c: float[N,C]", "r: float[N,C] = matmul_add x, w, c {trans_a=false, trans_b=true}", ""},
	{"x: float[N,D], w: float[C,D], c: float[C]", "r: float[N,C] = matmul_add x, w, c {trans_a=false, trans_b=true}", "matmul_add: want what the product is, float[N,C], got float[C]"},
	{"x: float[N,D], w: float[C,D], c: float[N,C]", "r: float[N,C] = matmul_add x, w, c {trans_a=false, trans_b=false}", "matmul_add: inner extents D and C differ in the product of float[N,D] and float[C,D]"},
	{"x: bool[N,D]", "r: bool[D,N] = transpose x", ""},
	{"x: float[N]", "r: float[N] = transpose x", "transpose: want a matrix, got float[N]"},
	{"x: float[N,1], y: float[C,D]", "r: float[C,N,D] = expand x {shape=[C,N,D]}", ""},
	{"x: float[N]", "r: float[1] = expand x {shape=[1]}", "expand: float[N] does not expand to [1]"},
	{"x: float[N]", "r: float[C] = expand x {shape=[C]}", "expand: shapes [N] and [C] do not broadcast"},
	{"x: float[N,C]", "r: float[N] = expand x {shape=[C]}", "expand: float[N,C] does not expand to [C]"},
	{"x: float[C,K,D]", "r: float[C*K,D] = reshape x {shape=[C*K,D]}", ""},
	{"x: float[C*K], y: int[C,K]", "r: float[C,1,K] = reshape x {shape=[C,1,K]}", ""},
	{"x: float[C,K]", "r: float[K*C] = reshape x {shape=[K*C]}", "reshape: float[C,K] cannot become [K*C]: its factors in order are other ones"},
	{"x: float[C,K]", "r: float[C] = reshape x {shape=[C]}", "reshape: float[C,K] cannot become [C]"},
	{"x: int[N]", "r: int[N,1] = unsqueeze x {axis=1}", ""},
	{"x: float[N]", "r: float[N,1] = unsqueeze x {axis=2}", "unsqueeze: axis 2 is outside float[N]"},
	{"x: float[A,B,C,D,E,F,G,H]", "r: float[1,A,B,C,D,E,F,G,H] = unsqueeze x {axis=0}", "unsqueeze: rank 9; at most 8 is allowed"},
	{"x: float[N,1]", "r: float[N] = squeeze x {axis=1}", ""},
	{"x: float[N,1]", "r: float[1] = squeeze x {axis=0}", "squeeze: axis 0 of float[N,1] is not 1"},
	{"x: float[N,1]", "r: float[N] = squeeze x {axis=2}", "squeeze: axis 2 is outside float[N,1]"},

	{"x: float[N,C], i: int[N]", "r: float[N] = pick x, i {axis=1}", ""},
	{"x: bool[A,N,C], i: int[A,C]", "r: bool[A,C] = pick x, i {axis=1}", ""},
	{"x: float[N,C], i: int[C]", "r: float[N] = pick x, i {axis=1}", "pick: want places int[N], got int[C]"},
	{"x: float[N,C], i: float[N]", "r: float[N] = pick x, i {axis=1}", "pick: want places int[N], got float[N]"},
	{"x: float[N,C], i: int[N]", "r: float[N] = pick x, i {axis=2}", "pick: axis 2 is outside float[N,C]"},
	{"x: float[N,C], i: int[N], v: float[N]", "r: float[N,C] = put x, i, v {axis=1}", ""},
	{"x: float[N,C], i: int[N], v: float[]", "r: float[N,C] = put x, i, v {axis=1}", "put: want new elements float[N], got float[]"},
	{"x: float[N,C], i: int[], v: float[N]", "r: float[N,C] = put x, i, v {axis=1}", "put: want places int[N], got int[]"},
	{"x: bool[N,C], i: int[N,R]", "r: bool[N,R] = take x, i", ""},
	{"x: float[N,C], i: int[M,R]", "r: float[M,R] = take x, i", "take: want a matrix and int places for each of its rows, got float[N,C] and int[M,R]"},
	{"x: float[N], i: int[N]", "r: float[N] = take x, i", "take: want a matrix and int places for each of its rows, got float[N] and int[N]"},
	{"x: float[N,C], i: float[N,R]", "r: float[N,R] = take x, i", "take: want a matrix and int places for each of its rows, got float[N,C] and float[N,R]"},
	{"x: float[N,C], i: int[N,R], v: float[N,R]", "r: float[N,C] = add_at x, i, v", ""},
	{"x: float[N,C], i: int[N,R], v: float[N,C]", "r: float[N,C] = add_at x, i, v", "add_at: want floats to add float[N,R], got float[N,C]"},
	{"x: int[N,C], i: int[N,R], v: int[N,R]", "r: int[N,C] = add_at x, i, v", "add_at: want floats to add float[N,R], got int[N,R]"},
	{"x: float[C,D], i: int[N,M]", "r: float[N,M,D] = gather x, i", ""},
	{"x: bool[C], i: int[]", "r: bool[] = gather x, i", ""},
	{"x: float[], i: int[N]", "r: float[N] = gather x, i", "gather: want rows and int places, got float[] and int[N]"},
	{"x: float[C], i: float[N]", "r: float[N] = gather x, i", "gather: want rows and int places, got float[C] and float[N]"},
	{"i: int[N], v: float[N,D], c: float[C]", "r: float[C,D] = scatter_add i, v {dim=C}", ""},
	{"i: int[N], v: float[N,D]", "r: float[C,D] = scatter_add i, v {dim=C}", "scatter_add: no parameter and no value before has the extent C"},
	{"x: float[C*K], y: int[K]", "r: float[C,K] = reshape x {shape=[C,K]}", "reshape: no parameter and no value before has the extent C"},
	{"x: float[N]", "r: float[Q,N] = expand x {shape=[Q,N]}", "expand: no parameter and no value before has the extent Q"},
	{"x: float[N]", "r: int[Q] = iota {dim=Q}", "iota: no parameter and no value before has the extent Q"},
	{"x: float[C*K], y: float[D]", "r: int[D*C*K*2] = iota {dim=D*C*K*2}", ""},
	{"x: float[C*K], y: float[D]", "r: int[D*K*C] = iota {dim=D*K*C}", "iota: no parameter and no value before has the extent K"},
	{"i: int[N,1], v: float[N,D]", "r: float[C,D] = scatter_add i, v {dim=C}", "scatter_add: want int places of rank 1, got int[N,1]"},
	{"i: int[N], v: float[M,D]", "r: float[C,D] = scatter_add i, v {dim=C}", "scatter_add: want a row for each of int[N], got float[M,D]"},
	{"i: int[N], v: int[N]", "r: int[C] = scatter_add i, v {dim=C}", "scatter_add: want a row for each of int[N], got int[N]"},
	{"c: bool[A,B,C]", "r: int[T,3] = nonzero c {dim=T}", ""},
	{"c: int[A]", "r: int[T,1] = nonzero c {dim=T}", "nonzero: want bools of rank 1 or more, got int[A]"},
	{"c: bool[]", "r: int[T,0] = nonzero c {dim=T}", "nonzero: want bools of rank 1 or more, got bool[]"},
	{"a: float[N,D], b: float[P,D]", "r: float[M,D] = concat a, b {dim=M}", ""},
	{"a: float[N,D], b: int[P,D]", "r: float[M,D] = concat a, b {dim=M}", "concat: want rows of one kind, got float[N,D] and int[P,D]"},
	{"a: float[N,D], b: float[P,C]", "r: float[M,D] = concat a, b {dim=M}", "concat: want rows of one kind, got float[N,D] and float[P,C]"},
	{"a: float[], b: float[]", "r: float[M] = concat a, b {dim=M}", "concat: want rows of one kind, got float[] and float[]"},
}

// The callee of the cases below.
const scaleFn = "func @Scale<by: number, kind: text, n: int, x: float>(x: float[R,C], y: float[C], z: int[1]) {\n" +
	"  s: float[R] = sum x {axis=1}\n  p: float[R*C] = reshape x {shape=[R*C]}\n  return s=s, p=p\n}\n\n"

const scaleAttrs = `, by=1.0, kind="a", n=2, x=nan}`

var callRules = []ruleCase{
	{"x: float[N,D], y: float[D], z: int[1]", "r: float[N] = call x, y, z {fn=@Scale, out=0" + scaleAttrs, ""},
	{"x: float[N,N], y: float[N], z: int[1]", "r: float[N*N] = call x, y, z {fn=@Scale, out=1" + scaleAttrs, ""},
	{"x: float[1,A*B], y: float[A*B], z: int[1]", "r: float[A*B] = call x, y, z {fn=@Scale, out=1" + scaleAttrs, ""},
	{"x: float[N,D], y: float[N], z: int[1]", "r: float[N] = call x, y, z {fn=@Scale, out=0" + scaleAttrs, "call: @Scale: C of y is N, but D elsewhere"},
	{"x: float[N,D], y: float[D], z: int[N]", "r: float[N] = call x, y, z {fn=@Scale, out=0" + scaleAttrs, "call: @Scale wants int[1] for z, got int[N]"},
	{"x: float[N,D], y: int[D], z: int[1]", "r: float[N] = call x, y, z {fn=@Scale, out=0" + scaleAttrs, "call: @Scale wants float[C] for y, got int[D]"},
	{"x: float[N], y: float[D], z: int[1]", "r: float[N] = call x, y, z {fn=@Scale, out=0" + scaleAttrs, "call: @Scale wants float[R,C] for x, got float[N]"},
	{"x: float[N,D], y: float[D]", "r: float[N] = call x, y {fn=@Scale, out=0" + scaleAttrs, "call: @Scale takes 3 arguments, got 2"},
	{"x: float[N,D], y: float[D], z: int[1]", "r: float[N] = call x, y, z {fn=@Scale, out=2" + scaleAttrs, "call: @Scale has 2 results, not a result 2"},
	{"x: float[N,D], y: float[D], z: int[1]", "r: float[N] = call x, y, z {fn=@Scale, out=-1" + scaleAttrs, "not a result -1"},
	{"x: float[N,D], y: float[D], z: int[1]", "r: float[N] = call x, y, z {fn=@Scale, out=0.0" + scaleAttrs, "call: attribute out: want a whole number, got a number with a point"},
	{"x: float[N,D], y: float[D], z: int[1]", "r: float[N] = call x, y, z {out=0, fn=@Scale" + scaleAttrs, "call: want the attributes fn and out first"},
	{"x: float[N,D], y: float[D], z: int[1]", "r: float[N] = call x, y, z {fn=1, out=0" + scaleAttrs, "call: no function to call"},
	{"x: float[N,D], y: float[D], z: int[1]", `r: float[N] = call x, y, z {fn=@Scale, out=0, by=1.0, kind="a", n=2}`, "call: @Scale declares 4 attributes, the call sets 3"},
	{"x: float[N,D], y: float[D], z: int[1]", `r: float[N] = call x, y, z {fn=@Scale, out=0, by=1, kind="a", n=2, x=1.0}`, "call: @Scale: attribute 0 is by=1, want by of kind number"},
	{"x: float[N,D], y: float[D], z: int[1]", `r: float[N] = call x, y, z {fn=@Scale, out=0, by=1.0, kind="a", n=2.0, x=1.0}`, "call: @Scale: attribute 2 is n=2.0, want n of kind int"},
	{"x: float[N,D], y: float[D], z: int[1]", `r: float[N] = call x, y, z {fn=@Scale, out=0, bi=1.0, kind="a", n=2, x=1.0}`, "call: @Scale: attribute 0 is bi=1.0, want by of kind number"},
	{"x: float[N,D], y: float[D], z: int[1]", `r: float[N] = call x, y, z {fn=@Scale, out=0, kind="a", by=1.0, n=2, x=1.0}`, `call: @Scale: attribute 0 is kind="a", want by of kind number`},
}

func TestTypeRules(t *testing.T) {
	refused := map[string]bool{}
	for _, c := range append(typeRules, callRules...) {
		text := "func @f(" + c.params + ") {\n" + c.line + "\nreturn r=r\n}"
		if strings.Contains(c.line, "@Scale") || strings.Contains(c.line, "call") {
			text = scaleFn + text
		}
		_, err := ir.Parse(text)
		switch {
		case c.err == "" && err != nil:
			t.Errorf("under (%s), %s: %v", c.params, c.line, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("under (%s), %s: error %v, want %q", c.params, c.line, err, c.err)
		}
		if c.err != "" {
			_, line, _ := strings.Cut(c.line, "= ")
			op, _, _ := strings.Cut(line, " ")
			refused[op] = true
		}
	}
	for _, op := range ir.Ops {
		if !refused[op.Name] && op != ir.OpParam {
			t.Errorf("no case shows what %s refuses", op)
		}
	}
}

func TestBroadcastIsTheSameFromBothSides(t *testing.T) {
	shapes := []ir.Shape{nil, {"1"}, {"N"}, {"C"}, {"N", "1"}, {"1", "N"}, {"N", "C"}, {"1", "1", "1"}, {"N*C"}, {"2"}}
	for _, s := range shapes {
		for _, u := range shapes {
			a, errA := ir.Broadcast(s, u)
			b, errB := ir.Broadcast(u, s)
			if (errA == nil) != (errB == nil) || !a.Equal(b) {
				t.Errorf("%v with %v is %v (%v), the other way %v (%v)", s, u, a, errA, b, errB)
			}
		}
	}
}
