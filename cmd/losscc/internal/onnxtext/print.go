package onnxtext

import (
	"fmt"
	"strings"

	"losscc/onnxexport/onnxpb"
)

// String is the text of a model.
func String(m *onnxpb.ModelProto) string {
	p := &printer{}
	p.header(m)
	p.graph(m.GetGraph(), "")
	for _, f := range m.GetFunctions() {
		p.WriteByte('\n')
		p.function(f)
	}
	return p.String()
}

type printer struct{ strings.Builder }

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// header is the versions, the producer and the metadata.
func (p *printer) header(m *onnxpb.ModelProto) {
	lines := []string{
		fmt.Sprintf("ir_version: %d", m.GetIrVersion()),
		"opset_import: " + opsets(m.GetOpsetImport()),
	}
	text := func(key, value string) {
		if value != "" {
			lines = append(lines, key+": "+quote(value))
		}
	}
	text("producer_name", m.GetProducerName())
	text("producer_version", m.GetProducerVersion())
	text("domain", m.GetDomain())
	if v := m.GetModelVersion(); v != 0 {
		lines = append(lines, fmt.Sprintf("model_version: %d", v))
	}
	text("doc_string", m.GetDocString())
	if props := m.GetMetadataProps(); len(props) > 0 {
		entries := make([]string, len(props))
		for i, e := range props {
			entries[i] = "\n      " + quote(e.GetKey()) + ": " + quote(e.GetValue())
		}
		lines = append(lines, "metadata_props: ["+strings.Join(entries, ",")+"\n   ]")
	}
	p.printf("<\n   %s\n>\n", strings.Join(lines, ",\n   "))
}

func opsets(list []*onnxpb.OperatorSetIdProto) string {
	parts := make([]string, len(list))
	for i, o := range list {
		parts[i] = fmt.Sprintf("%s : %d", quote(o.GetDomain()), o.GetVersion())
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// graph is a signature, the initializers and the nodes.
func (p *printer) graph(g *onnxpb.GraphProto, indent string) {
	p.printf("%s (%s) => (%s)\n", identifier(g.GetName()), values(g.GetInput()), values(g.GetOutput()))
	var inits []string
	for _, t := range g.GetInitializer() {
		inits = append(inits, fmt.Sprintf("%s %s = %s", tensorType(t), identifier(t.GetName()), elements(t)))
	}
	for _, v := range g.GetValueInfo() {
		inits = append(inits, value(v))
	}
	if len(inits) > 0 {
		p.printf("%s<\n%s   %s\n%s>\n", indent, indent, strings.Join(inits, ",\n"+indent+"   "), indent)
	}
	p.body(g.GetNode(), indent)
}

func (p *printer) function(f *onnxpb.FunctionProto) {
	p.printf("<\n   domain: %s,\n   opset_import: %s\n>\n", quote(f.GetDomain()), opsets(f.GetOpsetImport()))
	p.printf("%s ", f.GetName())
	if len(f.GetAttribute()) > 0 {
		p.printf("<%s>", strings.Join(f.GetAttribute(), ", "))
	}
	p.printf("(%s) => (%s)\n", identifiers(f.GetInput()), identifiers(f.GetOutput()))
	p.body(f.GetNode(), "")
}

func (p *printer) body(nodes []*onnxpb.NodeProto, indent string) {
	p.printf("%s{\n", indent)
	for _, n := range nodes {
		p.node(n, indent+"   ")
	}
	p.printf("%s}\n", indent)
}

func (p *printer) node(n *onnxpb.NodeProto, indent string) {
	p.WriteString(indent)
	outputs := n.GetOutput()
	if name := n.GetName(); name != "" && (len(outputs) == 0 || outputs[0] != name) {
		p.printf("[%s] ", identifier(name))
	}
	p.printf("%s = ", identifiers(outputs))
	if d := n.GetDomain(); d != "" {
		p.printf("%s.", d)
	}
	p.WriteString(n.GetOpType())
	if len(n.GetAttribute()) > 0 {
		parts := make([]string, len(n.GetAttribute()))
		for i, a := range n.GetAttribute() {
			parts[i] = attribute(a, indent)
		}
		p.printf(" <%s>", strings.Join(parts, ", "))
	}
	p.printf(" (%s)\n", identifiers(n.GetInput()))
}

// values are the declared values of a signature.
func values(list []*onnxpb.ValueInfoProto) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = value(v)
	}
	return strings.Join(parts, ", ")
}

func value(v *onnxpb.ValueInfoProto) string {
	return strings.TrimSpace(Type(v.GetType()) + " " + identifier(v.GetName()))
}
