package verify

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// The package's comment says in which file each check is.
func TestTheCommentNamesTheFileOfEachCheck(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^//\t([a-z, ]+?)  +([a-z]+\.go)`).FindAllStringSubmatch(string(text), -1) {
		for _, name := range strings.Split(row[1], ", ") {
			files[name] = row[2]
		}
	}
	delete(files, CheckRuntime) // is made beside the list
	for _, c := range checks {
		path, _ := runtime.FuncForPC(reflect.ValueOf(c.make).Pointer()).FileLine(reflect.ValueOf(c.make).Pointer())
		if got := files[c.name]; got != filepath.Base(path) {
			t.Errorf("doc.go has %q in %q, and it is in %s", c.name, got, filepath.Base(path))
		}
		delete(files, c.name)
	}
	for name, file := range files {
		t.Errorf("doc.go has %q in %s, and there is no such check", name, file)
	}
}
