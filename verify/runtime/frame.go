package runtime

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"losscc/verify/tensor"
)

// request is the header of a frame to the worker.
type request struct {
	Job     string  `json:"job"`
	Seconds float64 `json:"seconds"`
	Model   int     `json:"model"`
	Inputs  []entry `json:"inputs"`
}

// reply is the header of a frame from the worker.
type reply struct {
	OK      bool    `json:"ok"`
	Version string  `json:"version"`
	Text    string  `json:"text"`
	Outputs []entry `json:"outputs"`
	Stage   string  `json:"stage"`
	What    string  `json:"what"`
	Message string  `json:"message"`
}

// entry describes one tensor of a frame's body.
type entry struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Shape []int  `json:"shape"`
}

// Limits on what a worker may claim to send; bodies are read as they come, so a
// false claim costs nothing.
const (
	maxHeader = 64 << 20
	maxBody   = 16 << 30
)

// encode is a request as a frame.
func encode(job string, seconds float64, model []byte, in map[string]*tensor.Tensor) ([]byte, error) {
	req := request{Job: job, Seconds: seconds, Model: len(model), Inputs: []entry{}}
	body := slices.Clone(model)
	for _, name := range sortedNames(in) {
		t := in[name]
		if t == nil {
			return nil, fmt.Errorf("input %s is nil", name)
		}
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		req.Inputs = append(req.Inputs, entry{name, t.Kind.String(), shape})
		var err error
		if body, err = appendElements(body, t); err != nil {
			return nil, fmt.Errorf("input %s: %w", name, err)
		}
	}
	header, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	frame := binary.LittleEndian.AppendUint32(nil, uint32(len(header)))
	frame = binary.LittleEndian.AppendUint64(frame, uint64(len(body)))
	return append(append(frame, header...), body...), nil
}

func sortedNames(m map[string]*tensor.Tensor) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func appendElements(b []byte, t *tensor.Tensor) ([]byte, error) {
	held := map[tensor.Kind]int{tensor.Float: len(t.F), tensor.Int: len(t.I), tensor.Bool: len(t.B)}[t.Kind]
	if held != t.Len() {
		return nil, fmt.Errorf("%v holds %d elements", t, held)
	}
	switch t.Kind {
	case tensor.Float:
		for _, v := range t.F {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	case tensor.Int:
		for _, v := range t.I {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	case tensor.Bool:
		for _, v := range t.B {
			if v {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		}
	default:
		return nil, fmt.Errorf("it has kind %v", t.Kind)
	}
	return b, nil
}

// decode reads one frame from the worker.
func decode(r io.Reader) (*reply, []byte, error) {
	var lengths [12]byte
	if _, err := io.ReadFull(r, lengths[:]); err != nil {
		return nil, nil, err
	}
	h := uint64(binary.LittleEndian.Uint32(lengths[:4]))
	n := binary.LittleEndian.Uint64(lengths[4:])
	if h > maxHeader || n > maxBody {
		return nil, nil, fmt.Errorf("frame claims a header of %d and a body of %d bytes", h, n)
	}
	header, err := readBytes(r, int64(h))
	if err != nil {
		return nil, nil, err
	}
	var rep reply
	if err := json.Unmarshal(header, &rep); err != nil {
		return nil, nil, fmt.Errorf("frame header: %w", err)
	}
	body, err := readBytes(r, int64(n))
	return &rep, body, err
}

func readBytes(r io.Reader, n int64) ([]byte, error) {
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, n); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// tensors are the outputs that a reply lists, out of its body.
func (rep *reply) tensors(body []byte) (map[string]*tensor.Tensor, error) {
	out := make(map[string]*tensor.Tensor, len(rep.Outputs))
	for _, e := range rep.Outputs {
		size, kind, err := e.layout()
		if err != nil {
			return nil, err
		}
		count := 1
		for _, d := range e.Shape {
			if d < 0 || (d > 0 && count > len(body)/size/d) {
				return nil, fmt.Errorf("output %s: shape %v does not fit into the %d bytes left", e.Name, e.Shape, len(body))
			}
			count *= d
		}
		if count*size > len(body) {
			return nil, fmt.Errorf("output %s: shape %v does not fit into the %d bytes left", e.Name, e.Shape, len(body))
		}
		out[e.Name] = elements(kind, e.Shape, body[:count*size])
		body = body[count*size:]
	}
	if len(body) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last output", len(body))
	}
	return out, nil
}

func (e entry) layout() (size int, kind tensor.Kind, err error) {
	switch e.Kind {
	case "float":
		return 8, tensor.Float, nil
	case "int64":
		return 8, tensor.Int, nil
	case "bool":
		return 1, tensor.Bool, nil
	}
	return 0, 0, fmt.Errorf("output %s has kind %q, want float, int64 or bool", e.Name, e.Kind)
}

func elements(kind tensor.Kind, shape []int, data []byte) *tensor.Tensor {
	t := tensor.New(kind, shape...)
	switch kind {
	case tensor.Float:
		for i := range t.F {
			t.F[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
	case tensor.Int:
		for i := range t.I {
			t.I[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
		}
	case tensor.Bool:
		for i := range t.B {
			t.B[i] = data[i] != 0
		}
	}
	return t
}
