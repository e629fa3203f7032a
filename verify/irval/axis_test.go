package irval

import "testing"

func TestReductions(t *testing.T) {
	const x = "x: float[N,C]"
	const i = "i: int[N,C]"
	const c3 = "x: float[A,B,C]"
	run(t, []opCase{
		{"sum over columns", x, "r: float[N] = sum x {axis=1}", "x: 1 2 3 | 4 5 6", "[2] 6 15", ""},
		{"sum over rows", x, "r: float[C] = sum x {axis=0}", "x: 1 2 3 | 4 5 6", "[3] 5 7 9", ""},
		{"sum over the middle axis", c3, "r: float[A,C] = sum x {axis=1}", "x: [2,2,3] 1 2 3 4 5 6 7 8 9 10 11 12", "[2,3] 5 7 9 17 19 21", ""},
		{"sum of ints", i, "r: int[N] = sum i {axis=1}", "i: 9007199254740992 1 | 1 2", "[2] 9007199254740993 3", ""},
		{"sum over nothing is 0", x, "r: float[C] = sum x {axis=0}", "x: [0,2]", "[2] 0 0", ""},
		{"sum of no rows is no rows", x, "r: float[N] = sum x {axis=1}", "x: [0,2]", "[0]", ""},
		{"reduce_max over columns", x, "r: float[N] = reduce_max x {axis=1}", "x: 1 3 2 | -4 -5 -6", "[2] 3 -4", ""},
		{"reduce_max over rows", x, "r: float[C] = reduce_max x {axis=0}", "x: 1 3 2 | -4 5 -6", "[3] 1 5 2", ""},
		{"reduce_max keeps NaN", x, "r: float[N] = reduce_max x {axis=1}", "x: 1 NaN Inf", "[1] NaN", ""},
		{"reduce_max over nothing is −∞", x, "r: float[C] = reduce_max x {axis=0}", "x: [0,2]", "[2] -Inf -Inf", ""},
		{"reduce_min over columns", x, "r: float[N] = reduce_min x {axis=1}", "x: 1 3 2 | -4 -5 -6", "[2] 1 -6", ""},
		{"reduce_min keeps NaN", x, "r: float[N] = reduce_min x {axis=1}", "x: 1 NaN -Inf", "[1] NaN", ""},
		{"reduce_min over nothing is ∞", x, "r: float[C] = reduce_min x {axis=0}", "x: [0,2]", "[2] +Inf +Inf", ""},
		{"reduce_min of no ints is the largest int", i, "r: int[C] = reduce_min i {axis=0}", "i: [0,1]", "[1] 9223372036854775807", ""},
		{"reduce_max of ints", i, "r: int[N] = reduce_max i {axis=1}", "i: -3 -2", "[1] -2", ""},
		{"reduce_max of no ints is the smallest int", i, "r: int[C] = reduce_max i {axis=0}", "i: [0,1]", "[1] -9223372036854775808", ""},
		{"norm of rows", x, "r: float[N] = norm x {scaled=false}", "x: 3 4 | -5 12", "[2] 5 13", ""},
		{"norm of a zero row is 0", x, "r: float[N] = norm x {scaled=true}", "x: 0 -0", "[1] 0", ""},
		{"norm overflows and vanishes only if it must", x, "r: float[N] = norm x {scaled=true}", "x: 3e200 4e200 | 3e-200 4e-200", "[2] 5e+200 5e-200", ""},
		{"norm of nothing is 0", x, "r: float[N] = norm x {scaled=true}", "x: [2,0]", "[2] 0 0", ""},
		{"norm keeps NaN", x, "r: float[N] = norm x {scaled=true}", "x: 1 NaN", "[1] NaN", ""},
		{"argmax is the first of equals", x, "r: int[N] = argmax x {axis=1}", "x: 1 3 3 | 7 7 7", "[2] 1 0", ""},
		{"argmax over rows", x, "r: int[C] = argmax x {axis=0}", "x: 1 3 3 | 7 3 9", "[3] 1 0 1", ""},
		{"argmax counts NaN as largest", x, "r: int[N] = argmax x {axis=1}", "x: 1 Inf NaN NaN", "[1] 2", ""},
		{"argmax of ints", i, "r: int[N] = argmax i {axis=1}", "i: -3 -2 -2", "[1] 1", ""},
		{"argmax over nothing is an error", x, "r: int[N] = argmax x {axis=1}", "x: [2,0]", "", "@f: r: argmax: float[2,0] has no element along axis 1"},
		{"argmin is the first of equals", x, "r: int[N] = argmin x {axis=1}", "x: 3 1 1 | 7 7 7", "[2] 1 0", ""},
		{"argmin counts NaN as smallest", x, "r: int[N] = argmin x {axis=1}", "x: -1 -Inf NaN NaN", "[1] 2", ""},
		{"argmin of ints", i, "r: int[N] = argmin i {axis=1}", "i: 3 2 2", "[1] 1", ""},
		{"argmax over nothing of no rows is no rows", x, "r: int[N] = argmax x {axis=1}", "x: [0,0]", "[0]", ""},
		{"argmax of no rows is no rows", x, "r: int[N] = argmax x {axis=1}", "x: [0,3]", "[0]", ""},
		{"cumsum along a vector", "x: float[N]", "r: float[N] = cumsum x {axis=0}", "x: 1 2 3", "[3] 1 3 6", ""},
		{"cumsum down the rows", x, "r: float[N,C] = cumsum x {axis=0}", "x: 1 2 | 3 4 | 5 6", "[3,2] 1 2 4 6 9 12", ""},
		{"cumsum along the columns", x, "r: float[N,C] = cumsum x {axis=1}", "x: 1 2 | 3 4", "[2,2] 1 3 3 7", ""},
		{"cumsum of nothing", x, "r: float[N,C] = cumsum x {axis=0}", "x: [0,2]", "[0,2]", ""},
		{"cumsum of ints", i, "r: int[N,C] = cumsum i {axis=1}", "i: 9007199254740992 1", "[1,2] 9007199254740992 9007199254740993", ""},
	})
}

