package imageinspect

import (
	"path"
	"regexp"
	"strings"

	"github.com/initguard/initguard/imageinspect/script"
)

// Overrides is what a pod says over an image's config about one container's
// process.
type Overrides struct {
	Command []string
	Args    []string
	// Env is the container's env in order, as far as it is in the pod.
	Env []EnvVar
	// EnvFrom is true when the container takes whole ConfigMaps or Secrets as
	// environment, so that names not in Env may exist all the same.
	EnvFrom    bool
	WorkingDir string
	// RunAsUser is the user's number; nil for the image's own USER.
	RunAsUser *int64
	// Mounts are the container's volume mounts.
	Mounts []Mount
}

// EnvVar is one variable of the container's environment.
type EnvVar struct {
	Name, Value string
	// Unknown is true when the value comes from elsewhere (valueFrom).
	Unknown bool
}

// Mount is one volume mount.
type Mount struct {
	// Path is the mount point; Volume is the volume's name.
	Path, Volume string
}

// Argv is what the container runtime starts, by Kubernetes' rules: a pod's
// command replaces ENTRYPOINT and CMD, its args replace CMD.
//
// Source: https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
func Argv(config Config, o Overrides) []string { return argvOf(config, o, newExpander(o)) }

func argvOf(config Config, o Overrides, x *expander) []string {
	args := x.words(o.Args)
	switch {
	case len(o.Command) > 0:
		return append(x.words(o.Command), args...)
	case len(o.Args) > 0:
		return append(append([]string(nil), config.Entrypoint...), args...)
	default:
		return append(append([]string(nil), config.Entrypoint...), config.Cmd...)
	}
}

// entrypointWords is how many words of argv are the image's ENTRYPOINT.
func entrypointWords(config Config, o Overrides) int {
	if len(o.Command) > 0 {
		return 0
	}
	return len(config.Entrypoint)
}

// argvSource says where argv comes from, for the chain.
func argvSource(config Config, o Overrides) string {
	var parts []string
	switch {
	case len(o.Command) > 0:
		parts = append(parts, "command of the pod")
	case len(config.Entrypoint) > 0:
		parts = append(parts, "ENTRYPOINT of the image")
	}
	switch {
	case len(o.Args) > 0:
		parts = append(parts, "args of the pod")
	case len(o.Command) == 0 && len(config.Cmd) > 0:
		parts = append(parts, "CMD of the image")
	}
	return strings.Join(parts, " + ")
}

// unknownMark surrounds a part of a word that can't be known. NUL can't occur
// in a real argv.
const unknownMark = "\x00"

// UnknownPart stands in a word for text that can't be known; name says what
// it depends on.
func UnknownPart(name string) string { return script.UnknownPart(name) }

// unknownIn returns what a word depends on when it holds an unknown part.
func unknownIn(word string) (string, bool) {
	_, rest, found := strings.Cut(word, unknownMark)
	if !found {
		return "", false
	}
	name, _, _ := strings.Cut(rest, unknownMark)
	return name, true
}

// Display writes a word as a person would: unknown parts as $(NAME).
func Display(word string) string {
	parts := strings.Split(word, unknownMark)
	for i := 1; i < len(parts); i += 2 {
		parts[i] = "$(" + parts[i] + ")"
	}
	return strings.Join(parts, "")
}

// maxExpanded bounds all that a container's env, command and args expand to, in
// bytes; the kernel takes no more for one process either (execve(2), ARG_MAX).
// Values that refer to one another could otherwise double at each step.
const maxExpanded = 2 << 20

// expander replaces $(NAME) in words of a pod as the kubelet does: $$ is a
// dollar sign, a name that is not set stays as it is. The image's own words are
// never expanded.
type expander struct {
	env     map[string]string
	envFrom bool
	left    int
}

