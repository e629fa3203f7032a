package irval

import "testing"

// The numbers were taken from tables of functions to 15 digits, not from the
// kernels.
func TestFloatOps(t *testing.T) {
	const x = "x: float[N]"
	const xy = "x: float[N], y: float[N]"
	run(t, []opCase{
		{"neg turns the sign, of zero too", x, "r: float[N] = neg x", "x: 1.5 -2 0", "[3] -1.5 2 -0", ""},
		{"abs drops the sign", x, "r: float[N] = abs x", "x: -1.5 2 -Inf", "[3] 1.5 2 +Inf", ""},
		{"exp at 0, 1, -1, overflow, underflow", x, "r: float[N] = exp x", "x: 0 1 -1 1000 -1000", "[5] 1 2.71828182845905 0.367879441171442 +Inf 0", ""},
		{"log at 1, 2, 10, 0 and below", x, "r: float[N] = log x", "x: 1 2 10 0 -1", "[5] 0 0.693147180559945 2.30258509299405 -Inf NaN", ""},
		{"log of the smallest numbers", x, "r: float[N] = log x", "x: 5e-324 1e-310 2.2250738585072014e-308", "[3] -744.440071921381 -713.801378828154 -708.396418532264", ""},
		{"sqrt at 0, 2, 9 and below", x, "r: float[N] = sqrt x", "x: 0 2 9 -1", "[4] 0 1.4142135623731 3 NaN", ""},
		{"floor goes down, also below 0", x, "r: float[N] = floor x", "x: 1.9 -1.1 3 -0.5", "[4] 1 -2 3 -1", ""},
		{"sin at 0, 1, π/6", x, "r: float[N] = sin x", "x: 0 1 0.5235987755982989", "[3] 0 0.841470984807897 0.5", ""},
		{"cos at 0, 1, π", x, "r: float[N] = cos x", "x: 0 1 3.141592653589793", "[3] 1 0.54030230586814 -1", ""},
		{"acos at 1, 0, -1, ½", x, "r: float[N] = acos x", "x: 1 0 -1 0.5", "[4] 0 1.5707963267949 3.14159265358979 1.0471975511966", ""},
		{"acos holds its argument to [−1, 1]", x, "r: float[N] = acos x", "x: 1.0000001 -7 NaN", "[3] 0 3.14159265358979 NaN", ""},
		{"sigmoid is finite at both ends", x, "r: float[N] = sigmoid x", "x: 0 1 -1 1000 -1000", "[5] 0.5 0.731058578630005 0.268941421369995 1 0", ""},
		{"sigmoid far below 0 is not 0 before it must be", x, "%1: float[N] = sigmoid x\n%2: float[N] = log %1\nr: float[N] = floor %2", "x: -720.5", "[1] -721", ""},
		{"softplus is finite and exact at both ends", x, "r: float[N] = softplus x", "x: 0 1 -1 1000 -40", "[5] 0.693147180559945 1.31326168751822 0.313261687518223 1000 4.24835425529159e-18", ""},
		{"recip, and 0 at 0", x, "r: float[N] = recip x", "x: 4 -0.5 0 -0 Inf NaN", "[6] 0.25 -2 0 0 0 NaN", ""},
		{"stop changes nothing", x, "r: float[N] = stop x", "x: 1.5 -0", "[2] 1.5 -0", ""},
		{"pow with its exponent", x, "r: float[N] = pow x {exponent=1.5}", "x: 0 1 4", "[3] 0 1 8", ""},
		{"pow with exponent 0 is 1", x, "r: float[N] = pow x {exponent=0.0}", "x: 0 2", "[2] 1 1", ""},
		{"add", xy, "r: float[N] = add x, y", "x: 1 2; y: 10 -20.5", "[2] 11 -18.5", ""},
		{"sub takes the second from the first", xy, "r: float[N] = sub x, y", "x: 1 2; y: 10 -20.5", "[2] -9 22.5", ""},
		{"mul of 0 and ∞ is NaN", xy, "r: float[N] = mul x, y", "x: 3 0; y: -2 Inf", "[2] -6 NaN", ""},
		{"div by 0 is ∞ with the sign", xy, "r: float[N] = div x, y", "x: 3 -1 0; y: 2 0 0", "[3] 1.5 -Inf NaN", ""},
		{"max keeps NaN", xy, "r: float[N] = max x, y", "x: 3 -1 NaN Inf NaN; y: 2 0 0 NaN Inf", "[5] 3 0 NaN NaN NaN", ""},
		{"min keeps NaN", xy, "r: float[N] = min x, y", "x: 3 -1 NaN -Inf NaN; y: 2 0 0 NaN -Inf", "[5] 2 -1 NaN NaN NaN", ""},
	})
}

func TestIntOps(t *testing.T) {
	const ij = "i: int[N], j: int[N]"
	run(t, []opCase{
		{"add, sub and mul of ints are ints", ij, "%1: int[N] = add i, j\n%2: int[N] = sub %1, i\nr: int[N] = mul %2, j", "i: 3 -4; j: 5 7", "[2] 25 49", ""},
		{"ints beyond 2^53 keep their last digit", ij, "r: int[N] = add i, j", "i: 9007199254740992; j: 1", "[1] 9007199254740993", ""},
		{"int division cuts towards 0", ij, "r: int[N] = div i, j", "i: 7 -7 7 -7; j: 2 2 -2 -2", "[4] 3 -3 -3 3", ""},
		{"int division by 0 is an error", ij, "r: int[N] = div i, j", "i: 7; j: 0", "", "@f: r: div: int division of 7 by 0"},
		{"max of ints", ij, "r: int[N] = max i, j", "i: 7 -7; j: 2 2", "[2] 7 2", ""},
		{"min of ints", ij, "r: int[N] = min i, j", "i: 7 -7; j: 2 2", "[2] 2 -7", ""},
	})
}

