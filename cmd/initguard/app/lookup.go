package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/configfile"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/webhook/config"
)

// lookupOptions are the flags of the commands that look images up.
type lookupOptions struct {
	ConfigFile string
	Platforms  []string
	PlainHTTP  []string
	Timeout    time.Duration
}

func (o *lookupOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.ConfigFile, "config", o.ConfigFile, "configuration `file` of the webhook, for its platforms, programs, registries and modes")
	fs.StringSliceVar(&o.Platforms, "platform", o.Platforms, "`os/arch` of nodes, repeatable (default: those of the configuration, linux/amd64 and linux/arm64 without one)")
	fs.StringSliceVar(&o.PlainHTTP, "plain-http", o.PlainHTTP, "`host[:port]` of a registry to ask without TLS, repeatable")
	fs.DurationVar(&o.Timeout, "timeout", o.Timeout, "how long all that is asked of registries may take")
}

// maxTimeout bounds --timeout: a longer one is a slip.
const maxTimeout = 24 * time.Hour

func (o *lookupOptions) validate() []error {
	var errs []error
	for _, p := range o.Platforms {
		if parts := strings.Split(p, "/"); len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
			errs = append(errs, fmt.Errorf("--platform: %q is not os/arch or os/arch/variant, such as linux/amd64", p))
		}
	}
	for _, h := range o.PlainHTTP {
		if h == "" || strings.Contains(h, "/") {
			errs = append(errs, fmt.Errorf("--plain-http: %q is not host or host:port", h))
		}
	}
	if o.Timeout <= 0 || o.Timeout > maxTimeout {
		errs = append(errs, fmt.Errorf("--timeout: %s is not between 0 and %s", o.Timeout, maxTimeout))
	}
	return errs
}

// toolbox is what images are judged with.
type toolbox struct {
	config    *config.Config
	evaluator *imageinspect.Evaluator
	client    *registry.Client
	// platforms are those that matter.
	platforms []string
}

// open makes the toolbox; the client has to be closed.
func (o *lookupOptions) open() (*toolbox, error) {
	c, err := readConfig(o.ConfigFile)
	if err != nil {
		return nil, err
	}
	db, err := initdb.New(c.Programs()...)
	if err != nil {
		return nil, fmt.Errorf("table of programs: %w", err)
	}
	reached := newNetwork(func() *config.Config { return c }, logr.Discard())
	entries := o.registries(reached.registries())
	client, err := registry.New(registry.Options{
		Registries: func() []registry.Registry { return entries },
		Rules:      reached.rules,
		Keychain:   authn.DefaultKeychain,
		AllShared:  true, // this runs with the rights of the person who runs it
		Proxy:      http.ProxyFromEnvironment,
		Bounds:     registry.Bounds{Timeout: o.Timeout},
	})
	if err != nil {
		return nil, fmt.Errorf("registry client: %w", err)
	}
	t := &toolbox{config: c, evaluator: imageinspect.NewEvaluator(db).Detailed(), client: client, platforms: o.Platforms}
	if len(t.platforms) == 0 {
		t.platforms = c.Inspection.Platforms
	}
	if len(t.platforms) == 0 {
		t.platforms = config.DefaultPlatforms()
	}
	return t, nil
}

// registries are those of the configuration and of the flags.
func (o *lookupOptions) registries(configured []registry.Registry) []registry.Registry {
	var out []registry.Registry
	for _, host := range o.PlainHTTP {
		out = append(out, registry.Registry{Host: host, PlainHTTP: true})
	}
	for _, r := range configured {
		if !slices.Contains(o.PlainHTTP, r.Host) {
			out = append(out, r)
		}
	}
	return out
}

// registriesOf are the registries that a configuration names.
func registriesOf(c *config.Config) []registry.Registry {
	out := make([]registry.Registry, 0, len(c.Registries))
	for _, r := range c.Registries {
		out = append(out, registry.Registry{Host: r.Host, Shared: r.Shared, Internal: r.OpenShiftInternal, PlainHTTP: r.PlainHTTP, AllowAddresses: r.AllowAddresses, CAs: []byte(r.CA)})
	}
	return out
}

// readConfig reads the webhook's configuration; without a file it is the
// default one.
func readConfig(name string) (c *config.Config, err error) {
	if name == "" {
		return config.Default(), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, configfile.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	c, err = config.Parse(name, data)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	return c, nil
}

// source is where images come from: a registry, or a file on disk.
type source interface {
	Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error)
}

// patient is a source that says of a question which ended with ctx how it
// ended. The webhook's words for it promise an answer at the next request.
type patient struct{ source }

// Inspect looks an image up.
func (p patient) Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	images, err := p.source.Inspect(ctx, q)
	if err == nil || ctx.Err() == nil {
		return images, err //nolint:wrapcheck // The reason in it becomes the verdict.
	}
	detail := "no answer within --timeout"
	if errors.Is(ctx.Err(), context.Canceled) {
		detail = "interrupted"
	}
	reason := imageinspect.Reason{Code: imageinspect.CodeUnreachable, Text: "the image could not be inspected", Detail: detail}
	return nil, &imageinspect.Failure{Reason: reason, Err: ctx.Err()}
}

// sourceOf finds the source of a reference.
func (t *toolbox) sourceOf(reference string) (source, error) {
	if !registry.IsLocal(reference) {
		return patient{t.client}, nil
	}
	local, err := registry.Open(reference)
	if err != nil {
		return nil, err //nolint:wrapcheck // Names the source.
	}
	return local, nil
}

// reasonOf is the reason that an Unknown verdict gives for an error.
func reasonOf(err error) imageinspect.Reason {
	var failure *imageinspect.Failure
	if errors.As(err, &failure) {
		return failure.Reason
	}
	return imageinspect.Reason{Code: imageinspect.CodeUnreachable, Text: "the image could not be inspected", Detail: err.Error()}
}
