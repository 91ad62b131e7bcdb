package registry

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/initguard/initguard/imageinspect/mirror"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

// Registry says how one registry, or any other host on the way to an image
// (token server, redirect target), is to be spoken to.
type Registry struct {
	// Host is "host" or "host:port", compared exactly but for case. Without a
	// port it stands for the scheme's own.
	Host string
	// Shared marks a registry that the nodes pull from with the credentials
	// of Options.Keychain: their answers may be given to any tenant.
	Shared bool
	// Internal marks OpenShift's internal registry: Options.ImageStreams says
	// who may read what, and no pull secret is read.
	Internal bool
	// PlainHTTP allows http to this host.
	PlainHTTP bool
	// AllowAddresses are addresses that the guard lets through for this host,
	// loopback and link-local ones too. Private ones need no mention: the entry
	// is enough.
	AllowAddresses []netip.Prefix
	// CAs are certificates of CAs in PEM that vouch for this host beside those
	// of the system, and for no other host.
	CAs []byte
}

// Observer counts what the Client does. Its methods are called from many
// goroutines and must not block.
type Observer interface {
	// Inspection reports one finished inspection. The results are those of
	// Results: one for each thing that a registry may do wrong. busy comes after no time, for an inspection that was not
	// begun because too many waited.
	Inspection(result string, d time.Duration)
	// Reading reports one finished question to an image's layers. The results
	// are the same; image-invalid is for layers that can't be read whoever asks.
	Reading(result string, d time.Duration)
	// Cache reports once per call whether it was answered from memory,
	// remembered failures included.
	Cache(hit bool)
}

// Options configure a Client. The zero value asks anonymously, unguarded, with
// the defaults given at each field.
type Options struct {
	// Registries gives the entries that hold now; it is called often. A nil
	// func gives none.
	Registries func() []Registry
	// Rules gives the mirrors, the allowed and the blocked registries that hold
	// now; it is called often. A nil func gives none.
	Rules func() *mirror.Rules
	// Keychain gives credentials for Shared registries. Default: none.
	Keychain authn.Keychain
	// PullSecrets reads the pull secrets of pods. Default: none are read.
	PullSecrets PullSecretReader
	// ImageStreams lets pods into Internal registries. Default: nobody.
	ImageStreams ImageStreams
	// AllShared uses Keychain for every registry and nothing else, and lets any
	// namespace take all slots. Only for a client that acts with the rights of
	// the person who runs it.
	AllShared bool
	// GuardAddresses refuses, after DNS and for each connection, addresses
	// that a tenant must not reach through this client, and plain http where
	// no entry allows it.
	GuardAddresses bool
	// Proxy is http.Transport's Proxy. What is asked through a proxy can't be
	// checked after DNS, so with GuardAddresses only the hosts of Registries,
	// Rules and ProxyHosts are asked through it.
	Proxy func(*http.Request) (*url.URL, error)
	// ProxyHosts gives further hosts, as HOST[:PORT] or *.DOMAIN, that may be
	// asked through the proxy: token servers, where content is kept. A nil func
	// gives none.
	ProxyHosts func() []string

	// Bounds are what holds until SetBounds.
	Bounds
	// Layers bounds what questions about the files of one image may cost.
	Layers rootfs.Bounds

	// Observer counts. Default: nobody.
	Observer Observer
	// Now is the clock that cached entries age by. Default: time.Now.
	Now func() time.Time
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	if o.Registries == nil {
		o.Registries = func() []Registry { return nil }
	}
	if o.Rules == nil {
		o.Rules = func() *mirror.Rules { return &mirror.Rules{} }
	}
	if o.ProxyHosts == nil {
		o.ProxyHosts = func() []string { return nil }
	}
	if o.Keychain == nil {
		o.Keychain = authn.NewMultiKeychain()
	}
	if o.PullSecrets == nil {
		o.PullSecrets = nobodysSecrets{}
	}
	if o.Observer == nil {
		o.Observer = nobody{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Bounds = o.Bounds.withDefaults()
	return o
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// validate names every field that can't be used.
func (o Options) validate() error {
	errs := []error{o.Bounds.validate()}
	if o.GuardAddresses && o.AllShared {
		errs = append(errs, errors.New("registry options: AllShared: must not be set with GuardAddresses: tenants would be answered with credentials that are not shared"))
	}
	return errors.Join(errs...)
}

type nobody struct{}

func (nobody) Inspection(string, time.Duration) {}
func (nobody) Reading(string, time.Duration)    {}
func (nobody) Cache(bool)                       {}
