package imageinspect

import (
	"fmt"
	"regexp"
	"strings"
)

// plainName is what the name of a program looks like; anything else may be a
// whole command line in one word.
var plainName = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}$`)

// minSecret is the shortest value, in bytes, that is looked for inside a name.
const minSecret = 4

// aProgram stands for a name that is not shown.
const aProgram = "the program"

// shown is a program's base name as any message may hold it. A name that the
// table doesn't know and that stands in a value of the environment may be that
// value: a secret in the wrong place.
func (w *walker) shown(argv0 string) string {
	if name, ok := unknownIn(argv0); ok {
		return "a program named by " + name
	}
	name := baseName(argv0)
	if !plainName.MatchString(name) {
		return aProgram
	}
	if _, known := w.db.Lookup([]string{name}); known {
		return name
	}
	if _, known := w.db.Wrapper(name); known {
		return name
	}
	name, as := strings.ToLower(name), name
	for _, value := range w.secrets {
		value = strings.ToLower(value)
		if strings.Contains(value, name) || len(value) >= minSecret && strings.Contains(name, value) {
			return aProgram
		}
	}
	return as
}

// detail is a text that holds argv, where it is asked for.
func (w *walker) detail(text string) string {
	if !w.detailed {
		return ""
	}
	return Display(text)
}

// detailArgv is detail for a whole argv.
func (w *walker) detailArgv(argv []string) string {
	if !w.detailed {
		return ""
	}
	quoted := make([]string, len(argv))
	for i, word := range argv {
		quoted[i] = fmt.Sprintf("%q", Display(word))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
