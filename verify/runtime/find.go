package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"losscc/verify/python"
)

// Runtime is a runtime that is installed on this machine.
type Runtime struct {
	name    string
	row     row
	python  string
	version string
}

// row is what has to be known about a runtime to find and start it.
type row struct {
	worker      string             // the name worker.py knows it by
	modules     []string           // what its Python must have; the first is the runtime
	variable    string             // names a Python that has it
	environment python.Environment // where else it may be
	path        bool               // whether any python3 with the modules will do
}

var rows = map[string]row{
	"onnxruntime":     {"onnxruntime", []string{"onnxruntime", "numpy"}, "LOSSCC_PYTHON", python.Newest, true},
	"onnxruntime-old": {"onnxruntime", []string{"onnxruntime", "numpy"}, "LOSSCC_PYTHON_OLD", python.Oldest, false},
	"onnx":            {"onnx", []string{"onnx", "numpy"}, "LOSSCC_PYTHON", python.Newest, true},
	"reference":       {"reference", []string{"onnx", "numpy"}, "LOSSCC_PYTHON", python.Newest, true},
}

// Names is every name that Find knows, sorted.
func Names() []string {
	var names []string
	for name := range rows {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Find is the runtime of that name: "onnxruntime", "onnxruntime-old" (the
// oldest release that the test environment could install), "reference" (onnx's
// evaluator) or "onnx" (its checker). It looks at the Python that LOSSCC_PYTHON
// (LOSSCC_PYTHON_OLD) names and at nothing else if that is set, then into the
// environment that verify/test.sh made, then at python3 on the path. The error
// is ErrMissing and says where it looked.
func Find(name string) (*Runtime, error) {
	r, ok := rows[name]
	if !ok {
		return nil, &Error{Kind: ErrMissing, Runtime: name, Stage: "look-up",
			Detail: "no runtime has this name; there are " + strings.Join(Names(), ", ")}
	}
	var looked []string
	for _, c := range r.candidates() {
		if c.python == "" {
			looked = append(looked, c.where)
			continue
		}
		version, err := probe(c.python, r.modules)
		if err == nil {
			return &Runtime{name: name, row: r, python: c.python, version: version}, nil
		}
		looked = append(looked, fmt.Sprintf("%s: %v", c.where, err))
	}
	return nil, &Error{Kind: ErrMissing, Runtime: name, Stage: "look-up", Detail: fmt.Sprintf(
		"looked at %s; run `bash verify/test.sh` once, which installs it, or set %s to a Python that has %s",
		strings.Join(looked, "; "), r.variable, strings.Join(r.modules, " and "))}
}

// Name is the name that Find was given.
func (r *Runtime) Name() string { return r.name }

// Version is the version of the package that is the runtime.
func (r *Runtime) Version() string { return r.version }

// String is name and version.
func (r *Runtime) String() string { return r.name + " " + r.version }

// candidate is one place to look for a Python; python is empty when there is
// none at that place.
type candidate struct{ python, where string }

func (r row) candidates() []candidate {
	if given := os.Getenv(r.variable); given != "" {
		return []candidate{{given, r.variable + "=" + given}}
	}
	all := []candidate{{"", r.variable + " (unset)"}}
	if pattern, err := environmentPattern(r.environment); err == nil {
		found, _ := filepath.Glob(pattern)
		for _, marker := range found {
			p := filepath.Join(filepath.Dir(marker), "bin", "python")
			all = append(all, candidate{p, p})
		}
		if len(found) == 0 {
			all = append(all, candidate{"", filepath.Dir(pattern) + " (absent)"})
		}
	}
	if !r.path {
		return all
	}
	if p, err := exec.LookPath("python3"); err == nil {
		return append(all, candidate{p, p})
	}
	return append(all, candidate{"", "python3 (not on the path)"})
}

// environmentPattern matches the marker file of each folder that environment.py
// made for e. It must name the same root as that script.
func environmentPattern(e python.Environment) (string, error) {
	root := os.Getenv("LOSSCC_VENV")
	if root == "" {
		cache := os.Getenv("XDG_CACHE_HOME")
		if cache == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", err
			}
			cache = filepath.Join(home, ".cache")
		}
		root = filepath.Join(cache, "losscc")
	}
	return filepath.Join(root, e.Folders(), python.Complete), nil
}

// probed remembers what each Python has: asking one costs a process.
var probed sync.Map // python and modules -> func() (string, error)

// probe is the version of the first of modules, if python has them all.
func probe(python string, modules []string) (string, error) {
	key := python + "\x00" + strings.Join(modules, "\x00")
	once, _ := probed.LoadOrStore(key, sync.OnceValues(func() (string, error) {
		return ask(python, modules)
	}))
	return once.(func() (string, error))()
}

func ask(py string, modules []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, py, append([]string{"-c", python.Worker, "--probe"}, modules...)...)
	out, err := cmd.Output()
	if err != nil {
		if ex, ok := errors.AsType[*exec.ExitError](err); ok {
			last := bytes.Split(bytes.TrimSpace(ex.Stderr), []byte("\n"))
			return "", fmt.Errorf("%v: %s", err, last[len(last)-1])
		}
		return "", err
	}
	versions := map[string]*string{}
	if err := json.Unmarshal(out, &versions); err != nil {
		return "", fmt.Errorf("it did not answer as a Python does: %v", err)
	}
	for _, m := range modules {
		if versions[m] == nil {
			return "", fmt.Errorf("it has no module %s", m)
		}
	}
	return *versions[modules[0]], nil
}
