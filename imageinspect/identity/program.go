package identity

import "strings"

// program is one known program and the evidence for it. All pieces have to
// agree; an empty one says nothing.
type program struct {
	// name is the canonical name in package initdb.
	name string
	// all texts have to be there, none of the others. They are quoted from the
	// program; what was observed where stands beside them.
	all, none []string
	// most is the most bytes that the program brings into memory: what is
	// larger holds the texts for another reason.
	most int64
	// golang is true for a program that Go built. No other program's evidence
	// counts in one: Go programs carry others, and their usage texts.
	golang bool
	// goPackage is the path of the main package. Where Go wrote one, that
	// alone decides; a build of single files has none.
	goPackage string
	// version are the texts that the version follows; the first that is there
	// counts.
	version []string
	// foreign is the beginning of an interpreter that it never has.
	foreign string
}

const (
	kib = 1 << 10
	mib = 1 << 20
)

// programs are all known programs.
func programs() []program {
	var all []program
	for _, part := range [][]program{inits(), systemInits(), supervisors(), shells(), wrappers(), goPrograms()} {
		all = append(all, part...)
	}
	return all
}

// Names are the canonical names of all programs that Read can tell. A file that
// was read whole and called none of these bears the marks of none: it is another
// program, or one of them that was packed (UPX) or changed beyond recognition.
func Names() []string {
	var names []string
	for _, p := range programs() {
		names = append(names, p.name)
	}
	return names
}

// texts enters all that has to be looked for.
func (p program) texts(into map[string]bool) {
	for _, part := range [][]string{p.all, p.none, p.version} {
		for _, text := range part {
			into[text] = true
		}
	}
}

// recognise finds the one program whose evidence is complete. A file that
// looks like two is neither.
func (s *sight) recognise(id Identity) (name, version string) {
	for _, p := range programs() {
		if !p.is(s, id) {
			continue
		}
		if name != "" {
			return "", ""
		}
		name, version = p.name, p.versionIn(s)
	}
	return name, version
}

// is weighs the evidence for one program.
func (p program) is(s *sight, id Identity) bool {
	if s.carries || p.golang != (id.Go != nil) || s.layout.end > p.most {
		return false
	}
	if p.foreign != "" && strings.HasPrefix(id.Interpreter, p.foreign) {
		return false
	}
	if id.Go != nil && id.Go.Package != "" && id.Go.Package != fromFiles {
		return id.Go.Package == p.goPackage
	}
	for _, text := range p.all {
		if !s.marks[text] {
			return false
		}
	}
	for _, text := range p.none {
		if s.marks[text] {
			return false
		}
	}
	return len(p.all) > 0
}

// fromFiles is the main package's path in a build of single files.
const fromFiles = "command-line-arguments"

func (p program) versionIn(s *sight) string {
	for _, text := range p.version {
		if v := s.versions[text]; v != "" {
			return v
		}
	}
	return ""
}
