package main

import (
	"errors"
	"strings"
	"testing"

	"losscc/cmd/losscc/internal/compile"
	"losscc/verify"
	rt "losscc/verify/runtime"
)

func TestAPanicOfTheJudgeIsAnErrorOfItsFile(t *testing.T) {
	// A session that is nil panics where it is asked for its name.
	built, err := compile.Run("triplet", compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := built.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	r, err := judgeOne(verify.Case{Name: "a.onnx", File: data}, verify.Options{Points: 1, Runtimes: []*rt.Session{nil}})
	var f *fault
	if r != nil || !errors.As(err, &f) || f.code != codeDefect || !strings.HasPrefix(err.Error(), "a.onnx: ") {
		t.Errorf("report %v, error %v", r, err)
	}
}
