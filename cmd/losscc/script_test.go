package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/npy"
	"losscc/verify/tensor"

	"github.com/rogpeppe/go-internal/testscript"
	"google.golang.org/protobuf/proto"
)

// update writes goldens again: transcripts, stories, the README's parts.
var update = flag.Bool("update", false, "write goldens again")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"losscc": main})
}

// TestTranscripts runs testdata/script: what is typed, what is answered, and
// the exit code.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			// Where losscc alone is, for scripts that empty the path.
			program, err := exec.LookPath("losscc")
			e.Setenv("LOSSCC_ONLY", filepath.Dir(program))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "npy": writeNPY, "cut": cut, "foreign": foreign, "finds": finds, "tamper": tamper,
		},
	})
}

// code N losscc … wants the exit code N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// writeNPY: npy FILE dtype 2,3 x… writes a NumPy file; of one number, all
// elements have it.
func writeNPY(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: npy FILE dtype extents|- numbers")
	}
	var shape []int
	if args[2] != "-" {
		for _, d := range strings.Split(args[2], ",") {
			n, err := strconv.Atoi(d)
			ts.Check(err)
			shape = append(shape, n)
		}
	}
	kind := tensor.Float
	if strings.HasPrefix(args[1], "int") {
		kind = tensor.Int
	}
	tt := tensor.New(kind, shape...)
	for i := range tt.Len() {
		x, err := strconv.ParseFloat(args[3+i%(len(args)-3)], 64)
		ts.Check(err)
		if kind == tensor.Int {
			tt.I[i] = int64(x)
		} else {
			tt.F[i] = x
		}
	}
	data, err := npy.Encode(tt, args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

// cut FILE N leaves the first N bytes of a file.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut FILE N")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// tamper FILE old new puts new where old stands, which must be as long.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 || len(args[1]) != len(args[2]) {
		ts.Fatalf("usage: tamper FILE old new, both of one length")
	}
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	if bytes.Count(data, []byte(args[1])) != 1 {
		ts.Fatalf("%s has %q %d times, want once", args[0], args[1], bytes.Count(data, []byte(args[1])))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Replace(data, []byte(args[1]), []byte(args[2]), 1), 0o666))
}

// foreign FILE writes a model that another program could have made: one op
// from a domain of its own, and an input of unknown rank.
func foreign(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: foreign FILE")
	}
	value := func(name string) *onnxpb.ValueInfoProto {
		return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
			TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1), Shape: &onnxpb.TensorShapeProto{}}}}}
	}
	x := value("x")
	x.GetType().GetTensorType().Shape = nil
	data, err := onnxpb.Encode(&onnxpb.ModelProto{
		IrVersion:    proto.Int64(8),
		ProducerName: proto.String("another"),
		OpsetImport:  []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}, {Domain: proto.String("com.example"), Version: proto.Int64(1)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{x}, Output: []*onnxpb.ValueInfoProto{value("y")},
			Node: []*onnxpb.NodeProto{{Name: proto.String("odd"), OpType: proto.String("Wobble"), Domain: proto.String("com.example"), Input: []string{"x"}, Output: []string{"y"}}}},
	})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

// finds DIR name… wants exactly these files in a directory.
func finds(ts *testscript.TestScript, neg bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := args[1:]; slices.Equal(names, want) == neg {
		ts.Fatalf("%s", fmt.Sprintf("%s holds %q, want %q", args[0], names, want))
	}
}
