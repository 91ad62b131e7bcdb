package config

import (
	"encoding/pem"
	"fmt"
	"path"

	"github.com/initguard/initguard/configfile"
	"github.com/initguard/initguard/imageinspect/mirror"
)

// Source is a part of the registries that has mirrors, or that lies elsewhere.
type Source struct {
	// Source is what image references begin with: HOST[:PORT][/PATH], or
	// *.DOMAIN. Of several that fit an image only the longest counts. Required.
	Source string `yaml:"source"`
	// Location is where the source itself is asked. Default: where its name
	// says.
	Location string `yaml:"location"`
	// Mirrors are asked first, in this order. Default: none. At most 16.
	Mirrors []Mirror `yaml:"mirrors"`
	// SourcePolicy says whether the source itself is asked. Default:
	// AllowContactingSource.
	SourcePolicy SourcePolicy `yaml:"sourcePolicy"`
}

// Mirror is a place that holds copies of a source.
type Mirror struct {
	// Location stands in for the source: HOST[:PORT][/PATH]. Required.
	Location string `yaml:"location"`
	// Pull says for which references it is asked. Default: all.
	Pull Pull `yaml:"pull"`
}

// Pull says for which references a mirror is asked.
type Pull uint8

// For which references a mirror is asked.
const (
	PullAll Pull = iota
	PullDigestOnly
	PullTagOnly
)

func pullNames() []string {
	return []string{string(mirror.All), string(mirror.DigestOnly), string(mirror.TagOnly)}
}

// String returns the text in the file.
func (p Pull) String() string { return nameAt(int(p), pullNames()) }

// MarshalText returns the text in the file; a value that is none is an error.
func (p Pull) MarshalText() ([]byte, error) { return textAt(int(p), pullNames()) }

// UnmarshalText sets the value from its exact text.
func (p *Pull) UnmarshalText(text []byte) error {
	i, err := indexOf(string(text), pullNames())
	if err == nil {
		*p = Pull(i)
	}
	return err
}

// SourcePolicy says whether a source that has mirrors is asked itself.
type SourcePolicy uint8

// Whether the source is asked, in OpenShift's words.
const (
	AllowContactingSource SourcePolicy = iota
	NeverContactSource
)

func policyNames() []string { return []string{"AllowContactingSource", "NeverContactSource"} }

// String returns the text in the file.
func (p SourcePolicy) String() string { return nameAt(int(p), policyNames()) }

// MarshalText returns the text in the file; a value that is none is an error.
func (p SourcePolicy) MarshalText() ([]byte, error) { return textAt(int(p), policyNames()) }

// UnmarshalText sets the value from its exact text.
func (p *SourcePolicy) UnmarshalText(text []byte) error {
	i, err := indexOf(string(text), policyNames())
	if err == nil {
		*p = SourcePolicy(i)
	}
	return err
}

// ImageStreams says what an image name of one part means.
type ImageStreams uint8

// What a name of one part, such as app:1, means.
const (
	// ImageStreamsAuto takes it for an ImageStream's where the cluster has them.
	ImageStreamsAuto ImageStreams = iota
	// ImageStreamsOn takes it for an ImageStream's.
	ImageStreamsOn
	// ImageStreamsOff takes it for one of Docker Hub's library.
	ImageStreamsOff
)

func imageStreamsNames() []string { return []string{"auto", "on", "off"} }

// String returns the text in the file.
func (s ImageStreams) String() string { return nameAt(int(s), imageStreamsNames()) }

// MarshalText returns the text in the file; a value that is none is an error.
func (s ImageStreams) MarshalText() ([]byte, error) { return textAt(int(s), imageStreamsNames()) }

// UnmarshalText sets the value from its exact text.
func (s *ImageStreams) UnmarshalText(text []byte) error {
	i, err := indexOf(string(text), imageStreamsNames())
	if err == nil {
		*s = ImageStreams(i)
	}
	return err
}

// Rules returns where images are asked for by the file alone. ImageStreamsAuto
// is left to the caller, who knows the cluster.
func (c *Config) Rules() *mirror.Rules {
	r := &mirror.Rules{Blocked: c.BlockedRegistries, Short: c.ImageStreams == ImageStreamsOn}
	if len(c.AllowedRegistries) > 0 {
		r.Allowed = [][]string{c.AllowedRegistries}
	}
	for _, s := range c.Mirrors {
		source := mirror.Source{Prefix: s.Source, Location: s.Location, Never: s.SourcePolicy == NeverContactSource}
		for _, m := range s.Mirrors {
			source.Mirrors = append(source.Mirrors, mirror.Mirror{Location: m.Location, Pull: mirror.Pull(m.Pull.String())})
		}
		r.Sources = append(r.Sources, source)
	}
	return r
}

func (r report) network(c *Config) {
	r.Names("allowedRegistries", c.AllowedRegistries, maxRegistries, fault(mirror.CheckImage))
	r.Names("blockedRegistries", c.BlockedRegistries, maxRegistries, fault(mirror.CheckImage))
	r.Names("proxyHosts", c.ProxyHosts, maxRegistries, proxyHostFault)
	r.mirrors(c.Mirrors)
}

func (r report) mirrors(list []Source) {
	r.Count("mirrors", len(list), maxRegistries)
	first := make(map[string]int)
	for i, s := range list {
		at := fmt.Sprintf("mirrors[%d]", i)
		if r.Matches(at+".source", s.Source, true, fault(mirror.CheckScope)) {
			r.Once(at+".source", "mirrors[%d].source", s.Source, s.Source, i, first)
		}
		r.Matches(at+".location", s.Location, false, fault(mirror.CheckLocation))
		r.Count(at+".mirrors", len(s.Mirrors), maxMirrors)
		for j, m := range s.Mirrors {
			r.Matches(fmt.Sprintf("%s.mirrors[%d].location", at, j), m.Location, true, fault(mirror.CheckLocation))
		}
		if s.SourcePolicy == NeverContactSource && len(s.Mirrors) == 0 {
			r.Reject(at+".sourcePolicy", "leaves nobody to ask: there are no mirrors; to block the source, put it into blockedRegistries")
		}
		if len(s.Mirrors) == 0 && s.Location == "" {
			r.Reject(at, "has neither mirrors nor a location")
		}
	}
}

// authorities checks the CAs of a registry's entry.
func (r report) authorities(at string, entry Registry) {
	if entry.CA != "" && entry.CAFile != "" {
		r.Reject(at+".caFile", "is set beside ca; one of them is enough")
	}
	if entry.CAFile != "" && (!path.IsAbs(entry.CAFile) || path.Clean(entry.CAFile) != entry.CAFile) {
		r.Reject(at+".caFile", "%s must be the absolute path of a file in the webhook's container, such as /etc/initguard/ca/ca.crt", configfile.Quote(entry.CAFile))
	}
	if entry.CA == "" {
		return
	}
	if block, _ := pem.Decode([]byte(entry.CA)); block == nil || block.Type != "CERTIFICATE" {
		r.Reject(at+".ca", "must be certificates in PEM, from -----BEGIN CERTIFICATE----- on")
	}
}

// fault makes words that follow the quoted name out of an error.
func fault(check func(string) error) func(string) string {
	return func(s string) string {
		if err := check(s); err != nil {
			return err.Error()
		}
		return ""
	}
}

func proxyHostFault(s string) string {
	if host, wild := cutWildcard(s); wild {
		return fault(mirror.CheckScope)("*." + host)
	}
	return hostFault(s)
}

func cutWildcard(s string) (domain string, wild bool) {
	if len(s) > 2 && s[:2] == "*." {
		return s[2:], true
	}
	return s, false
}
