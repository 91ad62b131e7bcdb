package script_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/script"
)

// TestAgreesOnTrickyScripts does the same with scripts that look one way and go
// another: what shells differ in, and what once was judged wrongly.
func TestAgreesOnTrickyScripts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "tricky.txt"))
	if err != nil {
		t.Fatal(err)
	}
	h := newHolder(t)
	for source := range strings.SplitSeq(string(text), "\n----\n") {
		h.holdFile(source+"\n", script.Input{
			Env:  script.Environment{Vars: map[string]string{"HOME": "/", "PATH": h.programs + ":" + os.Getenv("PATH")}},
			Stat: statHere,
		})
	}
	h.end(100)
}

// statHere tells of this machine's files.
func statHere(path string) (script.Stat, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return script.Stat{}, true
	}
	return script.Stat{Exists: true, Dir: info.IsDir(), Executable: info.Mode()&0o111 != 0, Size: info.Size()}, true
}
