package onnxexport_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"losscc/ir"
	"losscc/onnxexport"
	"losscc/verify/irval"
	"losscc/verify/onnxval"
)

func TestEveryOpIsLowered(t *testing.T) {
	for _, op := range ir.Ops {
		if !onnxexport.Lowered(op) {
			t.Errorf("%s has no row", op)
		}
	}
	if onnxexport.Rows() != len(ir.Ops) {
		t.Errorf("%d rows for %d ops", onnxexport.Rows(), len(ir.Ops))
	}
}

// opCase is an op in a function of its own. The last line of the body is the
// result.
type opCase struct {
	fact         string
	params, body string
	in           domain
	// graph says that the op asks for a shape, which no body of a function
	// can.
	graph bool
}

func num(op string) opCase {
	return opCase{"of a table", "x: float[N,C]", "y: float[N,C] = " + op, anywhere, false}
}

func pairs(op, elem, result string) []opCase {
	var all []opCase
	for _, c := range []struct{ a, b, y string }{
		{"N,C", "N,C", "N,C"}, {"N,1", "N,C", "N,C"}, {"C", "N,C", "N,C"}, {"N,C", "", "N,C"}, {"N,1", "1,C", "N,C"}, {"", "", ""},
	} {
		all = append(all, opCase{"of [" + c.a + "] and [" + c.b + "], " + elem,
			"x: " + elem + "[" + c.a + "], z: " + elem + "[" + c.b + "]", "y: " + result + "[" + c.y + "] = " + op + " x, z", anywhere, false})
	}
	return all
}

func axes(op, elem string) []opCase {
	to := elem
	if op == "argmax" || op == "argmin" {
		to = "int"
	}
	return []opCase{
		{"of a vector, " + elem, "x: " + elem + "[N]", "y: " + to + "[] = " + op + " x {axis=0}", anywhere, false},
		{"down, " + elem, "x: " + elem + "[N,C]", "y: " + to + "[C] = " + op + " x {axis=0}", anywhere, false},
		{"across, " + elem, "x: " + elem + "[N,C]", "y: " + to + "[N] = " + op + " x {axis=1}", anywhere, false},
		{"in the middle, " + elem, "x: " + elem + "[N,C,K]", "y: " + to + "[N,K] = " + op + " x {axis=1}", anywhere, false},
	}
}

func product(x, w string, ta, tb bool) opCase {
	return opCase{fmt.Sprintf("[%s]·[%s]", x, w), "x: float[" + x + "], w: float[" + w + "]",
		fmt.Sprintf("z: float[N,C] = matmul x, w {trans_a=%v, trans_b=%v}", ta, tb), domain{-2, 2}, false}
}

func both(a, b []opCase) []opCase { return append(a, b...) }

