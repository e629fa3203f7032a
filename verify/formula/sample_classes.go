package formula

import (
	"math"
	"sort"

	"losscc/verify/tensor"
)

// sampleClasses chooses the classes of a step: those of the kept labels, and
// of the rest those with the largest noise, ⌈rate·C⌉ in all or as many as
// occur, in ascending order; equal noise goes to the first class. A label
// becomes its place among them, that of an ignored row −1.
func sampleClasses(c *Ctx) {
	noise := c.float("noise", 1).F
	labels := c.labels("labels", c.ints("labels", 1).Len(), len(noise))
	occurs := map[int]bool{}
	for _, y := range labels {
		if y >= 0 {
			occurs[y] = true
		}
	}
	var chosen, rest []int
	for j := range noise {
		if occurs[j] {
			chosen = append(chosen, j)
		} else {
			rest = append(rest, j)
		}
	}
	sort.SliceStable(rest, func(p, q int) bool { return noise[rest[p]] > noise[rest[q]] })
	// The rate is a decimal: 0.1 of 10 classes is one class.
	wanted := int(math.Ceil(math.Round(c.Float("rate")*1e9) * float64(len(noise)) / 1e9))
	if more := wanted - len(chosen); more > 0 {
		chosen = append(chosen, rest[:more]...)
	}
	sort.Ints(chosen)

	index, local := tensor.New(tensor.Int, len(chosen)), tensor.New(tensor.Int, len(labels))
	for k, j := range chosen {
		index.I[k] = int64(j)
	}
	for i, y := range labels {
		local.I[i] = -1
		if y >= 0 {
			local.I[i] = int64(sort.SearchInts(chosen, y))
		}
	}
	c.Out("class_index", index)
	c.Out("local_labels", local)
}
