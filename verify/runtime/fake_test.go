package runtime_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"losscc/verify/runtime"
	"losscc/verify/tensor"
)

// The tests of this file need no Python: the test binary itself, started as
// `python3 -c SOURCE ...`, plays a worker with the manners that fakeVariable
// names.
const fakeVariable = "LOSSCC_TEST_FAKE_WORKER"

func TestMain(m *testing.M) {
	if manners := os.Getenv(fakeVariable); manners != "" && len(os.Args) > 2 && os.Args[1] == "-c" {
		fake(manners, os.Args[3:])
		return
	}
	os.Exit(m.Run())
}

func fake(manners string, args []string) {
	if args[0] == "--probe" {
		versions := map[string]string{}
		for _, m := range args[1:] {
			versions[m] = "0.1"
		}
		json.NewEncoder(os.Stdout).Encode(versions)
		return
	}
	if manners == "stillborn" {
		fmt.Fprintln(os.Stderr, "ImportError: no luck")
		os.Exit(1)
	}
	put(`{"ok":true,"version":"0.1"}`, nil)
	for {
		header, body, err := get()
		if err != nil {
			return
		}
		manner, once, _ := strings.Cut(manners, " once ")
		if once != "" {
			if _, err := os.Stat(once); err == nil {
				manner = "echo"
			}
			os.WriteFile(once, nil, 0o600)
		}
		behave(manner, header, body)
	}
}

func behave(manner string, header map[string]any, body []byte) {
	switch manner {
	case "echo": // the outputs are the inputs
		outputs, _ := json.Marshal(header["inputs"])
		put(`{"ok":true,"outputs":`+string(outputs)+`}`, body[int(header["model"].(float64)):])
	case "hang":
		fmt.Fprintln(os.Stderr, "thinking")
		io.Copy(io.Discard, os.Stdin)
	case "crash":
		fmt.Fprintln(os.Stderr, strings.Repeat("noise ", 5000)+"Fatal Python error: Segmentation fault")
		os.Exit(139)
	case "quit":
		os.Exit(0)
	case "junk":
		os.Stdout.WriteString("Hello from a library that prints!")
		os.Exit(0)
	case "boast": // claims more than it sends
		os.Stdout.Write(binary.LittleEndian.AppendUint64([]byte{2, 0, 0, 0}, 8<<30))
		os.Stdout.WriteString("{}")
		os.Exit(0)
	case "misfit":
		put(`{"ok":true,"outputs":[{"name":"z","kind":"float","shape":[3]}]}`, make([]byte, 16))
	case "overflow":
		put(`{"ok":true,"outputs":[{"name":"z","kind":"float","shape":[4611686018427387904,4]}]}`, nil)
	case "surplus":
		put(`{"ok":true,"outputs":[]}`, make([]byte, 16))
	case "unkind":
		put(`{"ok":true,"outputs":[{"name":"z","kind":"string","shape":[]}]}`, nil)
	case "hungry":
		put(`{"ok":false,"what":"memory","stage":"run","message":"MemoryError"}`, nil)
	}
}

func put(header string, body []byte) {
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, uint32(len(header)))
	binary.Write(&b, binary.LittleEndian, uint64(len(body)))
	b.WriteString(header)
	b.Write(body)
	os.Stdout.Write(b.Bytes())
}

func get() (header map[string]any, body []byte, err error) {
	lengths := make([]byte, 12)
	if _, err := io.ReadFull(os.Stdin, lengths); err != nil {
		return nil, nil, err
	}
	text := make([]byte, binary.LittleEndian.Uint32(lengths))
	body = make([]byte, binary.LittleEndian.Uint64(lengths[4:]))
	io.ReadFull(os.Stdin, text)
	io.ReadFull(os.Stdin, body)
	return header, body, json.Unmarshal(text, &header)
}

