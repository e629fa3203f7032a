package onnxpb

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// signatures are the beginnings of files that people give for a model by
// mistake, and what each one is.
var signatures = []struct{ start, what string }{
	{"version https://git-lfs.", "a Git LFS pointer: fetch the file itself with `git lfs pull`"},
	{"PK\x03\x04", "a zip archive: unpack it and give the .onnx inside"},
	{"PK\x05\x06", "an empty zip archive"},
	{"\x1f\x8b", "gzip data: unpack it first"},
	{"BZh", "bzip2 data: unpack it first"},
	{"\xfd7zXZ", "xz data: unpack it first"},
	{"\x28\xb5\x2f\xfd", "zstd data: unpack it first"},
	{"\x93NUMPY", "a NumPy array"},
	{"\x89HDF", "an HDF5 file"},
	{"\x7fELF", "a program"},
	{"\x80\x02", "a Python pickle"},
	{"\x80\x04", "a Python pickle"},
	{"%PDF", "a PDF document"},
}

// foreign says what a file is that is not a model, or "" if it does not show.
// It only looks at the first bytes.
func foreign(data []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(data, []byte(s.start)) {
			return s.what
		}
	}
	if len(data) >= 8 && string(data[4:8]) == "ORTM" {
		return "a model in ONNX Runtime's own format: give the .onnx that it was made from"
	}
	head := bytes.ToLower(bytes.TrimLeft(data[:min(len(data), 256)], "\ufeff \t\r\n"))
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<?xml"} {
		if bytes.HasPrefix(head, []byte(tag)) {
			return "a web page or XML, perhaps the error page of a download"
		}
	}
	return ""
}

// isText tells whether the file begins as text does: UTF-8 with no control
// characters but white space.
func isText(data []byte) bool {
	head := data[:min(len(data), 512)]
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 {
			return len(data) > 512 && len(head) < utf8.UTFMax // a rune cut by the window
		}
		if !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		head = head[n:]
	}
	return true
}
