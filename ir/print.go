package ir

import (
	"fmt"
	"strings"
)

// String is the function's text, the functions that it calls before it.
func (f *Func) String() string {
	var s strings.Builder
	for _, c := range f.Callees() {
		c.print(&s)
		s.WriteByte('\n')
	}
	f.print(&s)
	return s.String()
}

func (f *Func) print(s *strings.Builder) {
	names := f.Names()
	if f.Margin {
		s.WriteString("margin ")
	}
	fmt.Fprintf(s, "func @%s", f.Name)
	if len(f.Attrs) > 0 {
		parts := make([]string, len(f.Attrs))
		for i, a := range f.Attrs {
			parts[i] = a.Name + ": " + string(a.Kind)
		}
		fmt.Fprintf(s, "<%s>", strings.Join(parts, ", "))
	}
	params := make([]string, len(f.Params))
	for i, p := range f.Params {
		params[i] = names[p] + ": " + p.Type.String()
		if role := p.Attrs.Text("role"); role != "" {
			params[i] += " " + role
		}
	}
	fmt.Fprintf(s, "(%s) {\n", strings.Join(params, ", "))
	for _, v := range f.Values {
		if v.Op != OpParam {
			v.print(s, names)
		}
	}
	results := make([]string, len(f.Results))
	for i, r := range f.Results {
		results[i] = r.Name + "=" + names[r.Value]
	}
	fmt.Fprintf(s, "  return %s\n}\n", strings.Join(results, ", "))
}

func (v *Value) print(s *strings.Builder, names map[*Value]string) {
	fmt.Fprintf(s, "  %s: %v = %s", names[v], v.Type, v.Op)
	for i, a := range v.Args {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteString(" " + names[a])
	}
	if len(v.Attrs) > 0 {
		parts := make([]string, len(v.Attrs))
		for i, a := range v.Attrs {
			parts[i] = a.Name + "=" + printAttr(a.Val)
		}
		fmt.Fprintf(s, " {%s}", strings.Join(parts, ", "))
	}
	s.WriteByte('\n')
}

// Names is what the text calls each value: the paper's name where it has one
// that no other value has taken, else % and its number among the nameless.
func (f *Func) Names() map[*Value]string {
	names := make(map[*Value]string, len(f.Values))
	taken := make(map[string]bool, len(f.Values))
	n := 0
	for _, v := range f.Values {
		name := v.Name
		for i := 2; name != "" && taken[name]; i++ {
			name = fmt.Sprintf("%s.%d", v.Name, i)
		}
		if name == "" {
			n++
			name = fmt.Sprintf("%%%d", n)
		}
		taken[name] = true
		names[v] = name
	}
	return names
}
