package irval

import "testing"

func TestShapes(t *testing.T) {
	run(t, []opCase{
		{"transpose", "x: float[N,C]", "r: float[C,N] = transpose x", "x: 1 2 3 | 4 5 6", "[3,2] 1 4 2 5 3 6", ""},
		{"transpose of bools", "b: bool[N,C]", "r: bool[C,N] = transpose b", "b: T F | F F", "[2,2] T F F F", ""},
		{"expand a row", "x: float[C], n: float[N]", "r: float[N,C] = expand x {shape=[N,C]}", "x: 1 2; n: 0 0 0", "[3,2] 1 2 1 2 1 2", ""},
		{"expand a column", "x: float[N,1], n: float[C]", "r: float[N,C] = expand x {shape=[N,C]}", "x: 1 | 2; n: 0 0 0", "[2,3] 1 1 1 2 2 2", ""},
		{"expand a bool to nothing", "b: bool[], n: float[N]", "r: bool[N] = expand b {shape=[N]}", "b: T; n:", "[0]", ""},
		{"reshape joins axes in row-major order", "w: float[C,K,D]", "r: float[C*K,D] = reshape w {shape=[C*K,D]}", "w: [2,2,1] 1 2 3 4", "[4,1] 1 2 3 4", ""},
		{"reshape takes a product apart", "w: float[C*K], c: int[C], k: int[K]", "r: float[C,K] = reshape w {shape=[C,K]}", "w: 1 2 3 4 5 6; c: 0 0; k: 0 0 0", "[2,3] 1 2 3 4 5 6", ""},
		{"unsqueeze and squeeze", "x: float[N]", "%1: float[N,1] = unsqueeze x {axis=1}\n%2: float[1,N,1] = unsqueeze %1 {axis=0}\nr: float[1,N] = squeeze %2 {axis=2}", "x: 1 2", "[1,2] 1 2", ""},
		{"concat", "a: float[N,D], b: float[P,D]", "r: float[M,D] = concat a, b {dim=M}", "a: 1 2; b: 3 4 | 5 6", "[3,2] 1 2 3 4 5 6", ""},
		{"concat with nothing", "a: int[N], b: int[P]", "r: int[M] = concat a, b {dim=M}", "a: 1 2; b:", "[2] 1 2", ""},
		{"concat makes its extent known", "a: int[N], b: int[P]", "c: int[M] = concat a, b {dim=M}\nr: int[] = extent {dim=M}", "a: 1 2; b: 3", "[] 3", ""},
		{"iota", "x: float[N]", "r: int[N] = iota {dim=N}", "x: 9 9 9", "[3] 0 1 2", ""},
		{"extent", "x: float[N,C]", "r: int[] = extent {dim=C}", "x: 9 9 9", "[] 3", ""},
		{"extent of a product", "x: float[N,C]", "r: int[] = extent {dim=N*C}", "x: 9 9 9 | 9 9 9", "[] 6", ""},
		{"extent of a number", "x: float[N]", "r: int[] = extent {dim=7}", "x: 9", "[] 7", ""},
		{"const and int", "x: float[N]", "%1: float[] = const {value=-0.0}\nr: float[] = stop %1", "x: 1", "[] -0", ""},
		{"extent of a product of a product", "x: float[N*C], y: float[D]", "r: int[] = extent {dim=D*N*C*2}", "x: 9 9 9; y: 9 9", "[] 12", ""},
		{"a tensor beyond memory is an error", "x: float[N]", "%1: float[] = const {value=1.0}\nr: float[N,99999999,99999999] = expand %1 {shape=[N,99999999,99999999]}", "x: 9", "", "too large"},
	})
}

