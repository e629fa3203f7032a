//go:build unix

package main

import (
	"os"
	"syscall"
)

// openAtOnce opens a file to read, and does not wait for the writer of a pipe.
func openAtOnce(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
