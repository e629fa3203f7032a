package python_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"losscc/verify/python"
)

// python3 runs the machine's Python with environments below root and no index
// to install from.
func python3(t *testing.T, root string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	py, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT TESTED: no python3 on the path")
	}
	cmd := exec.Command(py, args...)
	cmd.Env = append(os.Environ(), "LOSSCC_VENV="+root, "PIP_NO_INDEX=1", "PIP_FIND_LINKS=",
		"PYTHONDONTWRITEBYTECODE=1")
	var out, talk strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &talk
	err = cmd.Run()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatal(err)
	}
	if strings.Contains(talk.String(), "found Python") {
		t.Skip("NOT TESTED: ", talk.String())
	}
	return out.String(), talk.String(), cmd.ProcessState.ExitCode()
}

func TestGoLooksWhereTheScriptInstalls(t *testing.T) {
	for _, e := range []python.Environment{python.Newest, python.Oldest} {
		out, talk, _ := python3(t, "/root", "-c",
			"import environment as e, sys; print(e.folder(sys.argv[1]).name, e.COMPLETE)", e.Name)
		folder, marker, _ := strings.Cut(strings.TrimSpace(out), " ")
		if ok, err := filepath.Match(e.Folders(), folder); !ok || err != nil || marker != python.Complete {
			t.Errorf("%s: the script says %q and %q, Go %q and %q\n%s",
				e.Name, folder, marker, e.Folders(), python.Complete, talk)
		}
	}
}

func TestABrokenEnvironmentIsMadeAgainAndNotHandedOut(t *testing.T) {
	root := t.TempDir()
	out, talk, _ := python3(t, root, "-c", "import environment; print(environment.folder('newest'))")
	folder := strings.TrimSpace(out)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err, talk)
	}
	marker := filepath.Join(folder, python.Complete)
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, talk, code := python3(t, root, "environment.py", "newest")
	if out != "" || code != 4 || !strings.Contains(talk, "incomplete or broken: making it again") {
		t.Errorf("stdout %q, exit code %d and\n%s", out, code, talk)
	}
	if !strings.Contains(talk, "needs a network") {
		t.Errorf("without a network it says\n%s", talk)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a half-made environment is marked as complete")
	}
}

func TestAnUnknownSetIsMisuse(t *testing.T) {
	out, talk, code := python3(t, t.TempDir(), "environment.py", "latest")
	if out != "" || code != 2 || !strings.Contains(talk, "newest|oldest") {
		t.Errorf("stdout %q, exit code %d and\n%s", out, code, talk)
	}
}