// lowered is the ops, each in the ways in which its row may go.
var lowered = map[*ir.Op][]opCase{
	ir.OpParam:  {{"given back", "x: float[N]", "y: float[N] = neg x", anywhere, false}},
	ir.OpConst:  {{"in a sum", "x: float[N]", "c: float[] = const {value=0.1}\ny: float[N] = add x, c", anywhere, false}},
	ir.OpInt:    {{"in a sum", "x: int[N]", "c: int[] = int {value=-7}\ny: int[N] = add x, c", anywhere, false}},
	ir.OpAttr:   {{"of a call", "x: float[N]", "func @Scaled<k: number>(c: float[N]) {\nk: float[] = attr {name=\"k\"}\ny: float[N] = mul c, k\nreturn y=y\n}\n\na: float[N] = call x {fn=@Scaled, out=0, k=0.1}\nb: float[N] = call a {fn=@Scaled, out=0, k=1e-300}\ny: float[N] = add a, b", anywhere, false}},
	ir.OpIota:   {{"of a parameter's extent", "x: float[N,C]", "y: int[C] = iota {dim=C}", anywhere, true}, {"of a product", "x: float[N*C]", "y: int[N*C] = iota {dim=N*C}", anywhere, true}},
	ir.OpExtent: {{"of a parameter's", "x: float[N,C]", "y: int[] = extent {dim=C}", anywhere, false}, {"of a product's factors", "x: float[N,C]", "y: int[] = extent {dim=N*C}", anywhere, false}, {"of a number", "x: float[N,5]", "y: int[] = extent {dim=5}", anywhere, false}},

	ir.OpNeg: {num("neg x")}, ir.OpAbs: {num("abs x")}, ir.OpExp: {num("exp x")}, ir.OpLog: {num("log x")}, ir.OpSqrt: {num("sqrt x")},
	ir.OpFloor: {num("floor x")}, ir.OpRecip: {num("recip x")}, ir.OpSigmoid: {num("sigmoid x")}, ir.OpSoftplus: {num("softplus x")},
	ir.OpSin:     {{"of angles", "x: float[N,C]", "y: float[N,C] = sin x", domain{-4, 4}, false}},
	ir.OpCos:     {{"of angles", "x: float[N,C]", "y: float[N,C] = cos x", domain{-4, 4}, false}},
	ir.OpAcos:    {num("acos x"), {"of cosines", "x: float[N,C]", "y: float[N,C] = acos x", domain{-1, 1}, false}},
	ir.OpStop:    {num("stop x")},
	ir.OpThrough: {{"of the mended", "x: float[N,C], w: float[N,C]", "y: float[N,C] = through w, x", anywhere, false}},
	ir.OpPow:     {num("pow x {exponent=2.0}"), num("pow x {exponent=0.5}"), num("pow x {exponent=-1.5}"), num("pow x {exponent=0.0}"), num("pow x {exponent=1.0}")},

	ir.OpAdd: both(pairs("add", "float", "float"), pairs("add", "int", "int")),
	ir.OpSub: both(pairs("sub", "float", "float"), pairs("sub", "int", "int")),
	ir.OpMul: both(pairs("mul", "float", "float"), pairs("mul", "int", "int")),
	ir.OpDiv: both(pairs("div", "float", "float"), []opCase{
		{"of whole numbers", "x: int[N], d: int[]", "s: int[] = int {value=5}\ne: int[N] = sub x, s\nk: int[] = int {value=2}\ny: int[N] = div e, k", anywhere, false}}),
	ir.OpMax: both(pairs("max", "float", "float"), pairs("max", "int", "int")),
	ir.OpMin: both(pairs("min", "float", "float"), pairs("min", "int", "int")),

	ir.OpLess:      both(pairs("less", "float", "bool"), pairs("less", "int", "bool")),
	ir.OpLessEqual: both(pairs("less_equal", "float", "bool"), pairs("less_equal", "int", "bool")),
	ir.OpEqual:     both(pairs("equal", "float", "bool"), pairs("equal", "int", "bool")),
	ir.OpAnd:       pairs("and", "bool", "bool"),
	ir.OpOr:        pairs("or", "bool", "bool"),
	ir.OpNot:       {{"of bools", "c: bool[N,C]", "y: bool[N,C] = not c", anywhere, false}},
	ir.OpSelect: {
		{"floats", "c: bool[N,C], a: float[N,C], b: float[N,C]", "y: float[N,C] = select c, a, b", anywhere, false},
		{"floats, broadcast", "c: bool[N,1], a: float[C], b: float[]", "y: float[N,C] = select c, a, b", anywhere, false},
		{"ints", "c: bool[N], a: int[N], b: int[]", "y: int[N] = select c, a, b", anywhere, false},
		{"bools", "c: bool[N], a: bool[N], b: bool[N]", "y: bool[N] = select c, a, b", anywhere, false},
		{"bools, broadcast", "c: bool[N,1], a: bool[C], b: bool[]", "y: bool[N,C] = select c, a, b", anywhere, false},
	},
	ir.OpFloat: {{"of bools", "c: bool[N,C]", "y: float[N,C] = float c", anywhere, false}, {"of ints", "c: int[N,C]", "y: float[N,C] = float c", anywhere, false}},
	ir.OpToInt: {{"of bools", "c: bool[N,C]", "y: int[N,C] = to_int c", anywhere, false}, {"of floats", "x: float[N,C]", "y: int[N,C] = to_int x", domain{-5, 5}, false}},

	ir.OpSum: append(both(axes("sum", "float"), axes("sum", "int")), opCase{"over what was chosen", "c: bool[N], x: float[N]",
		"p: int[T,1] = nonzero c {dim=T}\nq: int[T] = squeeze p {axis=1}\ng: float[T] = gather x, q\ny: float[] = sum g {axis=0}", anywhere, false},
		opCase{"over nothing that was chosen", "x: float[N]",
			"c: bool[N] = less x, x\np: int[T,1] = nonzero c {dim=T}\nq: int[T] = squeeze p {axis=1}\ng: float[T] = gather x, q\ny: float[] = sum g {axis=0}", anywhere, false},
		opCase{"over whole numbers that were chosen", "c: bool[N]",
			"p: int[T,1] = nonzero c {dim=T}\nq: int[T] = squeeze p {axis=1}\ny: int[] = sum q {axis=0}", anywhere, false}),
	ir.OpReduceMax: both(axes("reduce_max", "float"), axes("reduce_max", "int")),
	ir.OpReduceMin: both(axes("reduce_min", "float"), axes("reduce_min", "int")),
	ir.OpLongNorm: {
		{"of short rows", "x: float[N,3]", "y: float[N] = long_norm x", domain{-3, 3}, false},
		{"of rows of two pieces", "x: float[N,128]", "y: float[N] = long_norm x", domain{-3, 3}, false},
		{"of rows with a rest", "x: float[N,65]", "y: float[N] = long_norm x", domain{-3, 3}, false},
		{"of rows of some length", "x: float[N,D]", "y: float[N] = long_norm x", domain{-3, 3}, false},
		{"of rows of rows", "x: float[N,C,D]", "y: float[N,C] = long_norm x", domain{-3, 3}, false},
		{"of a vector", "x: float[64]", "y: float[] = long_norm x", domain{-3, 3}, false},
	},
	ir.OpNorm: {
		{"of rows", "x: float[N,3]", "y: float[N] = norm x {scaled=false}", domain{-3, 3}, false},
		{"of rows, scaled", "x: float[N,3]", "y: float[N] = norm x {scaled=true}", domain{-3, 3}, false},
		{"of huge rows, scaled", "x: float[N,3]", "y: float[N] = norm x {scaled=true}", domain{-1e300, 1e300}, false},
		{"of tiny rows, scaled", "x: float[N,3]", "y: float[N] = norm x {scaled=true}", domain{-1e-300, 1e-300}, false},
		{"of zero rows, scaled", "x: float[N,3]", "z: float[N,3] = sub x, x\ny: float[N] = norm z {scaled=true}", domain{-3, 3}, false},
		{"of a vector", "x: float[3]", "y: float[] = norm x {scaled=true}", domain{-3, 3}, false},
		{"of rows of rows", "x: float[N,C,2]", "y: float[N,C] = norm x {scaled=true}", domain{-3, 3}, false},
	},
	ir.OpArgMax: both(axes("argmax", "float"), axes("argmax", "int")),
	ir.OpArgMin: both(axes("argmin", "float"), axes("argmin", "int")),
	ir.OpArgTop: {
		{"the largest", "x: float[N,C]", "k: int[] = extent {dim=C}\ny: int[N,R] = argtop x, k {largest=true, dim=R}", domain{-3, 3}, false},
		{"the smallest", "x: float[N,C]", "k: int[] = extent {dim=C}\ny: int[N,R] = argtop x, k {largest=false, dim=R}", domain{-3, 3}, false},
		{"of ties", "x: float[N,C]", "s: float[N,C] = floor x\nk: int[] = extent {dim=C}\ny: int[N,R] = argtop s, k {largest=true, dim=R}", domain{0, 2}, false},
		{"of a vector", "x: float[C]", "k: int[] = extent {dim=C}\ny: int[R] = argtop x, k {largest=true, dim=R}", domain{-3, 3}, false},
	},
	ir.OpCumSum: {
		{"down", "x: float[N,C]", "y: float[N,C] = cumsum x {axis=0}", anywhere, false}, {"across", "x: float[N,C]", "y: float[N,C] = cumsum x {axis=1}", anywhere, false},
		{"of ints", "x: int[N]", "y: int[N] = cumsum x {axis=0}", anywhere, false},
	},

	ir.OpMatMul: {
		product("N,D", "D,C", false, false), product("N,D", "C,D", false, true), product("D,N", "D,C", true, false), product("D,N", "C,D", true, true),
		{"x·xᵀ", "x: float[N,D]", "z: float[N,N] = matmul x, x {trans_a=false, trans_b=true}", domain{-2, 2}, false},
	},
	ir.OpMatMulAdd: {
		{"y·w + c", "y: float[N,D], w: float[D,C], c: float[N,C]", "z: float[N,C] = matmul_add y, w, c {trans_a=false, trans_b=false}", domain{-2, 2}, false},
		{"yᵀ·wᵀ + c", "y: float[D,N], w: float[C,D], c: float[N,C]", "z: float[N,C] = matmul_add y, w, c {trans_a=true, trans_b=true}", domain{-2, 2}, false},
	},
	ir.OpMatMulBy: {
		{"k·y·w", "y: float[N,D], w: float[D,C]", "z: float[N,C] = matmul_by y, w {trans_a=false, trans_b=false, factor=-4.0}", domain{-2, 2}, false},
		{"k·yᵀ·wᵀ", "y: float[D,N], w: float[C,D]", "z: float[N,C] = matmul_by y, w {trans_a=true, trans_b=true, factor=0.5}", domain{-2, 2}, false},
	},
	ir.OpTranspose: {{"of floats", "x: float[N,D]", "y: float[D,N] = transpose x", anywhere, false}, {"of bools", "x: bool[N,D]", "y: bool[D,N] = transpose x", anywhere, false}},
	ir.OpExpand: {
		{"a number", "x: float[], n: float[N,C]", "y: float[N,C] = expand x {shape=[N,C]}", anywhere, true},
		{"a constant", "n: float[N,C]", "c: float[] = const {value=0.1}\ny: float[N,C] = expand c {shape=[N,C]}", anywhere, true},
		{"a row", "x: float[C], n: float[N]", "y: float[N,C] = expand x {shape=[N,C]}", anywhere, true},
		{"a column", "x: float[N,1], n: float[C]", "y: float[N,C] = expand x {shape=[N,C]}", anywhere, true},
		{"ints", "x: int[], n: float[N]", "y: int[N] = expand x {shape=[N]}", anywhere, true},
		{"a whole constant", "n: float[N]", "c: int[] = int {value=3}\ny: int[N] = expand c {shape=[N]}", anywhere, true},
		{"to numbers", "x: float[]", "y: float[2,3] = expand x {shape=[2,3]}", anywhere, true},
		{"to what was chosen", "c: bool[N], x: float[]", "p: int[T,1] = nonzero c {dim=T}\ny: float[T] = expand x {shape=[T]}", anywhere, true},
	},
	ir.OpReshape: {
		{"joined", "x: float[C,K,D]", "y: float[C*K,D] = reshape x {shape=[C*K,D]}", anywhere, true},
		{"parted", "x: float[C*K,D], n: float[C,K]", "y: float[C,K,D] = reshape x {shape=[C,K,D]}", anywhere, true},
	},
	ir.OpUnsqueeze: {{"in front", "x: float[N]", "y: float[1,N] = unsqueeze x {axis=0}", anywhere, false}, {"at the end", "x: bool[N]", "y: bool[N,1] = unsqueeze x {axis=1}", anywhere, false}},
	ir.OpSqueeze:   {{"in front", "x: float[1,N]", "y: float[N] = squeeze x {axis=0}", anywhere, false}, {"at the end", "x: int[N,1]", "y: int[N] = squeeze x {axis=1}", anywhere, false}},

	ir.OpPick: {
		{"a column each row", "x: float[N,C], i: int[N]", "y: float[N] = pick x, i {axis=1}", anywhere, false},
		{"a row each column", "x: int[N,C], i: int[C]", "y: int[C] = pick x, i {axis=0}", anywhere, false},
		{"of a vector", "x: float[N], i: int[]", "y: float[] = pick x, i {axis=0}", anywhere, false},
		{"in the middle", "x: float[N,C,K], i: int[N,K]", "y: float[N,K] = pick x, i {axis=1}", anywhere, false},
		{"twice at one place", "x: float[N,C], i: int[N]", "a: float[N] = pick x, i {axis=1}\nz: float[N,C] = neg x\nb: float[N] = pick z, i {axis=1}\ny: float[N] = sub a, b", anywhere, false},
	},
	ir.OpPut: {
		{"a column each row", "x: float[N,C], i: int[N], v: float[N]", "y: float[N,C] = put x, i, v {axis=1}", anywhere, false},
		{"a row each column", "x: bool[N,C], i: int[C], v: bool[C]", "y: bool[N,C] = put x, i, v {axis=0}", anywhere, false},
		{"what was picked there", "x: float[N,C], i: int[N]", "p: float[N] = pick x, i {axis=1}\nn: float[N] = neg p\ny: float[N,C] = put x, i, n {axis=1}", anywhere, false},
	},
	ir.OpTake: {
		{"floats", "x: float[N,C], i: int[N,R]", "y: float[N,R] = take x, i", anywhere, false},
		{"bools", "x: bool[N,C], i: int[N,R]", "y: bool[N,R] = take x, i", anywhere, false},
	},
	ir.OpAddAt: {
		{"to a parameter", "x: float[N,C], i: int[N,R], v: float[N,R]", "y: float[N,C] = add_at x, i, v", domain{-2, 2}, false},
		{"to what was made, which is read again", "x: float[N,C], i: int[N,R], v: float[N,R]", "n: float[N,C] = neg x\na: float[N,C] = add_at n, i, v\ny: float[N,C] = mul a, n", domain{-2, 2}, false},
	},
	ir.OpGather: {
		{"rows", "x: float[C,D], i: int[N]", "y: float[N,D] = gather x, i", anywhere, false}, {"one row", "x: float[C,D], i: int[]", "y: float[D] = gather x, i", anywhere, false},
		{"a table of numbers", "x: int[C], i: int[N,K]", "y: int[N,K] = gather x, i", anywhere, false},
	},
	ir.OpScatterAdd: {
		{"rows", "v: float[N,D], i: int[N], n: float[C]", "y: float[C,D] = scatter_add i, v {dim=C}", domain{-2, 2}, true},
		{"numbers", "v: float[N], i: int[N], n: float[C]", "y: float[C] = scatter_add i, v {dim=C}", domain{-2, 2}, true},
	},
	ir.OpNonZero: {{"of a vector", "c: bool[N]", "y: int[T,1] = nonzero c {dim=T}", anywhere, false}, {"of a table", "c: bool[N,C]", "y: int[T,2] = nonzero c {dim=T}", anywhere, false}},
	ir.OpConcat:  {{"floats", "a: float[N,D], b: float[P,D]", "y: float[M,D] = concat a, b {dim=M}", anywhere, false}, {"ints", "a: int[N], b: int[P]", "y: int[M] = concat a, b {dim=M}", anywhere, false}},
	ir.OpCall: {
		{"one result", "x: float[N]", pair + "y: float[N] = call x {fn=@Pair, out=0}", anywhere, false},
		{"the other", "x: float[N]", pair + "y: float[N] = call x {fn=@Pair, out=1}", anywhere, false},
		{"both", "x: float[N]", pair + "a: float[N] = call x {fn=@Pair, out=1}\nb: float[N] = call x {fn=@Pair, out=0}\ny: float[N] = sub a, b", anywhere, false},
		{"twice, of different arguments", "x: float[N]", pair + "n: float[N] = neg x\na: float[N] = call x {fn=@Pair, out=1}\nb: float[N] = call n {fn=@Pair, out=0}\ny: float[N] = sub a, b", anywhere, false},
		{"of a call", "x: float[N]", pair + "a: float[N] = call x {fn=@Pair, out=1}\ny: float[N] = call a {fn=@Pair, out=0}", anywhere, false},
	},
}

