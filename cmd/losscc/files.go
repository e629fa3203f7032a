package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxInput is how long an input file may be: what protobuf and the indexes of
// an evaluation can hold.
const maxInput = 2 << 30

// readInput reads a whole input file; "-" is the standard input. what says in
// messages what it should have been.
func (c *console) readInput(path, what string) ([]byte, error) {
	if path == "-" {
		data, err := io.ReadAll(io.LimitReader(c.in, maxInput))
		if err != nil {
			return nil, failure(codeIO, "read the standard input: %w", err)
		}
		return data, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, failure(codeFile, "%s: there is no such file, want %s", path, what)
	case err != nil:
		return nil, failure(codeIO, "%s: %w", path, bare(err))
	case info.IsDir():
		return nil, failure(codeFile, "%s is a directory, want %s", path, what)
	case info.Size() > maxInput:
		return nil, failure(codeFile, "%s has %s, at most 2 GiB are read", path, bytesText(info.Size()))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, failure(codeIO, "%s: %w", path, bare(err))
	}
	return data, nil
}

// writeWhole writes a file that appears whole or not at all: under another
// name next to it, then renamed. What is no regular file (a device, a pipe) is
// written to directly.
func writeWhole(path string, data []byte) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return failure(codeIO, "%s is a directory, want the name of a file", path)
	}
	if err == nil && !info.Mode().IsRegular() {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return failure(codeIO, "write %s: %w", path, bare(err))
		}
		return nil
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays a link
	}
	var tail [6]byte
	rand.Read(tail[:]) // never fails
	temp := filepath.Join(filepath.Dir(path), ".losscc-"+hex.EncodeToString(tail[:]))
	if err := writeNew(temp, data, info); err != nil {
		os.Remove(temp)
		return failure(codeIO, "write %s: %w", path, bare(err))
	}
	if err := os.Rename(temp, path); err != nil {
		os.Remove(temp)
		return failure(codeIO, "write %s: %w", path, bare(err))
	}
	return nil
}

// writeNew writes a file that is not there yet, with the mode of the one that
// it will replace, if there is one.
func writeNew(path string, data []byte, old fs.FileInfo) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if old != nil {
		f.Chmod(old.Mode().Perm()) // where the system has modes
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// bare is an error of the file system without the name of the file, which the
// message has already.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}

// bytesText is a number of bytes for people.
func bytesText(n int64) string {
	switch {
	case n < 1024:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/1024)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
