package cost

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write prices.go from the measured kernels")

// measured is testdata/bench/kernels.json, as far as prices need it.
type measured struct {
	Command string `json:"command"`
	Kernels []struct {
		Op   string             `json:"op"`
		Form string             `json:"form"`
		Work map[string]float64 `json:"work"`
		NS   struct {
			Fresh map[string][]float64 `json:"fresh"`
		} `json:"ns"`
	} `json:"kernels"`
}

// The prices are those that were measured and stand in testdata/bench.
func TestPricesAreThoseMeasured(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "bench", "kernels.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m measured
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "// Code generated from testdata/bench/kernels.json by go test ./ir/cost -update; DO NOT EDIT.\n\npackage cost\n\nvar prices = map[string]price{\n")
	for _, k := range m.Kernels {
		fmt.Fprintf(&s, "%q: {", k.Op+" "+k.Form)
		for _, at := range []string{"one", "small", "medium", "large"} {
			if len(k.NS.Fresh[at]) == 0 || k.Work[at] <= 0 {
				t.Fatalf("%s %s is not measured at the %s size", k.Op, k.Form, at)
			}
			fmt.Fprintf(&s, "{%.0f, %.0f}, ", k.Work[at], slices.Min(k.NS.Fresh[at]))
		}
		fmt.Fprintf(&s, "},\n")
	}
	s.WriteString("}\n")
	want, err := format.Source([]byte(s.String()))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("prices.go", want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("prices.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("prices.go is not what testdata/bench/kernels.json says: go test ./ir/cost -run Prices -update")
	}
}