// pair is a function of two results.
const pair = `func @Pair(c: float[N]) {
a: float[N] = neg c
b: float[N] = sqrt c
return a=a, b=b
}

`

// approximate are the ops whose two kernels round differently, with how far
// apart they may be relative to the element, or to 1 where it is smaller.
var approximate = map[*ir.Op]struct{ tolerance, floor float64 }{
	ir.OpCos:       {8e-16, 1},  // sin(x + π/2) rounds the sum
	ir.OpAcos:      {4e-16, 1},  // three correcting terms
	ir.OpSigmoid:   {4e-16, 0},  // another sign of the exponent
	ir.OpSoftplus:  {4e-16, 0},  // log1p made of log
	ir.OpMatMul:    {4e-16, 12}, // sums of three products of at most 4
	ir.OpMatMulAdd: {4e-16, 14}, // and one more
	ir.OpMatMulBy:  {4e-16, 48}, // four times those
	ir.OpNorm:      {4e-16, 0},  // sums of three squares
	ir.OpLongNorm:  {2e-15, 0},  // of up to 128
}

// draws is how many inputs each op gets.
const draws = 40

// Each op gives in the file what it gives in the language: in a graph and in
// the body of a function, at opsets on both sides of every change of form.
func TestOpsInTheFileAreThoseOfTheLanguage(t *testing.T) {
	for _, op := range ir.Ops {
		if len(lowered[op]) == 0 {
			t.Errorf("%s has no case", op)
		}
		for _, c := range lowered[op] {
			t.Run(op.Name+"/"+c.fact, func(t *testing.T) { c.check(t, op) })
		}
	}
}