// fakeSession is a session with a worker of the given manners.
func fakeSession(t *testing.T, manners string, o runtime.Options) *runtime.Session {
	t.Helper()
	t.Setenv(fakeVariable, manners)
	t.Setenv("LOSSCC_PYTHON", os.Args[0])
	rt, err := runtime.Find("onnxruntime")
	if err != nil {
		t.Fatal(err)
	}
	s := rt.Start(o)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestWhatBecomesOfTheChildIsATypedVerdict(t *testing.T) {
	for _, c := range []struct {
		manners string
		kind    error
		says    string
	}{
		{"stillborn", runtime.ErrCrashed, "ImportError: no luck"},
		{"hang", runtime.ErrTimeout, "thinking"},
		{"crash", runtime.ErrCrashed, "Segmentation fault"},
		{"crash", runtime.ErrCrashed, "exit status 139"},
		{"quit", runtime.ErrCrashed, "ended without an answer"},
		{"junk", runtime.ErrCrashed, "at run"},
		{"boast", runtime.ErrCrashed, "at run"},
		{"misfit", runtime.ErrCrashed, "does not fit"},
		{"overflow", runtime.ErrCrashed, "does not fit"},
		{"surplus", runtime.ErrCrashed, "16 bytes follow"},
		{"unkind", runtime.ErrCrashed, `kind "string"`},
		{"hungry", runtime.ErrMemory, "MemoryError"},
	} {
		t.Run(c.manners, func(t *testing.T) {
			o := runtime.Options{}
			if c.kind == runtime.ErrTimeout {
				o.Timeout = 300 * time.Millisecond
			}
			s := fakeSession(t, c.manners, o)
			_, err := s.Run(context.Background(), []byte("model"), nil)
			if !errors.Is(err, c.kind) {
				t.Fatalf("got %v, want %v", err, c.kind)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
			if len(err.Error()) > 8<<10 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestAfterADeathTheNextJobHasANewChild(t *testing.T) {
	for _, manner := range []string{"crash", "hang", "junk"} {
		t.Run(manner, func(t *testing.T) {
			marker := filepath.Join(t.TempDir(), "died")
			o := runtime.Options{}
			if manner == "hang" {
				o.Timeout = time.Second // for the first job to exceed and the second to keep
			}
			s := fakeSession(t, manner+" once "+marker, o)
			in := map[string]*tensor.Tensor{"x": tensor.Scalar(5)}
			if _, err := s.Run(context.Background(), nil, in); err == nil {
				t.Fatal("the first job should have failed")
			}
			out, err := s.Run(context.Background(), nil, in)
			if err != nil || out["x"].F[0] != 5 {
				t.Fatalf("got %v, %v", out, err)
			}
		})
	}
}

func TestAnEndedContextEndsTheJob(t *testing.T) {
	s := fakeSession(t, "hang", runtime.Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err := s.Run(ctx, nil, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the context's error", err)
	}
}

func TestTensorsCrossThePipeUnchanged(t *testing.T) {
	s := fakeSession(t, "echo", runtime.Options{})
	in := map[string]*tensor.Tensor{
		"float":  tensor.Floats([]float64{0, 1e-310, -2.5, 1 << 60}, 2, 2),
		"int":    tensor.Ints([]int64{-1 << 63, 1<<63 - 1}, 2),
		"bool":   tensor.Bools([]bool{true, false, true}, 3, 1),
		"empty":  tensor.New(tensor.Float, 0, 4),
		"scalar": tensor.Scalar(7),
	}
	out, err := s.Run(context.Background(), []byte("a model"), in)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range in {
		got := out[name]
		if got == nil || got.Kind != want.Kind || !slices.Equal(got.Shape, want.Shape) ||
			!slices.Equal(got.F, want.F) || !slices.Equal(got.I, want.I) || !slices.Equal(got.B, want.B) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestATensorThatContradictsItselfIsRefusedBeforeItIsSent(t *testing.T) {
	s := fakeSession(t, "echo", runtime.Options{})
	for name, bad := range map[string]*tensor.Tensor{
		"nil":            nil,
		"too few":        {Kind: tensor.Float, Shape: []int{3}, F: []float64{1}},
		"no such kind":   {Kind: 9},
		"another's data": {Kind: tensor.Int, Shape: []int{1}, F: []float64{1}},
	} {
		_, err := s.Run(context.Background(), nil, map[string]*tensor.Tensor{"x": bad})
		if !errors.Is(err, runtime.ErrRejected) || !strings.Contains(err.Error(), "input x") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
