package compile

import (
	"encoding/json"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// room is a package, or a folder of packages (ending in /...), and which of
// our packages its code other than tests may import: itself included, always.
type room struct {
	name  string
	may   []string
	never []string // packages of others
}

// rooms is the table of imports: arrows run one way, from formula to file, and
// the judge does not ask the accused. The most specific name counts.
var rooms = []room{
	{"ir", nil, []string{"google.golang.org/protobuf", "github.com/spf13/cobra"}},
	{"ir/cost", []string{"ir"}, []string{"google.golang.org/protobuf", "github.com/spf13/cobra"}},
	{"ir/opt", []string{"ir", "ir/cost"}, []string{"google.golang.org/protobuf", "github.com/spf13/cobra"}},
	{"ir/grad", []string{"ir", "ir/opt"}, []string{"google.golang.org/protobuf", "github.com/spf13/cobra"}},
	{"ir/irtest", []string{"ir", "verify/tensor"}, []string{"google.golang.org/protobuf", "github.com/spf13/cobra"}},
	{"builders", []string{"ir"}, []string{"google.golang.org/protobuf", "github.com/spf13/cobra"}},
	{"onnxexport", []string{"ir", "onnxexport/onnxpb"}, []string{"github.com/spf13/cobra"}},
	{"onnxexport/onnxpb", nil, []string{"github.com/spf13/cobra"}},
	{"verify/...", []string{"ir", "onnxexport/onnxpb", "verify/..."}, []string{"github.com/spf13/cobra"}},
	{"verify/formula", []string{"verify/tensor"}, []string{"google.golang.org/protobuf"}},
	{"verify/onnxval", []string{"onnxexport/onnxpb", "verify/tensor", "verify/half"}, nil},
	{"verify/irval", []string{"ir", "verify/tensor"}, []string{"google.golang.org/protobuf"}},
	{"cmd/...", []string{"..."}, nil},
}

// imports is what go list says of a package.
type imports struct {
	ImportPath string
	Imports    []string
}

func TestImportsRunOneWay(t *testing.T) {
	packages := goList(t)
	met := map[string]bool{}
	for _, p := range packages {
		name, ours := strings.CutPrefix(p.ImportPath, "losscc/")
		if !ours {
			continue
		}
		r, ok := roomOf(name)
		if !ok {
			t.Errorf("package %s has no line in the table of imports", name)
			continue
		}
		met[r.name] = true
		for _, imported := range p.Imports {
			if other, ours := strings.CutPrefix(imported, "losscc/"); ours {
				if !r.allows(other) && other != name {
					t.Errorf("%s imports %s; it may import %v", name, other, r.may)
				}
			}
			for _, never := range r.never {
				if imported == never || strings.HasPrefix(imported, never+"/") {
					t.Errorf("%s imports %s, which it must not", name, imported)
				}
			}
		}
	}
	for _, r := range rooms {
		if !met[r.name] {
			t.Errorf("the table of imports has a line for %s, and there is no such package", r.name)
		}
	}
}

func TestARoomRefusesWhatItsLineDoesNotName(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"builders", "ir", true}, {"builders", "ir/grad", false}, {"builders", "onnxexport", false},
		{"verify", "verify/formula", true}, {"verify", "onnxexport/onnxpb", true}, {"verify", "onnxexport", false}, {"verify/draw", "builders", false},
		{"onnxexport", "ir/grad", false}, {"ir/opt", "ir/grad", false}, {"cmd/losscc", "verify", true},
		{"verify/onnxval", "verify/irval", false}, {"verify/irval", "verify/onnxval", false},
	} {
		r, ok := roomOf(c.from)
		if !ok || r.allows(c.to) != c.want {
			t.Errorf("%s importing %s: allowed %v, want %v", c.from, c.to, !c.want, c.want)
		}
	}
}

// roomOf is the most specific line for a package.
func roomOf(name string) (best room, ok bool) {
	for _, r := range rooms {
		if matches(r.name, name) && (!ok || len(r.name) > len(best.name) || r.name == name) && best.name != name {
			best, ok = r, true
		}
	}
	return best, ok
}

func (r room) allows(imported string) bool {
	for _, m := range r.may {
		if matches(m, imported) {
			return true
		}
	}
	return false
}

// matches tells whether a pattern, which may end in ..., names a package.
func matches(pattern, name string) bool {
	folder, all := strings.CutSuffix(pattern, "...")
	if !all {
		return pattern == name
	}
	return folder == "" || name == path.Clean(folder) || strings.HasPrefix(name, folder)
}

// goList is every package of the module with the imports of its code.
func goList(t *testing.T) []imports {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "losscc/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []imports
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p imports
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}