func TestPlaces(t *testing.T) {
	const xi = "x: float[N,C], i: int[N]"
	run(t, []opCase{
		{"pick along columns", xi, "r: float[N] = pick x, i {axis=1}", "x: 1 2 3 | 4 5 6; i: 2 0", "[2] 3 4", ""},
		{"pick along rows", "x: float[N,C], i: int[C]", "r: float[C] = pick x, i {axis=0}", "x: 1 2 3 | 4 5 6; i: 1 0 1", "[3] 4 2 6", ""},
		{"pick from no rows", xi, "r: float[N] = pick x, i {axis=1}", "x: [0,2]; i:", "[0]", ""},
		{"pick outside is an error", xi, "r: float[N] = pick x, i {axis=1}", "x: 1 2 3 | 4 5 6; i: 0 3", "", "@f: r: pick: place 3 (element 1 of int64[2]) is outside the extent 3"},
		{"pick below 0 is an error", xi, "r: float[N] = pick x, i {axis=1}", "x: 1 2; i: -1", "", "place -1"},
		{"put along columns", xi + ", v: float[N]", "r: float[N,C] = put x, i, v {axis=1}", "x: 1 2 3 | 4 5 6; i: 2 0; v: 10 20", "[2,3] 1 2 10 20 5 6", ""},
		{"put along rows", "x: float[N,C], i: int[C], v: float[C]", "r: float[N,C] = put x, i, v {axis=0}", "x: 1 2 | 3 4; i: 1 0; v: 10 20", "[2,2] 1 20 10 4", ""},
		{"put leaves its operand", xi + ", v: float[N]", "p: float[N,C] = put x, i, v {axis=1}\nr: float[N,C] = sub x, p", "x: 1 2; i: 0; v: 10", "[1,2] -9 0", ""},
		{"put outside is an error", xi + ", v: float[N]", "r: float[N,C] = put x, i, v {axis=1}", "x: 1 2; i: 2; v: 0", "", "r: put: place 2"},
		{"take elements of each row", "x: int[N,C], i: int[N,R]", "r: int[N,R] = take x, i", "x: 1 2 3 | 4 5 6; i: 2 0 2 2 | 1 1 0 1", "[2,4] 3 1 3 3 5 5 4 5", ""},
		{"take nothing", "x: float[N,C], i: int[N,R]", "r: float[N,R] = take x, i", "x: 1 2 3 | 4 5 6; i: [2,0]", "[2,0]", ""},
		{"take outside is an error", "x: float[N,C], i: int[N,R]", "r: float[N,R] = take x, i", "x: 1 2 3 | 4 5 6; i: 0 | 3", "", "r: take: place 3 (element 1 of int64[2,1]) is outside the extent 3"},
		{"add_at adds all that is sent to a place", "x: float[N,C], i: int[N,R], v: float[N,R]", "r: float[N,C] = add_at x, i, v", "x: 1 2 3 | 4 5 6; i: 2 2 | 0 1; v: 10 100 | 20 30", "[2,3] 1 2 113 24 35 6", ""},
		{"add_at leaves its operand", "x: float[N,C], i: int[N,R], v: float[N,R]", "a: float[N,C] = add_at x, i, v\nr: float[N,C] = sub a, x", "x: 1 2; i: 1; v: 10", "[1,2] 0 10", ""},
		{"add_at outside is an error", "x: float[N,C], i: int[N,R], v: float[N,R]", "r: float[N,C] = add_at x, i, v", "x: 1 2; i: -1; v: 10", "", "r: add_at: place -1"},
		{"gather rows, again and again", "x: float[C,D], i: int[N]", "r: float[N,D] = gather x, i", "x: 1 2 | 3 4; i: 1 0 1", "[3,2] 3 4 1 2 3 4", ""},
		{"gather one", "x: float[C,D], i: int[]", "r: float[D] = gather x, i", "x: 1 2 | 3 4; i: 1", "[2] 3 4", ""},
		{"gather elements at a matrix of places", "x: int[C], i: int[N,M]", "r: int[N,M] = gather x, i", "x: 7 8; i: 1 0 | 0 0", "[2,2] 8 7 7 7", ""},
		{"gather outside is an error", "x: float[C,D], i: int[N]", "r: float[N,D] = gather x, i", "x: 1 2 | 3 4; i: 2", "", "r: gather: place 2"},
		{"scatter_add sums rows of one place", "i: int[N], v: float[N,D], c: float[C]", "r: float[C,D] = scatter_add i, v {dim=C}", "i: 1 0 1; v: 1 2 | 10 20 | 100 200; c: 0 0 0", "[3,2] 10 20 101 202 0 0", ""},
		{"scatter_add of numbers", "i: int[N], v: float[N], c: float[C]", "r: float[C] = scatter_add i, v {dim=C}", "i: 1 1; v: 1 2; c: 0 0", "[2] 0 3", ""},
		{"scatter_add outside is an error", "i: int[N], v: float[N], c: float[C]", "r: float[C] = scatter_add i, v {dim=C}", "i: -1; v: 1; c: 0 0", "", "r: scatter_add: place -1"},
		{"nonzero of a vector", "c: bool[N]", "r: int[T,1] = nonzero c {dim=T}", "c: F T T", "[2,1] 1 2", ""},
		{"nonzero goes in row-major order", "c: bool[N,C]", "r: int[T,2] = nonzero c {dim=T}", "c: F T T | T F F", "[3,2] 0 1 0 2 1 0", ""},
		{"nonzero of nothing that holds", "c: bool[N,C]", "r: int[T,2] = nonzero c {dim=T}", "c: F F", "[0,2]", ""},
		{"nonzero of no rows", "c: bool[N,C]", "r: int[T,2] = nonzero c {dim=T}", "c: [0,3]", "[0,2]", ""},
		{"nonzero makes its extent known", "c: bool[N]", "p: int[T,1] = nonzero c {dim=T}\nr: int[T] = iota {dim=T}", "c: F T T", "[2] 0 1", ""},
	})
}
