package onnxpb

import "fmt"

// Limits bounds what a file may ask of the reader. A field that is zero
// stands for its default.
type Limits struct {
	// Bytes is the longest file: by default 2 GiB, what protobuf allows.
	Bytes int64
	// Messages is the largest number of protobuf messages (nodes, attributes,
	// tensors, types, entries): by default 4 million.
	Messages int64
	// Depth is how deep messages nest, three levels to a subgraph: by default 64.
	Depth int
	// Memory is the heap that the decoded file may take, as estimated before
	// any of it is allocated: by default 64 MiB and three times the file.
	Memory int64
}

// The defaults of Limits.
const (
	defaultBytes    = 1<<31 - 1
	defaultMessages = 4 << 20
	defaultDepth    = 64
	baseMemory      = 64 << 20
	memoryPerByte   = 3
)

// orDefault is l with its defaults for a file of the given length filled in.
func (l Limits) orDefault(length int) Limits {
	if l.Bytes == 0 {
		l.Bytes = defaultBytes
	}
	if l.Messages == 0 {
		l.Messages = defaultMessages
	}
	if l.Depth == 0 {
		l.Depth = defaultDepth
	}
	if l.Memory == 0 {
		l.Memory = baseMemory + memoryPerByte*int64(length)
	}
	return l
}

// bytesText spells a number of bytes for a message: "812 KiB".
func bytesText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d MiB", n>>20)
	}
}
