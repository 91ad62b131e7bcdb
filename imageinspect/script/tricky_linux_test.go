package script_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	shells := shellsHere(t)
	programs := twoPrograms(t)
	var wait sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i, source := range strings.Split(string(text), "\n----\n") {
		for shell, command := range shells {
			file := filepath.Join(programs, fmt.Sprintf("s-%d-%s", i, shell))
			if err := os.WriteFile(file, []byte(source+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			said := words(script.Run(script.Input{
				Source: source + "\n", Shell: shell, File: file, Name: file, Params: []string{"rest", "300"}, Dir: "/", UID: strconv.Itoa(os.Getuid()),
				Env:  script.Environment{Vars: map[string]string{"HOME": "/", "PATH": programs + ":" + os.Getenv("PATH")}},
				Stat: statHere,
			}))
			if strings.ContainsAny(said, "?\x00") {
				continue
			}
			slots <- struct{}{}
			wait.Go(func() {
				defer func() { <-slots }()
				got := becomes(t, programs, append(command, file, "rest", "300")...)
				if got != "" && !slices.Contains(strings.Split(said, "|"), got) {
					t.Errorf("%s became %q, Run says %q:\n%s", shell, got, said, source)
				}
			})
		}
	}
	wait.Wait()
}

// statHere tells of this machine's files.
func statHere(path string) (script.Stat, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return script.Stat{}, true
	}
	return script.Stat{Exists: true, Dir: info.IsDir(), Executable: info.Mode()&0o111 != 0, Size: info.Size()}, true
}