func TestConditions(t *testing.T) {
	const xy = "x: float[N], y: float[N]"
	const ij = "i: int[N], j: int[N]"
	const ab = "a: bool[N], b: bool[N]"
	run(t, []opCase{
		{"less is false at equality and NaN", xy, "r: bool[N] = less x, y", "x: 1 2 3 NaN 1; y: 2 2 2 1 NaN", "[5] T F F F F", ""},
		{"less_equal is true at equality, false at NaN", xy, "r: bool[N] = less_equal x, y", "x: 1 2 3 NaN; y: 2 2 2 NaN", "[4] T T F F", ""},
		{"equal: 0 is −0, NaN is not NaN", xy, "r: bool[N] = equal x, y", "x: 1 0 NaN; y: 2 -0 NaN", "[3] F T F", ""},
		{"less on ints beyond 2^53", ij, "r: bool[N] = less i, j", "i: 9007199254740992 5; j: 9007199254740993 5", "[2] T F", ""},
		{"less_equal on ints", ij, "r: bool[N] = less_equal i, j", "i: 4 5 6; j: 5 5 5", "[3] T T F", ""},
		{"equal on ints", ij, "r: bool[N] = equal i, j", "i: 4 5; j: 5 5", "[2] F T", ""},
		{"and", ab, "r: bool[N] = and a, b", "a: T T F F; b: T F T F", "[4] T F F F", ""},
		{"or", ab, "r: bool[N] = or a, b", "a: T T F F; b: T F T F", "[4] T T T F", ""},
		{"not", ab, "r: bool[N] = not a", "a: T F; b: T T", "[2] F T", ""},
		{"select takes no part in what it leaves", "c: bool[N], x: float[N]", "%1: float[N] = log x\nr: float[N] = select c, x, %1", "c: T F; x: -1 1", "[2] -1 0", ""},
		{"select of bools", ab, "r: bool[N] = select a, b, a", "a: T F; b: F T", "[2] F F", ""},
		{"float of a bool", ab, "r: float[N] = float a", "a: T F; b: F F", "[2] 1 0", ""},
		{"float of an int", ij, "r: float[N] = float i", "i: -3 4; j: 0 0", "[2] -3 4", ""},
		{"to_int of a bool", ab, "r: int[N] = to_int a", "a: T F; b: F F", "[2] 1 0", ""},
		{"to_int cuts towards 0", xy, "r: int[N] = to_int x", "x: 1.9 -1.9; y: 0 0", "[2] 1 -1", ""},
		{"to_int of NaN is an error", xy, "r: int[N] = to_int x", "x: NaN; y: 0", "", "r: to_int: no int holds NaN"},
		{"to_int of 2^63 is an error", xy, "r: int[N] = to_int x", "x: 9223372036854775808; y: 0", "", "no int holds"},
	})
}

func TestBroadcasting(t *testing.T) {
	run(t, []opCase{
		{"a row stretches over rows", "x: float[N,C], y: float[C]", "r: float[N,C] = sub x, y", "x: 1 2 3 | 4 5 6; y: 1 10 100", "[2,3] 0 -8 -97 3 -5 -94", ""},
		{"a column stretches over columns", "x: float[N,C], y: float[N,1]", "r: float[N,C] = sub x, y", "x: 1 2 3 | 4 5 6; y: 1 | 10", "[2,3] 0 1 2 -6 -5 -4", ""},
		{"a column against a row makes a matrix", "x: float[N,1], y: float[C]", "r: float[N,C] = mul x, y", "x: 2 | 3; y: 1 10 100", "[2,3] 2 20 200 3 30 300", ""},
		{"both stretch, over many rows", "x: float[N,1,K], y: float[C,1]", "r: float[N,C,K] = add x, y", "x: [3,1,2] 1 2 3 4 5 6; y: 10 | 20 | 30",
			"[3,3,2] 11 12 21 22 31 32 13 14 23 24 33 34 15 16 25 26 35 36", ""},
		{"a number goes everywhere", "x: float[N,C], y: float[]", "r: float[N,C] = mul y, x", "x: 1 2 | 3 4; y: 10", "[2,2] 10 20 30 40", ""},
		{"a symbol may stand for 1", "x: float[N,C], y: float[C]", "r: float[N,C] = add x, y", "x: 1 | 2; y: 10", "[2,1] 11 12", ""},
		{"nothing against a row is nothing", "x: float[N,C], y: float[C]", "r: float[N,C] = add x, y", "x: [0,2]; y: 1 2", "[0,2]", ""},
		{"three operands of select", "c: bool[N,1], x: float[C], y: float[]", "r: float[N,C] = select c, x, y", "c: T | F; x: 1 2; y: 9", "[2,2] 1 2 9 9", ""},
	})
}
