package onnxpb

import (
	"reflect"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// plan is what the scan knows of a message type: what one costs on the heap,
// and its fields by number.
type plan struct {
	size   int64
	fields []*fieldPlan
}

// fieldPlan is what the scan knows of a field.
type fieldPlan struct {
	name string
	wire protowire.Type
	list bool
	text bool  // a string, which must be UTF-8
	elem int64 // heap bytes of one element besides its contents
	sub  *plan // the message type, if it is one
}

// modelPlan is the plan of ModelProto and of everything under it.
var modelPlan = sync.OnceValue(func() *plan {
	return planOf((*ModelProto)(nil).ProtoReflect().Type(), map[protoreflect.FullName]*plan{})
})

// planOf makes the plan of a message type; types may contain themselves, so
// what is begun is found in seen.
func planOf(mt protoreflect.MessageType, seen map[protoreflect.FullName]*plan) *plan {
	d := mt.Descriptor()
	if p, ok := seen[d.FullName()]; ok {
		return p
	}
	p := &plan{size: int64(reflect.TypeOf(mt.Zero().Interface()).Elem().Size())}
	seen[d.FullName()] = p
	fields := d.Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		f := &fieldPlan{name: string(fd.Name()), list: fd.IsList()}
		f.wire, f.elem = wireOf(fd.Kind())
		f.text = fd.Kind() == protoreflect.StringKind
		if fd.Kind() == protoreflect.MessageKind {
			f.sub = planOf(fieldType(mt, fd), seen)
		}
		for len(p.fields) <= int(fd.Number()) {
			p.fields = append(p.fields, nil)
		}
		p.fields[fd.Number()] = f
	}
	return p
}

// fieldType is the message type of a field of message type.
func fieldType(mt protoreflect.MessageType, fd protoreflect.FieldDescriptor) protoreflect.MessageType {
	if fd.IsList() {
		return mt.New().NewField(fd).List().NewElement().Message().Type()
	}
	return mt.New().NewField(fd).Message().Type()
}

// wireOf is how a kind is written, and what one value of it costs in Go: the
// header of a string or slice, the number, or the pointer to the message.
func wireOf(k protoreflect.Kind) (protowire.Type, int64) {
	switch k {
	case protoreflect.FloatKind:
		return protowire.Fixed32Type, 4
	case protoreflect.DoubleKind:
		return protowire.Fixed64Type, 8
	case protoreflect.StringKind:
		return protowire.BytesType, 16
	case protoreflect.BytesKind:
		return protowire.BytesType, 24
	case protoreflect.MessageKind:
		return protowire.BytesType, 8
	case protoreflect.Int32Kind, protoreflect.EnumKind:
		return protowire.VarintType, 4
	default:
		return protowire.VarintType, 8
	}
}
