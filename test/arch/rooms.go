package arch

// Module is the import path of this module.
const Module = "github.com/initguard/initguard"

// Room is a folder with rules of its own. It holds the packages in and below
// its folder, except those of a room further down.
type Room struct {
	// Dir is the folder below the module's root.
	Dir string
	// Imports are the rooms that it may import, itself aside. Everything
	// outside of this module is not judged here.
	Imports []string
	// Pure rooms decide and touch nothing: no files, no network, no API.
	Pure bool
	// StdlibOnly rooms import nothing outside of this module but the standard
	// library.
	StdlibOnly bool
	// OSFiles are the files, by base name, that may import os where the rest
	// of the room may not. Nil means that the room may import os anywhere,
	// unless it is pure.
	OSFiles []string
	// Top rooms start programs: they may read flags, the environment and the
	// argument list, and import every room.
	Top bool
	// ForTests rooms may be imported from tests and from test/ only.
	ForTests bool
}

// Rooms returns all rooms. A package in no room is an error: a new room is
// entered here and in docs/architecture.md.
func Rooms() []Room {
	return []Room{
		{Dir: "cmd/initguard", Top: true},

		{Dir: "imageinspect", Pure: true, Imports: []string{"imageinspect/initdb", "imageinspect/script", "imageinspect/identity"}},
		{Dir: "imageinspect/initdb", Pure: true},
		{Dir: "imageinspect/identity", Pure: true},
		{Dir: "imageinspect/script", Pure: true},
		{Dir: "imageinspect/rootfs", Imports: []string{"imageinspect"}},
		{Dir: "imageinspect/registry", Imports: []string{"imageinspect", "imageinspect/rootfs", "imageinspect/mirror"}},
		{Dir: "imageinspect/mirror", Pure: true},
		{Dir: "imageinspect/imagetest", ForTests: true, Imports: []string{"imageinspect"}},

		{Dir: "webhook", Imports: []string{"webhook/policy", "webhook/inject", "webhook/config", "imageinspect", "advice", "api/v1alpha1"}},
		{Dir: "webhook/policy", Pure: true, Imports: []string{"imageinspect", "advice"}},
		{Dir: "webhook/inject", Pure: true, Imports: []string{"webhook/policy", "imageinspect"}},
		{Dir: "webhook/config", Pure: true, Imports: []string{"configfile", "imageinspect/initdb", "imageinspect/mirror"}},

		{Dir: "scanner", Pure: true},
		{Dir: "scanner/proc", Imports: []string{"scanner"}},
		{Dir: "scanner/node", Imports: []string{"scanner"}},

		{Dir: "scanner/explain", Pure: true, Imports: []string{"scanner", "api/v1alpha1", "advice"}},
		{Dir: "scanner/notice", Pure: true, Imports: []string{"api/v1alpha1"}},
		{Dir: "scanner/alerts", Imports: []string{"api/v1alpha1", "configfile"}, OSFiles: []string{"token.go"}},
		{Dir: "scanner/config", Imports: []string{"configfile", "scanner/alerts", "scanner/notice", "scanner/notify", "scanner/remedy"}},
		{Dir: "scanner/notify", Imports: []string{"scanner/notice", "scanner/notify/letter", "api/v1alpha1", "advice", "configfile"}},
		{Dir: "scanner/notify/letter", Pure: true, Imports: []string{"scanner/notice", "scanner/explain", "api/v1alpha1", "advice"}},
		{Dir: "scanner/remedy", Pure: true, Imports: []string{"scanner", "api/v1alpha1"}},
		{Dir: "scanner/remedy/desk", Imports: []string{"scanner/remedy", "api/v1alpha1"}},
		{Dir: "scanner/responder", Imports: []string{"scanner", "scanner/node", "api/v1alpha1", "advice"}},

		{Dir: "cluster", Imports: []string{"imageinspect", "imageinspect/registry", "imageinspect/mirror", "webhook", "api/v1alpha1"}},

		{Dir: "configfile", OSFiles: []string{"watcher.go"}},
		{Dir: "api/v1alpha1", Pure: true},
		{Dir: "advice", Pure: true},
		{Dir: "certs"},
		{Dir: "manifests"},

		{Dir: "release", Top: true},
		{Dir: "bench", Top: true},
		{Dir: "test", Top: true},
		{Dir: "test/cluster", Top: true, StdlibOnly: true},
	}
}

// impure are the packages that a pure room may not import; a trailing slash
// covers all packages below.
var impure = [...]string{
	"flag", "log", "log/", "net", "net/http", "net/http/", "net/rpc", "os", "os/", "syscall", "io/ioutil",
	"k8s.io/client-go/", "sigs.k8s.io/controller-runtime", "sigs.k8s.io/controller-runtime/",
	"github.com/google/go-containerregistry/", "github.com/spf13/", "golang.org/x/sys/",
}

// flagPackages are the packages that read a command line.
var flagPackages = [...]string{"flag", "github.com/spf13/cobra", "github.com/spf13/pflag"}

// processNames are the names of package os that read what the process was
// started with, or end it.
var processNames = [...]string{
	"os.Args", "os.Environ", "os.Exit", "os.ExpandEnv", "os.Getenv", "os.LookupEnv", "os.Setenv", "os.Unsetenv",
}
