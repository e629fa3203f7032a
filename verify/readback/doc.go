// Package readback makes a Graph from the bytes of an ONNX file with somebody
// else's decoder, that of github.com/owulveryck/onnx-go, and compares it with
// what the file says by this project's own. A field that was written under the
// wrong number, packed where it must not be, or in an order that only our
// decoder expects does not survive two decoders.
//
// onnx-go hands its findings to a backend, a graph in which each value is a
// vertex and each input of an operation an edge. Ours keeps the edges as a list,
// because two equal inputs of one operation are two edges with the same ends,
// and remembers each operation as it is applied. What the decoder drops is out
// of reach of the comparison: domains, function bodies, opset imports, metadata
// and symbolic extents. What it cannot read at all is an UnsupportedError:
// float16, graphs as attributes, bool elements in raw bytes.
package readback
