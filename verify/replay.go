package verify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"losscc/verify/npy"
	"losscc/verify/onnxval"
	"losscc/verify/tensor"
)

// wanted are the types that wanted outputs are written in.
var wanted = map[tensor.Kind]onnxval.Elem{tensor.Float: onnxval.F64, tensor.Int: onnxval.I64, tensor.Bool: onnxval.Bool}

// writeReplay writes the file, the inputs of a failure, and the outputs that
// were wanted, and gives the command that runs the file on them.
func (j *judge) writeReplay(k *checker) (string, error) {
	dir := filepath.Join(j.o.ReplayDir, fileName(j.c.Name), fileName(k.Name))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "file.onnx")
	if err := os.WriteFile(file, j.c.File, 0o666); err != nil {
		return "", err
	}
	words := []string{"losscc", "run", quoted(file)}
	for _, in := range j.inputs {
		path := filepath.Join(dir, in.Name+".npy")
		if err := writeNPY(path, k.at.in[in.Name], in.Elem.NumPy()); err != nil {
			return "", err
		}
		words = append(words, "--in", quoted(in.Name+"="+path))
	}
	for name, t := range k.want {
		if err := writeNPY(filepath.Join(dir, "want_"+fileName(name)+".npy"), t, wanted[t.Kind].NumPy()); err != nil {
			return "", err
		}
	}
	command := strings.Join(words, " ")
	return command, os.WriteFile(filepath.Join(dir, "replay.txt"), []byte(command+"\n"+k.text()), 0o666)
}

func writeNPY(path string, t *tensor.Tensor, dtype string) error {
	if t == nil {
		return fmt.Errorf("nothing to write to %s", path)
	}
	data, err := npy.Encode(t, dtype)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}

// fileName is a name that any file system takes.
func fileName(s string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, s)
	if name = strings.TrimLeft(name, "."); name == "" {
		return "file"
	}
	return name
}

// quoted is a word for a shell.
func quoted(s string) string {
	if strings.ContainsAny(s, " \t\n'\"\\$`*?;&|<>(){}[]#~!") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
