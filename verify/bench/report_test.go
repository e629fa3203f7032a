package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// measured is a run of some rows and a sweep, with times that make the ratios
// easy to tell.
const measured = `{"date": "2000-01-02", "command": "bash run.sh", "left_out": {"compile": "no Python package x"},
"machine": {"processor": "P", "threads": 2, "memory_bytes": 1073741824, "system": "S", "versions": {"torch": "2"}, "commit": "c"},
"columns": {"losscc": "ours", "torch": "theirs", "pml": "others'", "products_ort": "floor"},
"cells": [
 {"key": "arcface B128 C10k gradient", "n": 128, "c": 10000, "column": "losscc", "kind": "ours", "min_ms": 10},
 {"key": "arcface B128 C10k gradient", "n": 128, "c": 10000, "column": "torch", "kind": "peer", "min_ms": 40},
 {"key": "arcface B128 C10k gradient", "n": 128, "c": 10000, "column": "torch", "kind": "peer", "min_ms": 20, "allocator": "jemalloc"},
 {"key": "arcface B128 C10k gradient", "n": 128, "c": 10000, "column": "products_ort", "kind": "floor", "min_ms": 8},
 {"key": "arcface B128 C10k forward", "n": 128, "c": 10000, "mode": "forward", "column": "losscc", "kind": "ours", "min_ms": 10},
 {"key": "arcface B128 C10k forward", "n": 128, "c": 10000, "mode": "forward", "column": "torch", "kind": "peer", "min_ms": 5, "wrong": ["loss"]},
 {"key": "arcface B128 C10k forward", "n": 128, "c": 10000, "mode": "forward", "column": "torch", "kind": "peer", "min_ms": 8, "allocator": "jemalloc"},
 {"key": "cosface B128 C10k gradient", "loss": "cosface", "n": 128, "c": 10000, "column": "losscc", "kind": "ours", "min_ms": 12.5},
 {"key": "cosface B128 C10k gradient", "loss": "cosface", "n": 128, "c": 10000, "column": "torch", "kind": "peer", "min_ms": 20},
 {"key": "softmax B1024 C10k forward", "loss": "softmax", "n": 1024, "c": 10000, "mode": "forward", "column": "losscc", "kind": "ours", "min_ms": 10},
 {"key": "softmax B1024 C10k forward", "loss": "softmax", "n": 1024, "c": 10000, "mode": "forward", "column": "torch", "kind": "peer", "min_ms": 12},
 {"key": "softmax B1024 C10k forward", "loss": "softmax", "n": 1024, "c": 10000, "mode": "forward", "column": "products_ort", "kind": "floor", "min_ms": 8},
 {"key": "triplet-batch-hard B128 gradient", "loss": "triplet-batch-hard", "n": 128, "c": 0, "column": "losscc", "kind": "ours", "min_ms": 10},
 {"key": "triplet-batch-hard B128 gradient", "loss": "triplet-batch-hard", "n": 128, "c": 0, "column": "torch", "kind": "peer", "min_ms": 11},
 {"key": "triplet-batch-hard B128 gradient", "loss": "triplet-batch-hard", "n": 128, "c": 0, "column": "pml", "kind": "peer", "min_ms": 31},
 {"key": "triplet-batch-hard B128 gradient", "loss": "triplet-batch-hard", "n": 128, "c": 0, "column": "products_ort", "kind": "floor", "min_ms": 2},
 {"key": "s", "n": 128, "c": 10000, "sweep": "N", "column": "losscc", "kind": "ours", "min_ms": 10},
 {"key": "s", "n": 256, "c": 10000, "sweep": "N", "column": "losscc", "kind": "ours", "min_ms": 40}
]}`

