package main

import (
	"bytes"
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
// messages what it should have been. Only a regular file is read by name: a
// device may have no end, and a pipe may have no writer.
func (c *console) readInput(path, what string) ([]byte, error) {
	if path == "-" {
		return readWhole(c.in, "the standard input", 0, maxInput)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, failure(codeFile, "%s: there is no such file, want %s", path, what)
	case err != nil:
		return nil, failure(codeIO, "%s: %w", path, bare(err))
	}
	if err := readable(path, what, info); err != nil {
		return nil, err
	}
	f, err := openAtOnce(path)
	if err != nil {
		return nil, failure(codeIO, "%s: %w", path, bare(err))
	}
	defer f.Close()
	// What was opened, lest another file took the name in between.
	if info, err = f.Stat(); err != nil {
		return nil, failure(codeIO, "%s: %w", path, bare(err))
	}
	if err := readable(path, what, info); err != nil {
		return nil, err
	}
	return readWhole(f, path, info.Size(), maxInput)
}

// readable refuses what is no regular file, or is too long.
func readable(path, what string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeNamedPipe != 0:
		return failure(codeFile, "%s is a pipe, want %s; - reads the standard input", path, what)
	case !info.Mode().IsRegular():
		return failure(codeFile, "%s is %s, want %s", path, kindOf(info.Mode()), what)
	case info.Size() > maxInput:
		return failure(codeFile, "%s has %d bytes, at most %s are read", path, info.Size(), bytesText(maxInput))
	}
	return nil
}

// kindOf names what is in a directory under a name and is no regular file.
func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "no regular file"
}

// readWhole reads all that there is, which is size bytes or a little else, up
// to most.
func readWhole(r io.Reader, name string, size, most int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(size, most)) + bytes.MinRead) // so that it need not grow
	n, err := b.ReadFrom(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, failure(codeIO, "read %s: %w", name, bare(err))
	case n > most:
		return nil, failure(codeFile, "%s has more than %s, at most that is read", name, bytesText(most))
	}
	return b.Bytes(), nil
}

// writeWhole writes a file that appears whole or not at all: under another
// name next to it, then renamed. What is no regular file (a device, a pipe) is
// written to directly, and a link stays a link, even to what is not there yet.
func writeWhole(path string, data []byte) error {
	info, err := os.Stat(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return failure(codeIO, "write %s: %w", path, bare(err))
	case err == nil && info.IsDir():
		return failure(codeIO, "%s is a directory, want the name of a file", path)
	case err == nil && !info.Mode().IsRegular():
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return failure(codeIO, "write %s: %w", path, bare(err))
		}
		return nil
	}
	real := followed(path)
	var tail [6]byte
	rand.Read(tail[:]) // never fails
	dir, _ := filepath.Split(real)
	temp := dir + ".losscc-" + hex.EncodeToString(tail[:])
	if err := writeNew(temp, data, info); err != nil {
		os.Remove(temp)
		return failure(codeIO, "write %s: %w", path, bare(err))
	}
	if err := os.Rename(temp, real); err != nil {
		os.Remove(temp)
		return failure(codeIO, "write %s: %w", path, bare(err))
	}
	return nil
}

// followed is where a chain of links leads, be there a file or not. The system
// found it to end before.
func followed(path string) string {
	for range 255 {
		to, err := os.Readlink(path)
		if err != nil {
			return path
		}
		if !filepath.IsAbs(to) {
			dir, _ := filepath.Split(path)
			to = dir + to // not joined, which would take a/.. away though a may be a link
		}
		path = to
	}
	return path
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
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.4g GiB", float64(n)/(1<<30))
}
