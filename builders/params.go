package builders

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// Hyper-parameters are the exported fields of a Formula, embedded structs
// taken apart. A field Scale float64 is the parameter scale; its tags say
// more:
//
//	name:"focal.gamma"   another name than the field's in lower case with _
//	range:">= 0, < 1"    conditions that all hold
//	or:"0"               a value that is fine outside the range
//	enum:"mean|sum"      the words that a string may be, the default first
//	doc:"…"              what it is
//
// Defaults are the values that Loss.New sets.

// Param is a hyper-parameter of a loss.
type Param struct {
	Name    string
	Kind    string // number, integer, bool, enum
	Default any
	Range   string
	Enum    []string
	Doc     string

	or    string
	index []int // of the field
}

// Setting is a hyper-parameter and the value that it has.
type Setting struct {
	Name  string
	Value any // float64, int, bool or string
}

// Params are the hyper-parameters of a loss in the order of its struct.
func (l Loss) Params() []Param {
	f := l.New()
	return paramsOf(reflect.Indirect(reflect.ValueOf(f)))
}

func paramsOf(v reflect.Value) []Param {
	var out []Param
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for _, p := range paramsOf(v.Field(i)) {
				p.index = append([]int{i}, p.index...)
				out = append(out, p)
			}
			continue
		}
		p := Param{Name: f.Tag.Get("name"), Default: v.Field(i).Interface(), Range: f.Tag.Get("range"), Doc: f.Tag.Get("doc"), or: f.Tag.Get("or"), index: []int{i}}
		if p.Name == "" {
			p.Name = snake(f.Name)
		}
		switch f.Type.Kind() {
		case reflect.Float64:
			p.Kind = "number"
		case reflect.Int:
			p.Kind = "integer"
		case reflect.Bool:
			p.Kind = "bool"
		case reflect.String:
			p.Kind = "enum"
			p.Enum = strings.Split(f.Tag.Get("enum"), "|")
		}
		out = append(out, p)
	}
	return out
}

// snake is a Go name in lower case with _ between its words.
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Configure is the loss's Formula with the given settings (name → text) over
// its defaults. It is a *UsageError if a name is unknown or a value is of the
// wrong type, outside its range or not in its enumeration.
func (l Loss) Configure(sets map[string]string) (Formula, []Setting, error) {
	f := l.New()
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Pointer {
		return nil, nil, fmt.Errorf("loss %s: New gives %T, want a pointer", l.Name, f)
	}
	v = v.Elem()
	params := paramsOf(v)
	for _, name := range sortedKeys(sets) {
		p, ok := paramNamed(params, name)
		if !ok {
			return nil, nil, unknownParam(l, params, name)
		}
		x, err := p.parse(sets[name])
		if err != nil {
			return nil, nil, usage("%s: parameter %s: %w", l.Name, name, err)
		}
		v.FieldByIndex(p.index).Set(reflect.ValueOf(x))
	}
	if c, ok := f.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return nil, nil, usage("%s: %w", l.Name, err)
		}
	}
	settings := make([]Setting, len(params))
	for i, p := range params {
		settings[i] = Setting{p.Name, v.FieldByIndex(p.index).Interface()}
	}
	return f, settings, nil
}

func paramNamed(params []Param, name string) (Param, bool) {
	for _, p := range params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// parse turns text into the parameter's value.
func (p Param) parse(text string) (any, error) {
	switch p.Kind {
	case "number":
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("found %q, want a finite number, such as %v", text, p.Default)
		}
		return x, p.inRange(x, text)
	case "integer":
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("found %q, want a whole number, such as %v", text, p.Default)
		}
		return n, p.inRange(float64(n), text)
	case "bool":
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("found %q, want true or false", text)
		}
		return text == "true", nil
	}
	for _, e := range p.Enum {
		if e == text {
			return text, nil
		}
	}
	return nil, fmt.Errorf("found %q, want one of %s%s", text, strings.Join(p.Enum, ", "), DidYouMean(text, p.Enum))
}

// Accepts is the range in words, as "0 or >= 1"; empty where every value will do.
func (p Param) Accepts() string {
	if p.or != "" {
		return p.or + " or " + p.Range
	}
	return p.Range
}

// inRange checks the conditions of the range tag.
func (p Param) inRange(x float64, text string) error {
	if p.Range == "" || p.or != "" && p.or == text {
		return nil
	}
	for _, cond := range strings.Split(p.Range, ",") {
		op, num, _ := strings.Cut(strings.TrimSpace(cond), " ")
		lim, err := strconv.ParseFloat(num, 64)
		if err != nil {
			return fmt.Errorf("range %q of the loss cannot be read", p.Range)
		}
		ok := false
		switch op {
		case ">":
			ok = x > lim
		case ">=":
			ok = x >= lim
		case "<":
			ok = x < lim
		case "<=":
			ok = x <= lim
		}
		if !ok {
			return fmt.Errorf("found %s, want a value %s", text, p.Accepts())
		}
	}
	return nil
}