// An op that has an extent goes along it in blocks, or the reason is known.
func TestOpsGoInBlocks(t *testing.T) {
	refused := map[*ir.Op]bool{}
	walked := 0
	for _, op := range ir.Ops {
		for _, c := range lowered[op] {
			f := parsed(t, source(c.params, c.body))
			switch err := onnxexport.CheckBlocks(f, "C"); {
			case err == nil:
				walked++
			case !strings.Contains(err.Error(), "nothing"):
				refused[op] = true
			}
		}
	}
	// Sorting needs all of an extent, and so do places in it that are not one a
	// row; of 0, 1, … along N*C a block is not the next numbers.
	want := map[*ir.Op]bool{ir.OpArgTop: true, ir.OpAddAt: true, ir.OpIota: true}
	if !maps.Equal(refused, want) {
		t.Errorf("%v are refused, want %v", refused, want)
	}
	if walked < 150 {
		t.Errorf("only %d cases walk along C", walked)
	}
}

// What cannot go in blocks is refused, and not made wrongly: a function that works
// along the extent, a matrix that has it twice, an extent that it does not lead.
func TestWhatHasNoBlocksIsRefused(t *testing.T) {
	for body, says := range map[string]string{
		"func @S(x: float[N,C]) {\ns: float[N] = sum x {axis=1}\nu: float[N,1] = unsqueeze s {axis=1}\ny: float[N,C] = div x, u\nreturn y=y\n}\n\ne: float[N,C] = exp x\np: float[N,C] = call e {fn=@S, out=0}": "call of float[N,C] cannot be made a block of C at a time",
		"y: float[C] = sum m {axis=1}":                              "param of float[C,C] has no blocks of C",
		"y: float[] = sum k {axis=0}":                               "param of float[K*C] has no blocks of C",
		"y: float[N] = sum x {axis=1}":                              "",
		"y: float[N,N] = matmul x, x {trans_a=false, trans_b=true}": "",
	} {
		params := "x: float[N,C]"
		switch {
		case strings.Contains(body, "sum m"):
			params = "m: float[C,C]"
		case strings.Contains(body, "sum k"):
			params = "k: float[K*C]"
		}
		err := onnxexport.CheckBlocks(parsed(t, source(params, body)), "C")
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", body, err, says)
		}
	}
}