// barest is the run with graphs by hand in its rows: slower than the products,
// faster than these, slower than losscc's, and one with a wrong number.
func barest() string {
	return strings.NewReplacer(`"products_ort": "floor"}`, `"products_ort": "floor", "bare_ort": "by hand"}`, `"cells": [`, `"cells": [
 {"key": "arcface B128 C10k gradient", "n": 128, "c": 10000, "column": "bare_ort", "kind": "bare", "min_ms": 9},
 {"key": "cosface B128 C10k gradient", "loss": "cosface", "n": 128, "c": 10000, "column": "bare_ort", "kind": "bare", "min_ms": 12},
 {"key": "arcface B128 C10k forward", "n": 128, "c": 10000, "mode": "forward", "column": "bare_ort", "kind": "bare", "min_ms": 11},
 {"key": "softmax B1024 C10k forward", "loss": "softmax", "n": 1024, "c": 10000, "mode": "forward", "column": "bare_ort", "kind": "bare", "min_ms": 1, "wrong": ["loss"]},
 {"key": "triplet-batch-hard B128 gradient", "loss": "triplet-batch-hard", "n": 128, "c": 0, "column": "bare_ort", "kind": "bare", "min_ms": 1},`).Replace(measured)
}

// later is a run of one of the rows, without its products.
const later = `{"date": "2000-01-03", "command": "bash run.sh --only cosface", "left_out": {},
"machine": {"processor": "P", "threads": 2, "memory_bytes": 1073741824, "system": "S", "versions": {}, "commit": "d"},
"columns": {"losscc": "ours", "torch": "theirs"},
"cells": [
 {"key": "cosface B128 C10k gradient", "loss": "cosface", "n": 128, "c": 10000, "column": "losscc", "kind": "ours", "min_ms": 10},
 {"key": "cosface B128 C10k gradient", "loss": "cosface", "n": 128, "c": 10000, "column": "torch", "kind": "peer", "min_ms": 30}
]}`

// reported is the table that report.py makes of runs, which are completed with
// what all their cells have.
func reported(t *testing.T, runs ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"report.py"}
	for i, text := range runs {
		var r map[string]any
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		for _, c := range r["cells"].([]any) {
			cell := c.(map[string]any)
			for k, v := range map[string]any{"loss": "arcface", "d": 512, "mode": "gradient", "sweep": "", "allocator": "default", "wrong": []string{},
				"median_ms": cell["min_ms"], "peak_bytes": 2e6, "errors": map[string]float64{"loss": 1e-7}} {
				if _, ok := cell[k]; !ok {
					cell[k] = v
				}
			}
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("result%d.json", i))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if talk, code := run(t, args...); code != 0 {
		t.Fatal(talk)
	}
	table, err := os.ReadFile(filepath.Join(dir, "table.md"))
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, filepath.Join(dir, "plot.svg"))
	return string(table)
}

// says holds a table to lines, each of which shows a fact.
func says(t *testing.T, table string, facts map[string]string) {
	t.Helper()
	for fact, line := range facts {
		if !strings.Contains(table, line) {
			t.Errorf("%s: want the line\n%s\nin\n%s", fact, line, table)
		}
	}
}

