package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"losscc/builders"
	"losscc/verify/draw"
	"losscc/verify/npy"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// gather makes the inputs of a model: those given as files, the others drawn.
func (c *console) gather(m *onnxval.Model, path string, o *running) (in map[string]*tensor.Tensor, drawn []string, err error) {
	in = map[string]*tensor.Tensor{}
	files, err := pairs("--in", o.in, "embeddings=x.npy")
	if err != nil {
		return nil, nil, err
	}
	ports := map[string]onnxval.Port{}
	var names, missing []string
	for _, p := range m.Inputs() {
		ports[p.Name] = p
		names = append(names, p.Name)
	}
	for _, given := range o.in {
		name, _, _ := strings.Cut(given, "=")
		p, ok := ports[name]
		if !ok {
			return nil, nil, misuse("--in: %s has no input %q%s; it has %s", path, name, builders.DidYouMean(name, names), strings.Join(names, ", "))
		}
		if files[name] == "" {
			return nil, nil, misuse("--in: found %q, want the name of a file, as in --in %s=FILE.npy", given, name)
		}
		if in[name], err = c.readTensor(files[name], p); err != nil {
			return nil, nil, err
		}
	}
	if err := agree(m, in, files); err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		if in[name] == nil && !ports[name].Optional {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return in, nil, nil
	case !o.drawn:
		p := ports[missing[0]]
		return nil, nil, misuse("input %s (%s) is not given: add --in %s=FILE.npy, or --random %s to draw what is missing", p.Name, p, p.Name, exampleExtents(m))
	}
	return in, missing, c.draw(m, in, files, missing, o)
}

// draw fills in the inputs that are missing. Extents that a given input fixes
// need not be repeated.
func (c *console) draw(m *onnxval.Model, in map[string]*tensor.Tensor, files map[string]string, missing []string, o *running) error {
	sizes := draw.Sizes{}
	if o.random != "" {
		var err error
		if sizes, err = draw.ParseSizes(o.random); err != nil {
			return misuse("--random: %w", err)
		}
		if err := once(o.random); err != nil {
			return err
		}
	}
	symbols := symbolsOf(m)
	for s, n := range sizes {
		if !slices.Contains(symbols, s) {
			return misuse("--random: the file has no extent %s; it has %s", s, strings.Join(symbols, ", "))
		}
		if s == "C" && n == 0 {
			return misuse("--random: found C=0, want a class at least: C=1 or more")
		}
	}
	for _, p := range m.Inputs() {
		if t := in[p.Name]; t != nil && len(t.Shape) == len(p.Dims) {
			for i, d := range p.Dims {
				if n, said := sizes[d]; said && n != t.Shape[i] {
					return failure(codeFile, "--random: %s is %d here and %d in %s, %s", d, n, t.Shape[i], p.Name, files[p.Name])
				}
				sizes[d] = t.Shape[i]
			}
		}
	}
	for _, name := range missing {
		if err := drawable(m, name, sizes); err != nil {
			return err
		}
	}
	all, err := draw.Random(draw.Inputs(m), sizes, o.seed)
	if err != nil {
		return misuse("--random: %w", err)
	}
	for _, name := range missing {
		in[name] = all[name]
	}
	return nil
}

// once refuses extents that are given twice.
func once(random string) error {
	said := map[string]bool{}
	for _, part := range strings.Split(random, ",") {
		symbol, _, _ := strings.Cut(strings.TrimSpace(part), "=")
		if said[symbol] {
			return misuse("--random: %s is given twice", symbol)
		}
		said[symbol] = true
	}
	return nil
}

// maxDrawn is how many numbers are drawn for one input: a gibibyte of them.
const maxDrawn = 1 << 27

// drawable refuses an input of more numbers than are drawn.
func drawable(m *onnxval.Model, name string, sizes draw.Sizes) error {
	for _, p := range m.Inputs() {
		if p.Name != name {
			continue
		}
		total := 1.0 // a float does not overflow
		for _, d := range p.Dims {
			for _, factor := range strings.Split(d, "*") {
				n, err := strconv.Atoi(factor)
				if given, ok := sizes[factor]; ok {
					n, err = given, nil
				} else if usual, ok := draw.Usual[factor]; ok {
					n, err = usual, nil
				}
				if err == nil {
					total *= float64(n)
				}
			}
		}
		if total > maxDrawn {
			return misuse("--random: input %s (%s) would have %.4g elements, at most %d are drawn; choose smaller extents, or give it with --in", name, p, total, maxDrawn)
		}
	}
	return nil
}

