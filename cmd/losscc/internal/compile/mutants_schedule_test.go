package compile

import (
	"slices"
	"strings"
	"testing"

	"losscc/onnxexport/onnxpb"
	"losscc/verify"
)

// A host feeds lambda by what the file states: by another schedule a right
// file trains another loss.
func TestJudgeRefutesSchedulesOfAnotherLoss(t *testing.T) {
	replaced := func(from, to string) func(*onnxpb.ModelProto) {
		return func(m *onnxpb.ModelProto) {
			for _, p := range m.MetadataProps {
				if p.GetKey() == "losscc.schedule.lambda" {
					v := strings.Replace(p.GetValue(), from, to, 1)
					p.Value = &v
				}
			}
		}
	}
	const claimed = "losscc.schedule.lambda"
	for _, c := range []struct {
		name, loss, want string
		change           func(m *onnxpb.ModelProto)
	}{
		{"another base", "l-softmax", "want base 1000", replaced(`"base":1000`, `"base":10`)},
		{"another gamma", "a-softmax", "gamma 0.12", replaced(`"gamma":0.12`, `"gamma":0.13`)},
		{"another power", "l-softmax", "power 35", replaced(`"power":35`, `"power":34`)},
		{"another end", "a-softmax", "min 5", replaced(`"min":5`, `"min":0`)},
		{"another rule", "a-softmax", "by the rule", replaced("^-power", "^power")},
		{"a number twice", "a-softmax", "twice", replaced(`"base":1000`, `"base":1000,"base":1000`)},
		{"a number too many", "a-softmax", "want base 1000", replaced(`"base":1000`, `"base":1000,"steps":9`)},
		{"a name in capitals", "a-softmax", "want base 1000", replaced(`"base":1000`, `"base":1,"Base":1000`)},
		{"text after its end", "a-softmax", "no JSON object of base", replaced(`}`, `} }`)},
		{"no JSON", "a-softmax", "no JSON object of base", replaced("{", "")},
		{"an input that is none", "a-softmax", "no loss has a schedule for that", func(m *onnxpb.ModelProto) {
			key, v := "losscc.schedule.margin", "{}"
			m.MetadataProps = append(m.MetadataProps, &onnxpb.StringStringEntryProto{Key: &key, Value: &v})
		}},
		{"none", "l-softmax", "lack losscc.schedule.lambda of l-softmax", func(m *onnxpb.ModelProto) {
			m.MetadataProps = slices.DeleteFunc(m.MetadataProps, func(p *onnxpb.StringStringEntryProto) bool { return p.GetKey() == claimed })
		}},
		{"that of one part alone", "a-softmax + a-softmax", "schedule.lambda for l-softmax: found", func(m *onnxpb.ModelProto) {
			for _, p := range m.MetadataProps {
				v := strings.NewReplacer("+ a-softmax", "+ l-softmax", "a-softmax_2", "l-softmax", `"a-softmax_2.feature_normalization":"none",`, "").Replace(p.GetValue())
				p.Value = &v
			}
			renamed := func(name string) string { return strings.Replace(name, "a-softmax_2", "l-softmax", 1) }
			for _, o := range m.GetGraph().GetOutput() {
				name := renamed(o.GetName())
				o.Name = &name
			}
			for _, n := range m.GetGraph().GetNode() {
				for i, name := range n.GetOutput() {
					n.Output[i] = renamed(name)
				}
				for i, name := range n.GetInput() {
					n.Input[i] = renamed(name)
				}
			}
		}},
		{"one for a loss without", "arcface", "no part of the loss has such a schedule", func(m *onnxpb.ModelProto) {
			key, v := claimed, `{"base":1000,"gamma":0.12,"power":1,"min":5}`
			m.MetadataProps = append(m.MetadataProps, &onnxpb.StringStringEntryProto{Key: &key, Value: &v})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := decoded(t, c.loss, Options{DType: "f64", Grad: true})
			if right := checked(t, m); right.Failed() {
				t.Fatalf("the file as it was built: %s", failures(right))
			}
			c.change(m)
			report := checked(t, m)
			if k := report.Check(verify.CheckInterface); k == nil || k.Status != verify.Failed || !strings.Contains(k.Reason, c.want) {
				t.Errorf("want %s to fail by %q:\n%s", verify.CheckInterface, c.want, report.Text())
			}
		})
	}
}
