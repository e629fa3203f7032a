package main

import (
	"strings"
	"testing"
)

func TestNoMoreIsReadThanAllowed(t *testing.T) {
	for _, c := range []struct {
		what string
		size int64 // as the file system says, which may be wrong
		text string
		says string
	}{
		{"nothing", 0, "", ""},
		{"as much as allowed", 8, "12345678", ""},
		{"more than was said", 0, "1234567", ""},
		{"less than was said", 8, "1234", ""},
		{"one byte too many", 0, "123456789", "x has more than 8 bytes, at most that is read"},
	} {
		data, err := readWhole(strings.NewReader(c.text), "x", c.size, 8)
		switch {
		case c.says != "" && (err == nil || err.Error() != c.says || codeOf(err) != codeFile):
			t.Errorf("%s: %v, want %s", c.what, err, c.says)
		case c.says == "" && (err != nil || string(data) != c.text):
			t.Errorf("%s: %q, %v", c.what, data, err)
		}
	}
}
