package onnxpb

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// scan walks the wire form of a file and adds up what decoding it would cost,
// without allocating any of it. The estimate is of the heap that stays, with
// lists counted at twice their length because they grow by doubling.
type scan struct {
	limits   Limits
	total    int // length of the file
	messages int64
	memory   int64
	graph    bool
	path     []string // names of the fields that lead to where the scan stands
}

// model scans a whole file.
func (s *scan) model(data []byte) error {
	s.memory = modelPlan().size
	return s.message(modelPlan(), data, 0)
}

// message scans the fields of one message; offset is where it starts.
func (s *scan) message(p *plan, data []byte, offset int) error {
	if len(s.path) > s.limits.Depth {
		return s.failf(ErrLimit, offset, "messages nest deeper than %d", s.limits.Depth)
	}
	for at := 0; at < len(data); {
		num, wire, n := protowire.ConsumeTag(data[at:])
		if n < 0 {
			return s.broken(n, offset+at)
		}
		at += n
		var f *fieldPlan
		if int(num) < len(p.fields) {
			f = p.fields[num]
		}
		n, err := s.field(f, num, wire, data[at:], offset+at)
		if err != nil {
			return err
		}
		at += n
		if s.memory > s.limits.Memory {
			return s.failf(ErrLimit, offset+at, "decoding the file would take more than %s", bytesText(s.limits.Memory))
		}
	}
	return nil
}

// field scans the value of one field (nil: a field that the schema lacks) and
// is the number of bytes that it takes.
func (s *scan) field(f *fieldPlan, num protowire.Number, wire protowire.Type, data []byte, offset int) (int, error) {
	packed := f != nil && f.list && wire == protowire.BytesType && f.wire != protowire.BytesType
	if f == nil || wire != f.wire && !packed {
		n := protowire.ConsumeFieldValue(num, wire, data)
		if n < 0 {
			return 0, s.broken(n, offset)
		}
		s.memory += 2 * int64(n) // kept as it is
		return n, nil
	}
	s.path = append(s.path, f.name)
	n, err := s.known(f, num, wire, packed, data, offset)
	if err != nil {
		return 0, err
	}
	s.path = s.path[:len(s.path)-1]
	return n, nil
}

// known scans the value of a field of the schema in one of its wire types.
func (s *scan) known(f *fieldPlan, num protowire.Number, wire protowire.Type, packed bool, data []byte, offset int) (int, error) {
	cost := f.elem
	if f.list {
		cost *= 2
	}
	if wire != protowire.BytesType {
		n := protowire.ConsumeFieldValue(num, wire, data)
		if n < 0 {
			return 0, s.broken(n, offset)
		}
		s.memory += cost
		return n, nil
	}
	value, n := protowire.ConsumeBytes(data)
	if n < 0 {
		return 0, s.broken(n, offset)
	}
	switch {
	case packed:
		s.memory += f.elem * packedLen(f.wire, value)
	case f.sub != nil:
		return n, s.submessage(f, cost, value, offset+n-len(value))
	case f.text && !utf8.Valid(value):
		return 0, s.failf(ErrMalformed, offset, "the text %.40q is not UTF-8", value)
	default:
		s.memory += cost + int64(len(value))
	}
	return n, nil
}

// submessage counts a message and scans it.
func (s *scan) submessage(f *fieldPlan, cost int64, value []byte, offset int) error {
	s.memory += cost + f.sub.size
	s.messages++
	if s.messages > s.limits.Messages {
		return s.failf(ErrLimit, offset, "the file has more than %d messages", s.limits.Messages)
	}
	if len(s.path) == 1 && f.name == "graph" {
		s.graph = true
	}
	return s.message(f.sub, value, offset)
}

// packedLen is how many numbers a packed list holds.
func packedLen(wire protowire.Type, b []byte) int64 {
	switch wire {
	case protowire.Fixed32Type:
		return int64(len(b) / 4)
	case protowire.Fixed64Type:
		return int64(len(b) / 8)
	}
	var n int64
	for _, v := range b {
		if v < 0x80 {
			n++
		}
	}
	return n
}

// broken is the error for what protowire could not read at offset. A length
// that runs past the end means a cut file only where nothing encloses it.
func (s *scan) broken(n, offset int) error {
	err := protowire.ParseError(n)
	if errors.Is(err, io.ErrUnexpectedEOF) && s.outermost() {
		return s.failf(ErrTruncated, offset, "a field runs past the end of the file at byte %d; fetch the file again", s.total)
	}
	return s.failf(ErrMalformed, offset, "%s", strings.TrimPrefix(err.Error(), "proto: "))
}

// outermost tells whether the scan stands in a field of the model itself.
func (s *scan) outermost() bool { return len(s.path) <= 1 }

// failf is an error of a kind with the place in the file.
func (s *scan) failf(kind error, offset int, format string, args ...any) error {
	where := "the model"
	if len(s.path) > 0 {
		where = strings.Join(s.path, ".")
		if len(where) > 80 {
			where = where[:80] + "…"
		}
	}
	return fmt.Errorf("%w: byte %d, in %s: %s", kind, offset, where, fmt.Sprintf(format, args...))
}
