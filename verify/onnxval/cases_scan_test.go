package onnxval

// rows is the body of a Scan that sums rows into a state and gives the sums so
// far.
const rows = "body=<in s f64[D]; in r f64[D]; out t f64[D]; out u f64[D]; t = Add(s, r); u = Identity(t)>"

// dots is a body that gives, for each row, its product with another row.
const dots = "body=<in a f64[D]; in b f64[D]; out d f64[]; p = Mul(a, b); d = ReduceSum(p) keepdims=0>"

// pair is a body that gives a list of two for each number.
const pair = "body=<in a f64[]; out d f64[2]; init two f64[2] 1 10; d = Mul(a, two)>"

var scanningCases = []opCase{
	{fact: "sums rows and gives the sums so far", op: "Scan num_scan_inputs=1 " + rows, in: "f64[2] 10 20 | f64[3,2] 1 2 3 4 5 6", want: "f64[2] 19 32 | f64[3,2] 11 22 14 26 19 32"},
	{fact: "over nothing keeps the state", op: "Scan num_scan_inputs=1 " + rows, in: "f64[2] 10 20 | f64[0,2]", want: "f64[2] 10 20 | f64[0,2]"},
	{fact: "over one row", op: "Scan num_scan_inputs=1 " + rows, in: "f64[2] 10 20 | f64[1,2] 1 2", want: "f64[2] 11 22 | f64[1,2] 11 22"},
	{fact: "over rows of nothing", op: "Scan num_scan_inputs=1 " + rows, in: "f64[0] | f64[2,0]", want: "f64[0] | f64[2,0]"},
	{fact: "from the last row", op: "Scan num_scan_inputs=1 scan_input_directions=1, " + rows, in: "f64[1] 0 | f64[3,1] 1 2 3", want: "f64[1] 6 | f64[3,1] 3 5 6"},
	{fact: "to the last place", op: "Scan num_scan_inputs=1 scan_output_directions=1, " + rows, in: "f64[1] 0 | f64[3,1] 1 2 3", want: "f64[1] 6 | f64[3,1] 6 3 1"},
	{fact: "over rows and columns", op: "Scan num_scan_inputs=2 scan_input_axes=0,1 " + dots, in: "f64[3,2] 1 2 3 4 5 6 | f64[2,3] 1 10 100 2 20 200", want: "f64[3] 5 110 1700"},
	{fact: "over the last axis of three", op: "Scan num_scan_inputs=1 scan_input_axes=-1, body=<in a f64[2,2]; out d f64[2,2]; d = Neg(a)>", in: "f64[2,2,2] 1 2 3 4 5 6 7 8", want: "f64[2,2,2] -1 -3 -5 -7 -2 -4 -6 -8"},
	{fact: "stacks on axis 0", op: "Scan num_scan_inputs=1 " + pair, in: "f64[3] 1 2 3", want: "f64[3,2] 1 10 2 20 3 30"},
	{fact: "stacks on axis 1", op: "Scan num_scan_inputs=1 scan_output_axes=1, " + pair, in: "f64[3] 1 2 3", want: "f64[2,3] 1 2 3 10 20 30"},
	{fact: "stacks on the last axis", op: "Scan num_scan_inputs=1 scan_output_axes=-1, " + pair, in: "f64[3] 1 2 3", want: "f64[2,3] 1 2 3 10 20 30"},
	{fact: "of nothing has the extents declared", op: "Scan num_scan_inputs=1 scan_output_axes=1, " + pair, in: "f64[0]", want: "f64[2,0]"},
	{fact: "of nothing has the extents of what it sees", op: "Scan num_scan_inputs=2 scan_input_axes=0,1 body=<in a f64[N]; in b f64[M]; out c f64[M,N]; z = Unsqueeze(b, o); c = Mul(z, a); init o i64[1] 1>", in: "f64[0,3] | f64[2,0]", want: "f64[0,2,3]"},
	{fact: "of nothing that says no number", op: "Scan num_scan_inputs=1 body=<in a f64[]; out d f64[K]; init s i64[1] 1; d = Reshape(a, s)>", in: "f64[0]", want: "!the body's output d is declared f64[K], and no iteration shows its extent 0"},
	{fact: "of nothing that says no shape", op: "Scan num_scan_inputs=1 body=<in a f64[]; out d f64; d = Neg(a)>", in: "f64[0]", want: "!the body's output d declares no shape"},
	{fact: "of other types, two states", op: "Scan num_scan_inputs=1 body=<in n i64[]; in any bool[]; in r f64[]; out n2 i64[]; out any2 bool[]; out before i64[]; init one i64[] 1; init zero f64[] 0; n2 = Add(n, one); neg = Less(r, zero); any2 = Or(any, neg); before = Identity(n)>",
		in: "i64[] 5 | bool[] f | f64[3] 1 -2 3", want: "i64[] 8 | bool[] t | i64[3] 5 6 7"},
	{fact: "gives the state as it came in", op: "Scan num_scan_inputs=1 body=<in s f64[]; in r f64[]; out t f64[]; out u f64[]; t = Identity(r); u = Identity(s)>", in: "f64[] 0 | f64[3] 1 2 3", want: "f64[] 3 | f64[3] 0 1 2"},
	{fact: "gives a constant", op: "Scan num_scan_inputs=1 body=<in r f64[]; init k f64[] 5; out k f64[]>", in: "f64[2] 1 2", want: "f64[2] 5 5"},
	{fact: "in a Scan", op: "Scan num_scan_inputs=1 body=<in s f64[]; in r f64[D]; out t f64[]; out v f64[D]; t, v = Scan(s, r) num_scan_inputs=1 body=<in s2 f64[]; in x f64[]; out t2 f64[]; out v2 f64[]; t2 = Add(s2, x); v2 = Mul(t2, s)>>",
		in: "f64[] 1 | f64[2,2] 1 2 3 4", want: "f64[] 11 | f64[2,2] 2 4 28 44"},

	{fact: "has extents that differ", op: "Scan num_scan_inputs=2 scan_input_axes=0,1 " + dots, in: "f64[3,2] 1 2 3 4 5 6 | f64[2,2] 1 2 3 4", want: "!the scan input 1 (b) is f64[2,2], with 2 places along axis 1, and the scan input 0 (a) has 3"},
	{fact: "of an axis that is not there", op: "Scan num_scan_inputs=1 scan_input_axes=1, " + pair, in: "f64[3] 1 2 3", want: "!the scan input 0 (a) is f64[3], which has no axis 1"},
	{fact: "of a number", op: "Scan num_scan_inputs=1 " + pair, in: "f64[] 1", want: "!the scan input 0 (a) is f64[], which has no axis 0"},
	{fact: "stacks along an axis that is not there", op: "Scan num_scan_inputs=1 scan_output_axes=2, " + pair, in: "f64[1] 1", want: "!the scan output 0 (d) is stacked along axis 2, which slabs of f64[2] do not make"},
	{fact: "has a state that changes its shape", op: "Scan num_scan_inputs=1 body=<in s f64; in r f64; out t f64; t = Concat(s, r) axis=0>", in: "f64[1] 1 | f64[2,1] 1 2", want: "!the state 0 (s) goes into iteration 0 as f64[1] and comes out as f64[2]: a state keeps its type and shape"},
	{fact: "has a state that changes its type", op: "Scan num_scan_inputs=1 body=<in s f64[]; in r f32[]; out t f32[]; t = Identity(r)>", in: "f64[] 1 | f32[2] 1 2", want: "!the state 0 (s) goes into iteration 0 as f64[] and comes out as f32[]"},
	{fact: "stacks what changes its shape", op: "Scan num_scan_inputs=1 body=<in r i64[]; out t i64; init o i64[] 1; init z i64[] 0; t = Range(z, r, o)>", in: "i64[2] 3 2", want: "!the scan output 0 (t) is i64[3] in iteration 0 and i64[2] in iteration 1"},
	{fact: "takes another type than the body declares", op: "Scan num_scan_inputs=1 " + pair, in: "f32[3] 1 2 3", want: "!iteration 0: the body's input a is declared f64[] and goes in as f32[]"},
	{fact: "takes another shape than the body declares", op: "Scan num_scan_inputs=1 " + pair, in: "f64[1,3] 1 2 3", want: "!iteration 0: the body's input a is [3], want f64[]: rank 1 instead of 0"},
	{fact: "gives another shape than the body declares", op: "Scan num_scan_inputs=1 body=<in r f64[D]; out t f64[]; t = Neg(r)>", in: "f64[1,2] 1 2", want: "!iteration 0: the body's output t is [2], want f64[]: rank 1 instead of 0"},
	{fact: "makes another value than the body declares", op: "Scan num_scan_inputs=1 body=<in r f64[D]; value z f64[3]; out t f64[D]; z = Neg(r); t = Neg(z)>", in: "f64[1,2] 1 2", want: "!iteration 0: the value z is [2], want f64[3]: extent 0 is 2"},
	{fact: "fails in its body", op: "Scan num_scan_inputs=1 body=<in i i64[]; out t f64[]; init v f64[2] 1 2; t = Gather(v, i)>", in: "i64[3] 0 1 2", want: "!node 0 (Scan), iteration 2, node 0 (Gather): the index 2 is outside of [-2, 2)"},
	{fact: "has too few inputs", op: "Scan num_scan_inputs=1 " + rows, in: "f64[3,2] 1 2 3 4 5 6", want: "!has 1 inputs (0 states and 1 to scan), the body takes 2"},
	{fact: "scans more than there is", op: "Scan num_scan_inputs=3 " + dots, in: "f64[1,1] 1 | f64[1,1] 1", want: "!scans the last 3 of its 2 inputs, want from 1 to all"},
	{fact: "scans nothing", op: "Scan num_scan_inputs=0 " + dots, in: "f64[1,1] 1 | f64[1,1] 1", want: "!scans the last 0 of its 2 inputs"},
	{fact: "gives less than the body", op: "Scan num_scan_inputs=1 body=<in a f64[]; out b f64[]; out c f64[]; b = Neg(a); c = Neg(a)>", in: "f64[1] 1", want: "!has 1 outputs, the body gives 2"},
	{fact: "gives less than its states", op: "Scan num_scan_inputs=1 body=<in a f64[]; in b f64[]; in c f64[]; out d f64[]; d = Neg(a)>", in: "f64[] 1 | f64[] 1 | f64[1] 1", want: "!has 2 states, the body gives 1 outputs"},
	{fact: "has no body", op: "Scan num_scan_inputs=1", in: "f64[1] 1", want: "!lacks the attribute body"},
	{fact: "has a body that is a number", op: "Scan num_scan_inputs=1 body=1", in: "f64[1] 1", want: "!the attribute body is of type INT, want GRAPH"},
	{fact: "does not say what it scans", op: "Scan " + pair, in: "f64[1] 1", want: "!lacks the attribute num_scan_inputs"},
	{fact: "has too few axes", op: "Scan num_scan_inputs=2 scan_input_axes=0, " + dots, in: "f64[1,1] 1 | f64[1,1] 1", want: "!the attribute scan_input_axes has 1 elements, want one for each scan input, which are 2"},
	{fact: "has too many axes", op: "Scan num_scan_inputs=1 scan_output_axes=0,0 " + pair, in: "f64[1] 1", want: "!the attribute scan_output_axes has 2 elements, want one for each scan output, which are 1"},
	{fact: "goes sideways", op: "Scan num_scan_inputs=1 scan_input_directions=2, " + pair, in: "f64[1] 1", want: "!the attribute scan_input_directions has the element 2, want 0 for forward or 1 for backward"},
}
