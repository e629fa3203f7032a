package digits

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the tables under testdata/digits")

// keep writes a table under testdata/digits with -update. The numbers are not
// compared: they differ from one processor to another in their last digits,
// and training carries that on.
func keep(t *testing.T, name, text string) {
	t.Helper()
	if !*update {
		return
	}
	path := filepath.Join(filepath.Dir(data), "digits", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
