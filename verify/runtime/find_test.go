package runtime_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"losscc/verify/python"
	"losscc/verify/runtime"
)

func TestAMissingRuntimeSaysWhereItWasSoughtAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name, runtime string
		set           map[string]string
		says          []string
	}{
		{"no such runtime", "tensorflow", nil, []string{"onnxruntime, onnxruntime-old, reference"}},
		{"a variable that names no Python", "onnxruntime",
			map[string]string{"LOSSCC_PYTHON": "/no/such/python"},
			[]string{"LOSSCC_PYTHON=/no/such/python", "no such file"}},
		{"nothing anywhere", "onnx", nil,
			[]string{"LOSSCC_PYTHON (unset)", "newest-py", "python3 (not on the path)", "verify/test.sh"}},
		{"nothing old anywhere", "onnxruntime-old", nil,
			[]string{"LOSSCC_PYTHON_OLD (unset)", "oldest-py", "set LOSSCC_PYTHON_OLD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bareMachine(t)
			for k, v := range c.set {
				t.Setenv(k, v)
			}
			_, err := runtime.Find(c.runtime)
			if !errors.Is(err, runtime.ErrMissing) {
				t.Fatalf("got %v, want ErrMissing", err)
			}
			for _, words := range c.says {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q does not say %q", err, words)
				}
			}
		})
	}
}

func TestAnInstalledEnvironmentIsFoundWithoutAVariable(t *testing.T) {
	root := bareMachine(t)
	t.Setenv(fakeVariable, "echo")
	env := filepath.Join(root, strings.Replace(python.Oldest.Folders(), "*", "3.11", 1))
	if err := os.MkdirAll(filepath.Join(env, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(os.Args[0], filepath.Join(env, "bin", "python")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if _, err := runtime.Find("onnxruntime-old"); !errors.Is(err, runtime.ErrMissing) {
		t.Errorf("a half-made environment was taken: %v", err)
	}
	if err := os.WriteFile(filepath.Join(env, python.Complete), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	rt, err := runtime.Find("onnxruntime-old")
	if err != nil {
		t.Fatal(err)
	}
	if got := rt.String(); got != "onnxruntime-old 0.1" {
		t.Errorf("got %q", got)
	}
}

// bareMachine hides every Python from Find, and is the folder where
// environments are looked for.
func bareMachine(t *testing.T) string {
	root := t.TempDir()
	t.Setenv("LOSSCC_PYTHON", "")
	t.Setenv("LOSSCC_PYTHON_OLD", "")
	t.Setenv("LOSSCC_VENV", root)
	t.Setenv("PATH", t.TempDir())
	return root
}