// symbolsOf are the symbols among a file's input extents.
func symbolsOf(m *onnxval.Model) []string {
	var out []string
	for _, p := range m.Inputs() {
		for _, d := range p.Dims {
			if _, err := strconv.Atoi(d); err != nil && d != "?" && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return rank(a) - rank(b) })
	return out
}

// rank is where a symbol stands when extents are listed: as in N=8,C=10,D=16.
func rank(symbol string) int {
	const order = "NCDKPTSR"
	if i := strings.Index(order, symbol); i >= 0 {
		return i
	}
	return len(order)
}

// exampleExtents is what --random could be given.
func exampleExtents(m *onnxval.Model) string {
	var parts []string
	for _, s := range symbolsOf(m) {
		if n, ok := draw.Usual[s]; ok {
			parts = append(parts, fmt.Sprintf("%s=%d", s, n))
		} else {
			parts = append(parts, s+"=4")
		}
	}
	if len(parts) == 0 {
		return `""`
	}
	return strings.Join(parts, ",")
}

// agree refuses given inputs whose extents are not the declared ones, or differ
// where one symbol stands for both; it names the files.
func agree(m *onnxval.Model, in map[string]*tensor.Tensor, files map[string]string) error {
	type binding struct {
		size     int
		by, file string
	}
	bound := map[string]binding{}
	for _, p := range m.Inputs() {
		t := in[p.Name]
		if t == nil || !p.Ranked {
			continue
		}
		wrong := func(format string, args ...any) error {
			return failure(codeFile, "%s: input %s is %s%s, want %s: %s", files[p.Name], p.Name,
				p.Elem.NumPy(), tensor.ShapeString(t.Shape), wantText(p), fmt.Sprintf(format, args...))
		}
		for i, d := range p.Dims {
			n, err := strconv.Atoi(d)
			b, known := bound[d]
			switch {
			case err == nil && n != t.Shape[i]:
				return wrong("extent %d is %d", i, t.Shape[i])
			case err == nil || d == "?":
			case d == "C" && t.Shape[i] == 0:
				return wrong("C is 0, and a class at least is needed")
			case !known:
				bound[d] = binding{t.Shape[i], p.Name, files[p.Name]}
			case b.size != t.Shape[i]:
				return wrong("%s is %d here and %d in %s, %s", d, t.Shape[i], b.size, b.by, b.file)
			}
		}
	}
	return nil
}

// readTensor reads an input from a NumPy file.
func (c *console) readTensor(path string, p onnxval.Port) (*tensor.Tensor, error) {
	data, err := c.readInput(path, "a NumPy file for input "+p.Name)
	if err != nil {
		return nil, err
	}
	a, err := npy.Decode(data)
	if err != nil {
		return nil, failure(codeFile, "%s, for input %s: %w", path, p.Name, err)
	}
	if want := p.Elem.NumPy(); a.Dtype != want {
		return nil, failure(codeFile, "%s: input %s is %s%s, want %s; in NumPy: x.astype(%q)", path, p.Name, a.Dtype, tensor.ShapeString(a.Shape), wantText(p), want)
	}
	if len(a.Shape) != len(p.Dims) && p.Ranked {
		return nil, failure(codeFile, "%s: input %s is %s%s, want %s: rank %d instead of %d", path, p.Name, a.Dtype, tensor.ShapeString(a.Shape), wantText(p), len(a.Shape), len(p.Dims))
	}
	return a.Tensor, nil
}

// wantText is a port in NumPy's words: float32[N,D].
func wantText(p onnxval.Port) string {
	if !p.Ranked {
		return p.Elem.NumPy()
	}
	return p.Elem.NumPy() + "[" + strings.Join(p.Dims, ",") + "]"
}