func TestTheTableSaysWhatWasMeasured(t *testing.T) {
	says(t, reported(t, measured), map[string]string{
		"a peer counts with its faster allocator":     "| arcface B128 C10k gradient | 10.0 (2 MB) | – | 8.00 (2 MB) | 40.0 / 20.0 (2 MB) | 2.00× | ✓ 1.7× | 1.25× | – | 2.50× |",
		"a wrong number is no time":                   "| arcface B128 C10k forward | 10.0 (2 MB) | – | – | 5.00✗ / 8.00 (2 MB) | 0.80× | ✗ 2× | – | – | – |",
		"losses of one shape share their products":    "| cosface B128 C10k gradient | 12.5 (2 MB) | – | 8.00 (2 MB) | 20.0 (2 MB) | 1.60× | ✗ 1.7× | 1.56× | – | 2.50× |",
		"a goal that the products forbid is marked":   "| softmax B1024 C10k forward | 10.0 (2 MB) | – | 8.00 (2 MB) | 12.0 (2 MB) | 1.20× | ✗ 2× (at most 1.5×) | 1.25× | – | 1.50× |",
		"a goal may be about one peer":                "| triplet-batch-hard B128 gradient | 10.0 (2 MB) | 31.0 (2 MB) | 2.00 (2 MB) | 11.0 (2 MB) | 1.10× | ✓ 3× (pml 3.1×) | 5.00× | – | 5.50× |",
		"the mean is geometric":                       "geometric mean 1.28× over 5 rows, least 0.80× (arcface B128 C10k forward)",
		"what misses its goal is named":               "Under goals that the floors leave time for: arcface B128 C10k forward 0.80×, goal 2×; cosface B128 C10k gradient 1.60×, goal 1.7×; triplet-batch-hard B128 gradient 1.10×, goal 1.2×.",
		"what cannot reach its goal is named apart":   "with what these would: softmax B1024 C10k forward 1.20× of 1.50×, goal 2×.",
		"each family has its mean, and each peer":     "| heads, gradient (2 rows) | 1.79× | – | 1.79× | – | 1.40× | – |",
		"a mean of some rows says of how many":        "| heads, forward (2 rows) | 0.98× | – | 0.98× | – | 1.25× (1) | – |",
		"pairs are a family of their own":             "| pairs, gradient (1 row) | 1.10× | 3.10× | 1.10× | – | 5.00× | – |",
		"growth is fitted beside the theory":          "| arcface, N = 128, 256 | 10.0 / 40.0 | 2.00 | 2.00 | 1 |",
		"what is missing is said":                     "- Left out: compile, no Python package x.",
		"machine, date and command head the table":    "Measured 2000-01-02 by `bash run.sh`: P, 2 threads, 1 GiB, S; torch 2; losscc at c.\n",
		"what differed from float64 is said by sizes": "the losses agree to 1e-07",
	})
}

func TestTheBarestGraphIsAFloorBesideTheProducts(t *testing.T) {
	says(t, reported(t, barest()), map[string]string{
		"it bounds what can be reached":             "| arcface B128 C10k gradient | 9.00 (2 MB) | 10.0 (2 MB) | – | 8.00 (2 MB) | 40.0 / 20.0 (2 MB) | 2.00× | ✓ 1.7× | 1.25× | 1.11× | 2.22× |",
		"a goal that it alone forbids is marked":    "| 20.0 (2 MB) | 1.60× | ✗ 1.7× (at most 1.67×) | 1.56× | 1.04× | 1.67× |",
		"and named apart":                           "cosface B128 C10k gradient 1.60× of 1.67×, goal 1.7×",
		"with a wrong number the products bound":    "| softmax B1024 C10k forward | 1.00✗ (2 MB) | 10.0 (2 MB) | – | 8.00 (2 MB) | 12.0 (2 MB) | 1.20× | ✗ 2× (at most 1.5×) | 1.25× | – | 1.50× |",
		"slower than the file, it is no bound":      "| arcface B128 C10k forward | 11.0 (2 MB) | 10.0 (2 MB) | – | – | 5.00✗ / 8.00 (2 MB) | 0.80× | ✗ 2× (at most 0.8×) | – | 0.91× | 0.80× |",
		"faster than the products, it bounds alone": "| 1.10× | ✓ 3× (pml 3.1×) | 5.00× | 10.00× | 11.00× |",
		"it is no peer, and no loss shares it":      "| heads, gradient (2 rows) | 1.79× | – | 1.79× | – | 1.40× | 1.08× |",
		"a mean of some rows says so":               "| heads, forward (2 rows) | 0.98× | – | 0.98× | – | 1.25× (1) | 0.91× (1) |",
	})
}

func TestARowOfALaterRunTakesItsPlaceMarked(t *testing.T) {
	says(t, reported(t, measured, later), map[string]string{
		"the row is marked, and has no products of another run": "| cosface B128 C10k gradient \\* | 10.0 (2 MB) | – | – | 30.0 (2 MB) | 3.00× | ✓ 1.7× | – | – | – |",
		"the other rows stay":   "| arcface B128 C10k gradient | 10.0 (2 MB) |",
		"the mark is explained": "Rows with * were measured again 2000-01-03 by `bash run.sh --only cosface`, losscc at d.",
	})
}
