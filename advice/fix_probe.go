package advice

import (
	"fmt"
	"regexp"
	"strings"
)

// plainProbes
//
// Changes: a probe or hook that runs a shell: the kubelet asks by itself, or
// one program runs.
// Fits: such a probe or hook; which kind is said only where the command leaves
// no doubt.
func plainProbes(s Situation) []Fix {
	if !s.finding() {
		return nil
	}
	var out []Fix
	for _, e := range s.Execs {
		r := readCommand(e, s.Forks)
		f := Fix{Path: e.Path, Change: r.change(), Note: r.note(e.Hook), Page: ChangeProbe}
		if s.Full && r.exact {
			if text, ok := r.patch(e, s.Withheld); ok {
				f.Patches = []Patch{{Manifest, text}}
			}
		}
		out = append(out, f)
	}
	return out
}

// noOrphans
//
// Changes: nothing that can be named: whatever starts processes that outlive
// their parents.
// Fits: where nothing else does: PID 1 must be what it is, and no probe or hook
// is to blame.
func noOrphans(s Situation) []Fix {
	if !s.finding() {
		return nil
	}
	where, at := InPod, s.ContainerPath
	if at == "" {
		where, at = InImage, "the program"
	}
	return []Fix{{Where: where, Path: at, Change: "no process that outlives its parent", Page: ChangeProbe}}
}

// method is how a probe or hook asks.
type method string

const (
	methodAny    method = ""
	methodHTTP   method = "httpGet"
	methodTCP    method = "tcpSocket"
	methodGRPC   method = "grpc"
	methodSleep  method = "sleep"
	methodDirect method = "exec"
)

// reading is what a probe's command is understood to do.
type reading struct {
	method method
	// exact is true when the rest says all that the command does.
	exact                 bool
	scheme, path, service string
	port, seconds         int
	words                 []string
	// timeout is what the command is given, in seconds; 0 for none.
	timeout int
}

func (r reading) change() string {
	switch r.method {
	case methodAny:
		return "httpGet, tcpSocket, grpc or one plain program"
	case methodDirect:
		return "its program without a shell"
	default:
		return string(r.method) + " in place of exec"
	}
}

func (r reading) note(hook bool) string {
	switch {
	case r.method == methodHTTP || r.method == methodTCP || r.method == methodGRPC:
		return "the kubelet asks at the pod's IP: the server has to listen there, not on localhost alone"
	case r.method == methodSleep:
		return "needs Kubernetes 1.30"
	case r.method == methodAny && hook:
		return "a hook can be httpGet, sleep or exec"
	default:
		return ""
	}
}

// plainPath is a path that needs no quotes in YAML.
var plainPath = regexp.MustCompile(`^/[A-Za-z0-9/._-]*$`)

func (r reading) patch(e Exec, withheld bool) (string, bool) {
	if withheld {
		return r.outline(e)
	}
	return r.yaml(e), true
}

// head is the first line of the probe or hook; what a probe says beside exec
// stays.
func (r reading) head(e Exec) string {
	first := e.Path[strings.LastIndex(e.Path, ".")+1:] + ":"
	switch {
	case r.method == methodDirect && !e.Hook:
		first += " # other fields stay"
	case r.method != methodDirect && e.Hook:
		first += " # in place of exec"
	case r.method != methodDirect:
		first += " # in place of exec; other fields stay"
	}
	return first
}

// yaml is the probe or hook.
func (r reading) yaml(e Exec) string {
	lines := []string{r.head(e)}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	switch r.method {
	case methodHTTP:
		add("  httpGet:")
		if r.scheme == "https" {
			add("    scheme: HTTPS")
		}
		at := r.path
		if !plainPath.MatchString(at) {
			at = quote(at)
		}
		add("    port: %d", r.port)
		add("    path: %s", at)
	case methodTCP:
		add("  tcpSocket:")
		add("    port: %d", r.port)
	case methodGRPC:
		add("  grpc:")
		add("    port: %d", r.port)
		if r.service != "" {
			add("    service: %s", quote(r.service))
		}
	case methodSleep:
		add("  sleep:")
		add("    seconds: %d", r.seconds)
	default:
		add("  exec:")
		add("    command: %s", flow(r.words))
	}
	if r.timeout > 0 {
		add("  timeoutSeconds: %d", r.timeout)
	}
	return join(lines)
}

func join(lines []string) string { return strings.Join(lines, "\n") }
