package draw

import (
	"maps"
	"slices"
	"strconv"
)

// symbols are the extents that inputs have by custom; a file may fix one to a
// number.
var symbols = map[string][]string{
	"embeddings": {"N", "D"}, "embeddings_a": {"N", "D"}, "embeddings_b": {"N", "D"},
	"anchor": {"N", "D"}, "positive": {"N", "D"}, "negative": {"N", "D"},
	"labels": {"N"}, "same": {"N"},
	"weight": {"C", "D"}, "centers": {"C", "D"}, "class_sums": {"C", "D"}, "proxies": {"P", "D"},
	"bias": {"C"}, "margins": {"C"}, "class_weight": {"C"}, "class_counts": {"C"}, "kappa": {"C"},
	"triplets": {"T", "3"}, "pairs": {"T", "2"},
}

// fixed are the extents that a file gives as numbers where inputs have symbols
// by custom, so that inputs which share the symbol are drawn to fit.
func fixed(inputs []Input) Sizes {
	all := Sizes{}
	for _, in := range inputs {
		custom := symbols[in.Name]
		if len(custom) != len(in.Dims) {
			continue
		}
		for i, d := range in.Dims {
			// A bias [1] is one number and no table of one class.
			if n, err := strconv.Atoi(d); err == nil && custom[i] != d && !(len(custom) == 1 && n == 1) {
				all[custom[i]] = n
			}
		}
	}
	return all
}

// held is extents with those that the file fixes.
func held(inputs []Input, sizes Sizes) Sizes {
	f := fixed(inputs)
	if len(f) == 0 {
		return sizes
	}
	all := maps.Clone(sizes)
	if all == nil {
		all = Sizes{}
	}
	maps.Copy(all, f)
	return all
}

// conflict is a symbol whose extent a row of the table is about and the file
// fixes to another, or "".
func conflict(inputs []Input, sizes Sizes) string {
	f := fixed(inputs)
	for _, symbol := range slices.Sorted(maps.Keys(f)) {
		if sizes[symbol] != small[symbol] && sizes[symbol] != f[symbol] {
			return symbol
		}
	}
	return ""
}
