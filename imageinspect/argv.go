package imageinspect

import (
	"path"
	"strings"
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
func Argv(config Config, o Overrides) []string {
	args := expandAll(o.Args, o)
	switch {
	case len(o.Command) > 0:
		return append(expandAll(o.Command, o), args...)
	case len(o.Args) > 0:
		return append(append([]string(nil), config.Entrypoint...), args...)
	default:
		return append(append([]string(nil), config.Entrypoint...), config.Cmd...)
	}
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
func UnknownPart(name string) string { return unknownMark + name + unknownMark }

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

// maxWord bounds an expanded word in bytes; values that refer to one another
// could otherwise double at each step.
const maxWord = 64 << 10

func expandAll(words []string, o Overrides) []string {
	env := environment(o)
	out := make([]string, 0, len(words))
	for _, w := range words {
		out = append(out, expand(w, env, o.EnvFrom))
	}
	return out
}

// environment is the container's env as the kubelet builds it: in order, each
// value expanded over those before it.
func environment(o Overrides) map[string]string {
	env := make(map[string]string, len(o.Env))
	for _, e := range o.Env {
		if e.Unknown {
			env[e.Name] = UnknownPart(e.Name)
			continue
		}
		env[e.Name] = expand(e.Value, env, o.EnvFrom)
	}
	return env
}

// expand replaces $(NAME) in a word of a pod's command, args or env as the
// kubelet does: $$ is a dollar sign, a name that is not set stays as it is.
// The image's own words are never expanded.
func expand(word string, env map[string]string, envFrom bool) string {
	var out strings.Builder
	for len(word) > 0 && out.Len() <= maxWord {
		plain, rest, found := strings.Cut(word, "$")
		out.WriteString(plain)
		if !found {
			break
		}
		end := strings.IndexByte(rest, ')')
		switch {
		case strings.HasPrefix(rest, "$"):
			out.WriteByte('$')
			rest = rest[1:]
		case strings.HasPrefix(rest, "(") && end > 0:
			out.WriteString(lookup(rest[1:end], env, envFrom))
			rest = rest[end+1:]
		default:
			out.WriteByte('$')
		}
		word = rest
	}
	if out.Len() > maxWord {
		return UnknownPart("a value of over 64 KiB")
	}
	return out.String()
}

func lookup(name string, env map[string]string, envFrom bool) string {
	if value, ok := env[name]; ok {
		return value
	}
	if envFrom || isServiceVariable(name) {
		return UnknownPart(name)
	}
	return "$(" + name + ")"
}

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

// volumeAt returns the volume that the pod mounts over the place where argv0
// lies. A bare name is looked for on PATH and may lie anywhere: it has none.
func volumeAt(argv0, workdir string, mounts []Mount) (string, bool) {
	if !strings.Contains(argv0, "/") {
		return "", false
	}
	file := argv0
	if !path.IsAbs(file) {
		file = path.Join("/", workdir, file)
	}
	file = path.Clean(file)
	best, volume := -1, ""
	for _, m := range mounts {
		at := path.Clean("/" + m.Path)
		if (at == "/" || file == at || strings.HasPrefix(file, at+"/")) && len(at) > best {
			best, volume = len(at), m.Volume
		}
	}
	return volume, best >= 0
}
