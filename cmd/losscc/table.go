package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// shownElements is how many elements of a tensor a table shows.
const shownElements = 4

// outputLines are the outputs of a run as a table: name, shape, and what is in
// it.
func outputLines(m *onnxval.Model, out map[string]*tensor.Tensor) [][]string {
	var lines [][]string
	for _, p := range m.Outputs() {
		t := out[p.Name]
		line := []string{p.Name, p.Elem.String() + tensor.ShapeString(t.Shape)}
		if len(t.Shape) == 0 {
			line[1] = p.Elem.String()
		}
		lines = append(lines, append(line, summary(t)...))
	}
	return lines
}

// summary is the value of a number, or the norm, extremes and first elements
// of a tensor.
func summary(t *tensor.Tensor) []string {
	var first []string
	for i := range min(t.Len(), shownElements) {
		first = append(first, element(t, i))
	}
	if len(t.Shape) == 0 {
		return first
	}
	if t.Len() > shownElements {
		first = append(first, "…")
	}
	head := strings.Join(first, " ")
	if t.Len() == 0 {
		return []string{"empty"}
	}
	if t.Kind != tensor.Float || t.Len() <= shownElements {
		return []string{head}
	}
	var square float64
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range t.F {
		square += float64(x * x)
		// NaN spreads, as math.Min and math.Max have it.
		low, high = math.Min(low, x), math.Max(high, x)
	}
	return []string{fmt.Sprintf("norm %s, %s to %s: %s", short(math.Sqrt(square)), short(low), short(high), head)}
}

func element(t *tensor.Tensor, i int) string {
	switch t.Kind {
	case tensor.Int:
		return strconv.FormatInt(t.I[i], 10)
	case tensor.Bool:
		return strconv.FormatBool(t.B[i])
	}
	if len(t.Shape) == 0 {
		return strconv.FormatFloat(t.F[i], 'g', 9, 64)
	}
	return short(t.F[i])
}

// short is a number at the precision that a table has room for.
func short(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }
