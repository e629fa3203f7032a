package verify

import (
	"slices"
	"strings"

	"losscc/verify/draw"
)

// largestSizes are the largest extents, by symbol, of inputs that the file was
// run on.
func (j *judge) largestSizes() draw.Sizes {
	sizes := draw.Sizes{}
	for _, p := range slices.Concat(j.points, j.told, j.evils) {
		if p.out == nil {
			continue
		}
		for _, in := range j.inputs {
			for axis, symbol := range in.Dims {
				if n := p.in[in.Name].Shape[axis]; n > sizes[symbol] && strings.Trim(symbol, "0123456789") != "" {
					sizes[symbol] = n
				}
			}
		}
	}
	return sizes
}
