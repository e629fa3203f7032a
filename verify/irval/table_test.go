package irval

import (
	"testing"

	"losscc/ir"
)

func TestEveryOpHasARow(t *testing.T) {
	for _, op := range ir.Ops {
		kernel, ok := table[op]
		if !ok || kernel == nil && op != ir.OpParam {
			t.Errorf("op %s has no row in the evaluator's table", op)
		}
	}
	if len(table) != len(ir.Ops) {
		t.Errorf("the table has %d rows, the language %d ops", len(table), len(ir.Ops))
	}
}
