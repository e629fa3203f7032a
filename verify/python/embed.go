package python

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
)

// Worker is the source of the program that a child process runs, to be given to
// `python3 -c`. Its first lines describe its arguments and its protocol.
//
//go:embed worker.py
var Worker string

//go:embed requirements.txt
var requirements []byte

//go:embed oldest.txt
var oldest []byte

// Environment is one pinned set of packages, as environment.py installs it.
type Environment struct {
	Name string // the word environment.py knows it by
	Pins []byte // the requirement file
}

// Newest is the set with onnx and the newest ONNX Runtime.
var Newest = Environment{Name: "newest", Pins: requirements}

// Oldest is the set with the oldest ONNX Runtime that has a wheel.
var Oldest = Environment{Name: "oldest", Pins: oldest}

// Folders is a glob pattern for the names of the folders that environment.py
// makes for e: one for every Python it was run with.
func (e Environment) Folders() string {
	sum := sha256.Sum256(e.Pins)
	return e.Name + "-py*-" + hex.EncodeToString(sum[:])[:12]
}

// Complete is the name of the file that marks such a folder as installed to
// the end.
const Complete = ".complete"