// newExpander reads the container's env as the kubelet builds it: in order,
// each value expanded over those before it.
func newExpander(o Overrides) *expander {
	x := &expander{env: make(map[string]string, len(o.Env)), envFrom: o.EnvFrom, left: maxExpanded}
	for _, e := range o.Env {
		if e.Unknown {
			x.env[e.Name] = UnknownPart(e.Name)
			continue
		}
		x.env[e.Name] = x.word(e.Value)
	}
	return x
}

func (x *expander) words(words []string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		out = append(out, x.word(w))
	}
	return out
}

func (x *expander) word(word string) string {
	if strings.Contains(word, unknownMark) {
		return UnknownPart("a word with a NUL byte")
	}
	var out strings.Builder
	unclosed := false // no reference ends from here on
	for len(word) > 0 && out.Len() <= x.left {
		plain, rest, found := strings.Cut(word, "$")
		out.WriteString(plain)
		if !found {
			break
		}
		end := -1
		if strings.HasPrefix(rest, "(") && !unclosed {
			end = strings.IndexByte(rest, ')')
			unclosed = end < 0
		}
		switch {
		case strings.HasPrefix(rest, "$"):
			out.WriteByte('$')
			rest = rest[1:]
		case end > 0:
			out.WriteString(x.value(rest[1:end]))
			rest = rest[end+1:]
		default:
			out.WriteByte('$')
		}
		word = rest
	}
	if x.left -= out.Len(); x.left < 0 {
		return UnknownPart("more than 2 MiB of values")
	}
	return out.String()
}

func (x *expander) value(name string) string {
	if value, ok := x.env[name]; ok {
		return value
	}
	if plainVariable.MatchString(name) && (x.envFrom || isServiceVariable(name)) {
		return UnknownPart(name)
	}
	return "$(" + name + ")"
}

// plainVariable is what a name out of a ConfigMap, a Secret or a Service looks
// like. Anything else in $(...) is a shell's, and stays.
var plainVariable = regexp.MustCompile(`^[-._A-Za-z0-9]{1,253}$`)

// isServiceVariable is true for names that the kubelet sets for each Service
// of the namespace.
func isServiceVariable(name string) bool {
	return strings.HasSuffix(name, "_SERVICE_HOST") || strings.Contains(name, "_SERVICE_PORT") ||
		strings.Contains(name, "_PORT_") || strings.HasSuffix(name, "_PORT")
}

// baseName is the base name of a program's path.
func baseName(argv0 string) string {
	if argv0 == "" {
		return ""
	}
	return path.Base(argv0)
}

// volumeOver returns the volume that the pod mounts over an absolute path, the
// innermost of several, by what the paths say. Where a folder may be a link to
// another the volume counts for both: runtimes follow the image's links to where
// they mount. What links of an image's own do to it, its Way tells.
func volumeOver(file string, mounts []Mount) (string, bool) {
	best, volume := -1, ""
	for _, m := range mounts {
		if at := path.Clean("/" + m.Path); (within(file, at) || within(path.Clean(file), at)) && len(merged(at)) > best {
			best, volume = len(merged(at)), m.Volume
		}
	}
	return volume, best >= 0
}

// merged is an absolute path as it is where the folders of programs are one, as
// in most distributions: /bin, /sbin and /usr/sbin are links then.
//
// Source: https://www.freedesktop.org/wiki/Software/systemd/TheCaseForTheUsrMerge/
func merged(file string) string {
	for _, link := range [...]struct{ from, to string }{
		{"/bin", "/usr/bin"}, {"/sbin", "/usr/bin"}, {"/usr/sbin", "/usr/bin"},
		{"/lib", "/usr/lib"}, {"/lib64", "/usr/lib"}, {"/usr/lib64", "/usr/lib"}, {"/var/run", "/run"},
	} {
		if rest, ok := strings.CutPrefix(file, link.from); ok && (rest == "" || rest[0] == '/') {
			return link.to + rest
		}
	}
	return file
}
