package verify

import "fmt"

// Tolerance is how far two numbers that should be equal may be apart, relative
// to the largest element of the tensor that is wanted, and why. Some rows are
// numbers that such comparisons need.
type Tolerance struct {
	Name   string
	Value  float64
	Reason string
}

// The names of tolerances.
const (
	tolFloor      = "floor"
	tolFloorLow   = "floor, lower precision"
	tolFloorSlope = "floor, derivatives"
	tolFloorValue = "floor, values"
	tolBits       = "bits"
	tolUnresolved = "unresolved"
	tolValue      = "value"
	tolGradient   = "gradient"
	tolSlope      = "slope"
	tolTelling    = "telling"
	tolEdge       = "edge"
	tolKink       = "edge gradients"
	tolTurning    = "edge gradients, cosines of ±1"
	tolCondition  = "condition"
	tolSettled    = "settled"
	tolIgnored    = "ignored"
	tolSingle     = "single"
	tolHalf       = "half"
	tolRuntime    = "runtime"
	tolNudge      = "nudge"
	tolHeld       = "held"
	tolUnit       = "unit"
	tolBit        = "bit"
	tolAlike      = "gradients, twice"
	tolSure       = "sure"
	tolShare      = "share"
	tolSizes      = "rounding, sizes"
	tolSteep      = "rounding, near ±1"
	tolFacing     = "rounding, angles of 0"
	tolAttribute  = "attribute"

	tolFunction         = "function"
	tolFunctionGradient = "function, gradient"
	tolFunctionFloor    = "function, floor"
)

// Tolerances is every tolerance that the judge has, and the tests that hold
// files or functions against the paper. A test of one op, of a relation or of a
// closed form says its own in place, where it is part of the fact shown.
var Tolerances = []Tolerance{
	{tolFloor, 1e-2, "a tensor whose largest element is smaller is compared as if that were its largest: rounding is relative to what was added and cancelled, not to what is left"},
	{tolFloorLow, 1, "the same for float32 and float16, where 1 − p of a row that is all but certain is 0 or a few last bits of 1"},
	{tolFloorSlope, 4e-3, "times the loss: differences of a loss cannot resolve a derivative below its rounding over the step"},
	{tolValue, 1e-12, "two float64 evaluations of one formula, by sums of some tens of terms and scales up to 256"},
	{tolAlike, 1e-10, "gradients from two float64 evaluations of one function: near a cosine of ±1 the derivative of the angle has half the digits of the cosine less"},
	{tolGradient, 1e-8, "the five-point stencil at its best step resolves 1e-11 to 1e-9 of the largest element at a scale of 64"},
	{tolSlope, 1e-7, "as gradient, along a direction in which all elements move at once"},
	{tolTelling, 1e-6, "a slope as above, at scales up to 90 and rows of length 250, where the stencil's step is long beside the curve"},
	{tolEdge, 1e-7, "at a cosine of ±1 or a distance of 0 a square root turns the last bit, 1e-16, into 1e-8; more where the paper's own loops are moved by more when the last bits of the inputs change: at large scales, and where classes or rows tie"},
	{tolKink, 1e-5, "as telling, where a row is 0 or two are equal, whose derivative is 0 by the paper and by differences on both sides; and where numbers are as small as 1e-6 beside steps that are not"},
	{tolTurning, 5e-3, "where a cosine is ±1 up to rounding the sine is 0 but for its last bits, and what should cancel is left to these"},
	{tolCondition, 1000, "the largest condition of an output that float32 and float16 files are allowed to lose digits by: those of the losses are below 100, and what is beyond is a jump"},
	{tolSettled, 1e-10, "differences at two steps that agree so well are a slope, and smaller steps are not tried"},
	{tolFloorValue, 1e-25, "values have their digits however small they are, down to where they are nothing to anyone"},
	{tolBits, 32, "times the change that the last bits of the inputs make: that of as many roundings inside, in the worst order"},
	{tolBit, 4e-16, "relative size of a change of the last bits"},
	{tolUnresolved, 10, "times by how much the best two steps of a stencil differ: near a root the differences themselves have fewer digits"},
	{tolIgnored, 1e-13, "what an ignored row holds is multiplied by 0, and sums of the same numbers are the same"},
	{tolSingle, 2e-6, "float32 rounds by 6e-8 an operation, some tens of them in a row; times the condition of the output"},
	{tolHalf, 2e-3, "float16 outputs are rounded by 5e-4, from float32 inside; times the condition of the output"},
	{tolRuntime, 1e-9, "float64 in another runtime: other sums, other exponentials"},
	{tolNudge, 1e-6, "relative size of the change of all inputs by which the condition of an output is measured"},
	{tolHeld, 1e-6, "slopes of the paper's loops with and without what the paper holds constant: further apart, and the gradient is not the loss's derivative by intent"},
	{tolUnit, 6e-8, "half of float32's last bit of 1: rounding that costs k times this is a condition of k, since a number inside may be more sensitive than the inputs"},
	{tolFunction, 1e-11, "as value, for a function as its builder wrote it, which no optimiser has put in order"},
	{tolFunctionGradient, 2e-8, "as gradient, for such a function's derivative"},
	{tolFunctionFloor, 1e-3, "as floor, for such functions"},
	{tolSizes, 64, "times what the inputs' condition explains, for rounding at any one telling or evil input: among 310 classes of three dimensions, or where two classes are alike, a cosine is near ±1, where an angle's derivative was seen to lose 36 times that"},
	{tolSteep, 256, "the same at angles of 0.01 rad from 0 or pi, where the last bit of a cosine, 6e-8, is 6e-4 of the angle's derivative: 64 were seen"},
	{tolFacing, 512, "the same for angles between rows that are equal or opposite: of a cosine that is a last bit less than 1 it is √(2·6e-8) = 3.5e-4"},
	{tolSure, 1e-3, "relative size of a change of all inputs under which a row's predicted class must stay for rounding to leave it as it is: that of float16, and thousands of float32's"},
	{tolAttribute, 2, "times the last bits of float32 or float64: a number that an op is given is rounded once, after a few operations"},
	{tolShare, 0.75, "share of random points at which float32 must lose no more digits than the inputs' condition explains; near a cosine of ±1 an angle loses more, whoever computes it"},
}

// tolerance is the value of the row of that name.
func tolerance(name string) float64 {
	for _, t := range Tolerances {
		if t.Name == name {
			return t.Value
		}
	}
	panic(fmt.Sprintf("verify: no tolerance is called %q", name))
}

// ToleranceOf is the row of that name, for tests that compare files.
func ToleranceOf(name string) (float64, error) {
	for _, t := range Tolerances {
		if t.Name == name {
			return t.Value, nil
		}
	}
	return 0, fmt.Errorf("no tolerance is called %q", name)
}
