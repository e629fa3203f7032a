package bridge

import _ "embed"

// Module is a file in another language that loads and runs losses.
type Module struct {
	// Name is what people call the tool that it is for.
	Name string
	// File is the name under which the other language finds it.
	File string
	// Says is one line for lists.
	Says string
	// Text is the file.
	Text []byte
}

//go:embed losscc_torch.py
var pytorch []byte

//go:embed javascript/losscc.mjs
var javascript []byte

// Modules are all modules, in the order of lists.
var Modules = []Module{
	{"pytorch", "losscc_torch.py", "losses as nn.Module: parameters, state, gradients; ONNX Runtime or torch itself", pytorch},
	{"javascript", "losscc.mjs", "an ES module that trains a head in onnxruntime-web or onnxruntime-node", javascript},
}

// Find is the module of that name.
func Find(name string) (Module, bool) {
	for _, m := range Modules {
		if m.Name == name {
			return m, true
		}
	}
	return Module{}, false
}

// Names are the names of all modules.
func Names() []string {
	names := make([]string, len(Modules))
	for i, m := range Modules {
		names[i] = m.Name
	}
	return names
}