func TestArgTop(t *testing.T) {
	const xk = "x: float[N,C], k: int[]"
	run(t, []opCase{
		{"the largest, in order", xk, "r: int[N,R] = argtop x, k {largest=true, dim=R}", "x: 1 3 2 | 9 8 7; k: 2", "[2,2] 1 2 0 1", ""},
		{"the smallest, in order", xk, "r: int[N,R] = argtop x, k {largest=false, dim=R}", "x: 1 3 2 | 9 8 7; k: 2", "[2,2] 0 2 2 1", ""},
		{"equal ones by place, from the top", xk, "r: int[N,R] = argtop x, k {largest=true, dim=R}", "x: 5 5 1 5; k: 3", "[1,3] 0 1 3", ""},
		{"equal ones by place, from the bottom", xk, "r: int[N,R] = argtop x, k {largest=false, dim=R}", "x: 5 1 1 5; k: 3", "[1,3] 1 2 0", ""},
		{"equal ones by place, in a long row", xk, "r: int[N,R] = argtop x, k {largest=true, dim=R}",
			"x: 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0; k: 30",
			"[1,30] 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29", ""},
		{"NaN is the largest", xk, "r: int[N,R] = argtop x, k {largest=true, dim=R}", "x: 5 NaN Inf; k: 3", "[1,3] 1 2 0", ""},
		{"none of them", xk, "r: int[N,R] = argtop x, k {largest=true, dim=R}", "x: 5 1; k: 0", "[1,0]", ""},
		{"more than there are is an error", xk, "r: int[N,R] = argtop x, k {largest=true, dim=R}", "x: 5 1; k: 3", "", "r: argtop: wants 3 of 2 elements"},
		{"fewer than none is an error", xk, "r: int[N,R] = argtop x, k {largest=true, dim=R}", "x: 5 1; k: -1", "", "wants -1 of 2"},
		{"its extent is then known", xk, "p: int[N,R] = argtop x, k {largest=true, dim=R}\nr: int[R] = iota {dim=R}", "x: 5 1; k: 2", "[2] 0 1", ""},
		{"an extent cannot have two sizes", xk, "p: int[N,C] = argtop x, k {largest=true, dim=C}", "x: 5 1; k: 1", "", "C is 1 here, but 2 elsewhere"},
		{"a vector", "x: float[N], k: int[]", "r: int[R] = argtop x, k {largest=true, dim=R}", "x: 5 1 7; k: 2", "[2] 2 0", ""},
	})
}

func TestMatMul(t *testing.T) {
	const at = "{trans_a=false, trans_b=false}"
	run(t, []opCase{
		{"rows times columns", "x: float[N,D], w: float[D,C]", "r: float[N,C] = matmul x, w " + at, "x: 1 2 | 3 4; w: 5 6 7 | 8 9 10", "[2,3] 21 24 27 47 54 61", ""},
		{"the second transposed", "x: float[N,D], w: float[C,D]", "r: float[N,C] = matmul x, w {trans_a=false, trans_b=true}", "x: 1 2 | 3 4; w: 5 8 | 6 9 | 7 10", "[2,3] 21 24 27 47 54 61", ""},
		{"the first transposed", "x: float[D,N], w: float[D,C]", "r: float[N,C] = matmul x, w {trans_a=true, trans_b=false}", "x: 1 3 | 2 4; w: 5 6 7 | 8 9 10", "[2,3] 21 24 27 47 54 61", ""},
		{"both transposed", "x: float[D,N], w: float[C,D]", "r: float[N,C] = matmul x, w {trans_a=true, trans_b=true}", "x: 1 3 | 2 4; w: 5 8 | 6 9 | 7 10", "[2,3] 21 24 27 47 54 61", ""},
		{"an inner extent of 0 makes zeros", "x: float[D,N], w: float[D,C]", "r: float[N,C] = matmul x, w {trans_a=true, trans_b=false}", "x: [0,2]; w: [0,1]", "[2,1] 0 0", ""},
	})
}