func (c opCase) check(t *testing.T, op *ir.Op) {
	f := parsed(t, source(c.params, c.body))
	var files []*onnxval.Model
	for _, opset := range []int{16, 17, 18, 21, 25} {
		o := onnxexport.Options{Float: onnxexport.F64, Opset: opset}
		files = append(files, loaded(t, f, o))
		if len(f.Callees()) == 0 {
			o.Form = onnxexport.Flat
			files = append(files, loaded(t, f, o))
		}
	}
	if onnxexport.CheckBlocks(f, "C") == nil {
		for most := 1; most <= 3; most++ {
			blocks := onnxexport.Blocks{Dim: "C", Most: most}
			files = append(files, loaded(t, f, onnxexport.Options{Float: onnxexport.F64, Blocks: blocks}))
		}
	}
	o := onnxexport.Options{Float: onnxexport.F64}
	if _, err := onnxexport.Bytes(called(t, f), o); !c.graph {
		files = append(files, loaded(t, called(t, f), o))
	} else if err == nil || !strings.Contains(err.Error(), "the body of a function cannot") {
		t.Errorf("as a body: error %v, want one that says that a body has no shapes", err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	seen := 0
	for range draws {
		in := drawn(rng, f, c.in)
		want, err := irval.Eval(f, in)
		if err != nil {
			continue // no value: an index into nothing, an argmax of nothing
		}
		seen++
		for _, m := range files {
			got, err := m.Run(in)
			if err != nil {
				t.Fatalf("%v in\n%s\nfor %s", err, f, spelled(in))
			}
			if d := apart(got, want, approximate[op].tolerance, approximate[op].floor); d != "" {
				t.Fatalf("%s in\n%s\nfor %s", d, f, spelled(in))
			}
		}
	}
	if seen < draws/3 {
		t.Errorf("only %d of %d inputs have a value", seen, draws)
	}
}
