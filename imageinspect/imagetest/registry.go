package imagetest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Options configure a Registry. The zero value is open to everyone.
type Options struct {
	// Username and Password are asked for when Username is set.
	Username, Password string
	// Token has the login go through a token server, as public registries do,
	// instead of basic authentication with each request.
	Token bool
	// Access says who may read what, beside Username, who may do everything. Nil
	// lets nobody else in, or everybody where there is no Username.
	Access Access
	// TLS has it speak https alone, with a certificate of a CA of its own, for
	// localhost and the loopback addresses.
	TLS bool
	// Names are further DNS names in that certificate.
	Names []string
}

// Registry is an OCI registry in memory, spoken to in plain http, or over TLS.
type Registry struct {
	options Options
	host    string
	token   string
	store   http.Handler
	server  *http.Server
	stop    context.CancelFunc
	served  chan struct{}
	ca      *authority // nil without TLS

	mu       sync.Mutex
	fault    Fault
	counts   Counts
	requests []string
	tokens   map[string]Login
}

// Start serves a new, empty registry on a free loopback port until Close.
func Start(o Options) (*Registry, error) {
	var ca *authority
	if o.TLS {
		var err error
		if ca, err = newAuthority(o.Names); err != nil {
			return nil, err
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		return nil, fmt.Errorf("test registry: %w", err)
	}
	quiet := log.New(io.Discard, "", 0)
	r := &Registry{
		options: o,
		host:    listener.Addr().String(),
		token:   rand.Text(),
		store:   registry.New(registry.Logger(quiet)),
		stop:    stop,
		served:  make(chan struct{}),
		ca:      ca,
		tokens:  map[string]Login{},
	}
	r.server = &http.Server{
		Handler:           http.HandlerFunc(r.serve),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          quiet,
		// A handler that hangs ends with the registry.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	go func() {
		defer close(r.served)
		_ = r.listen(listener)
	}()
	return r, nil
}

func (r *Registry) listen(l net.Listener) error {
	if r.ca == nil {
		return r.server.Serve(l)
	}
	r.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{r.ca.leaf}, MinVersion: tls.VersionTLS12}
	return r.server.ServeTLS(l, "", "")
}

// CA is the certificate of the CA that vouches for this registry, in PEM; nil
// without TLS.
func (r *Registry) CA() []byte {
	if r.ca == nil {
		return nil
	}
	return r.ca.pem
}

// URL is what paths are put after: https://host:port, or http without TLS.
func (r *Registry) URL() string { return r.scheme() + r.host }

func (r *Registry) scheme() string {
	if r.ca == nil {
		return "http://"
	}
	return "https://"
}

// Close ends the registry and every request to it.
func (r *Registry) Close() error {
	// Connections first: a handler that hangs must not get an answer out.
	err := r.server.Close()
	r.stop()
	<-r.served
	if err != nil {
		return fmt.Errorf("test registry: %w", err)
	}
	return nil
}

// Host is host:port.
func (r *Registry) Host() string { return r.host }

// Reference names an image in this registry: Reference("team/web:1").
func (r *Registry) Reference(image string) string { return r.host + "/" + image }

// Push stores an image under repository[:tag] and returns its digest.
func (r *Registry) Push(ctx context.Context, image string, content v1.Image) (string, error) {
	ref, err := r.parse(image)
	if err != nil {
		return "", err
	}
	if err := remote.Write(ref, content, r.remoteOptions(ctx)...); err != nil {
		return "", fmt.Errorf("push %s: %w", ref, err)
	}
	return digest(content)
}

// PushIndex stores an index under repository[:tag] and returns its digest.
func (r *Registry) PushIndex(ctx context.Context, image string, content v1.ImageIndex) (string, error) {
	ref, err := r.parse(image)
	if err != nil {
		return "", err
	}
	if err := remote.WriteIndex(ref, content, r.remoteOptions(ctx)...); err != nil {
		return "", fmt.Errorf("push %s: %w", ref, err)
	}
	return digest(content)
}

// PushSpecs builds and stores one image, or an index when there are several.
func (r *Registry) PushSpecs(ctx context.Context, image string, specs ...Spec) (string, error) {
	if len(specs) == 1 {
		content, err := Build(specs[0])
		if err != nil {
			return "", err
		}
		return r.Push(ctx, image, content)
	}
	content, err := BuildIndex(specs...)
	if err != nil {
		return "", err
	}
	return r.PushIndex(ctx, image, content)
}

// Keychain holds the registry's login.
func (r *Registry) Keychain() authn.Keychain { return keychain{r} }

// DockerConfig is a docker config.json with the registry's login.
func (r *Registry) DockerConfig() []byte {
	login := base64.StdEncoding.EncodeToString([]byte(r.options.Username + ":" + r.options.Password))
	config := map[string]any{"auths": map[string]any{r.host: map[string]string{"auth": login}}}
	text, err := json.Marshal(config)
	if err != nil {
		return nil // maps of strings always marshal
	}
	return text
}

func (r *Registry) parse(image string) (name.Reference, error) {
	var options []name.Option
	if r.ca == nil {
		options = append(options, name.Insecure)
	}
	ref, err := name.ParseReference(r.Reference(image), options...)
	if err != nil {
		return nil, fmt.Errorf("test image: %w", err)
	}
	return ref, nil
}

func (r *Registry) remoteOptions(ctx context.Context) []remote.Option {
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(r.Keychain())}
	if r.ca != nil {
		options = append(options, remote.WithTransport(&http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{RootCAs: r.ca.pool(), MinVersion: tls.VersionTLS12},
		}))
	}
	return options
}

type keychain struct{ registry *Registry }

// Resolve gives the login to its own registry only.
func (k keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	o := k.registry.options
	if o.Username == "" || target.RegistryStr() != k.registry.host {
		return authn.Anonymous, nil
	}
	return &authn.Basic{Username: o.Username, Password: o.Password}, nil
}

func digest(content interface{ Digest() (v1.Hash, error) }) (string, error) {
	hash, err := content.Digest()
	if err != nil {
		return "", fmt.Errorf("digest of the test image: %w", err)
	}
	return hash.String(), nil
}
