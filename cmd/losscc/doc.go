// Command losscc makes ONNX files from the names of losses, runs them, judges
// them and says what is in them.
//
// Every command is a file of its own; root.go joins them, console.go is what
// they talk to, fault.go says which mistake ends with which exit code. The
// stages between a name and a file are in internal/compile.
package main
