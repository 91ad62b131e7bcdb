package arch_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/initguard/initguard/test/arch"
)

const (
	root = "../.."
	page = "docs/architecture.md"
)

func TestRepository(t *testing.T) {
	files, err := arch.Read(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	for _, problem := range arch.Check(arch.Rooms(), files) {
		t.Error(problem)
	}
}

func TestRoomsExist(t *testing.T) {
	fsys := os.DirFS(root)
	for _, room := range arch.Rooms() {
		if _, err := fs.Stat(fsys, room.Dir); err != nil {
			t.Errorf("room without folder: %v; make it or drop it from Rooms", err)
		}
	}
}

// row is a row of the page's table of rooms: folder, what it holds, what it may
// import, pure or not.
var row = regexp.MustCompile("(?m)^\\| `([a-z0-9/]+)/` \\|[^|]*\\|([^|]*)\\|([^|]*)\\|$")

var quoted = regexp.MustCompile("`([a-z0-9/]+)`")

func TestPageTellsTheSame(t *testing.T) {
	text, err := fs.ReadFile(os.DirFS(root), page)
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]arch.Room)
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		r := arch.Room{Dir: m[1], Pure: strings.TrimSpace(m[3]) == "pure"}
		for _, q := range quoted.FindAllStringSubmatch(m[2], -1) {
			r.Imports = append(r.Imports, q[1])
		}
		told[r.Dir] = r
	}
	for _, want := range arch.Rooms() {
		got, ok := told[want.Dir]
		if !ok {
			t.Errorf("%s: no row for %s/", page, want.Dir)
			continue
		}
		slices.Sort(got.Imports)
		slices.Sort(want.Imports)
		if got.Pure != want.Pure || !slices.Equal(got.Imports, want.Imports) {
			t.Errorf("%s: row %s/ says pure %v, imports %v; Rooms says pure %v, imports %v",
				page, want.Dir, got.Pure, got.Imports, want.Pure, want.Imports)
		}
		delete(told, want.Dir)
	}
	for dir := range told {
		if _, err := fs.Stat(os.DirFS(root), dir); err != nil {
			t.Errorf("%s: row for a folder that is not there: %v", page, err)
		}
	}
}

func TestCheck(t *testing.T) {
	const mod = arch.Module + "/"
	tests := []struct {
		name string
		file string
		text string
		want string // Empty: allowed.
	}{
		{"arrow along", "webhook/w.go", imports(mod + "webhook/policy"), ""},
		{"own room", "webhook/inner/w.go", imports(mod + "webhook"), ""},
		{"arrow against", "imageinspect/i.go", imports(mod + "webhook/policy"), "imageinspect may import"},
		{"arrow across", "webhook/w.go", imports(mod + "imageinspect/registry"), "imports imageinspect/registry"},
		{"arrow across in a test", "webhook/w_test.go", imports(mod + "imageinspect/registry"), ""},
		{"no room", "misc/m.go", imports(), "misc is in no room"},
		{"import of no room", "webhook/w.go", imports(mod + "misc"), "imports misc"},
		{"import of cmd", "webhook/w.go", imports(mod + "cmd/initguard/app"), "wires all rooms together"},
		{"import of cmd in a test", "webhook/w_test.go", imports(mod + "cmd/initguard/app"), "wires all rooms together"},
		{"test starts cmd", "test/demo/d.go", imports(mod + "cmd/initguard/app"), ""},
		{"cmd imports all", "cmd/initguard/m.go", imports("os", "flag", mod+"imageinspect/registry"), ""},
		{"cmd imports a test room", "cmd/initguard/m.go", imports(mod + "imageinspect/imagetest"), "for tests"},
		{"test imports a test room", "test/demo/d.go", imports(mod + "imageinspect/imagetest"), ""},
		{"pure and os", "imageinspect/script/s.go", imports("os"), "is pure"},
		{"pure and os/exec", "advice/a.go", imports("os/exec"), "is pure"},
		{"pure and http", "webhook/policy/p.go", imports("net/http"), "is pure"},
		{"pure and client-go", "webhook/policy/p.go", imports("k8s.io/client-go/kubernetes"), "is pure"},
		{"pure and API types", "webhook/policy/p.go", imports("k8s.io/api/core/v1", "net/netip", "net/url"), ""},
		{"pure and os in a test", "imageinspect/script/s_test.go", imports("os"), ""},
		{"os in the watcher", "configfile/watcher.go", imports("os"), ""},
		{"os beside the watcher", "configfile/format.go", imports("os"), "only watcher.go may"},
		{"flags", "certs/c.go", imports("flag"), "only cmd and test read flags"},
		{"environment", "certs/c.go", "package x\nimport \"os\"\nvar a = os.Getenv(\"A\")\n", "certs/c.go:3: os.Getenv"},
		{"renamed os", "certs/c.go", "package x\nimport sys \"os\"\nvar a = sys.Args\n", "certs/c.go:3: os.Args"},
		{"files", "certs/c.go", "package x\nimport \"os\"\nvar a = os.ReadFile\n", ""},
		{"environment in cmd", "cmd/initguard/m.go", "package x\nimport \"os\"\nvar a = os.Getenv(\"A\")\n", ""},
		{"standard library only", "test/cluster/c.go", imports("k8s.io/api/core/v1"), "standard library only"},
		{"standard library only, rooms", "test/cluster/c.go", imports(mod + "imageinspect"), "nothing but itself"},
		{"nested module", "tools/t.go", imports("flag"), ""},
		{"testdata", "webhook/testdata/t.go", imports("flag"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				test.file:      {Data: []byte(test.text)},
				"tools/go.mod": {Data: []byte("module tools\n")},
			}
			files, err := arch.Read(fsys)
			if err != nil {
				t.Fatal(err)
			}
			got := arch.Check(arch.Rooms(), files)
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("%s: want no problem, got %q", test.file, got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("%s: want one problem with %q, got %q", test.file, test.want, got)
			}
		})
	}
}

func TestReadNamesTheFile(t *testing.T) {
	_, err := arch.Read(fstest.MapFS{"certs/c.go": {Data: []byte("package")}})
	if err == nil || !strings.Contains(err.Error(), path.Join("certs", "c.go")) {
		t.Errorf("got error %v, want one that names certs/c.go", err)
	}
}

// imports is a Go file that imports the packages.
func imports(packages ...string) string {
	text := "package x\n"
	for _, p := range packages {
		text += "import _ \"" + p + "\"\n"
	}
	return text
}
