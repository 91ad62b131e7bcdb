package mirrors

import (
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect/mirror"
)

// State is what the cluster says of its registries. It is never changed.
type State struct {
	// Rules are never nil.
	Rules *mirror.Rules
	// CAs are certificates of CAs in PEM, by host[:port].
	CAs map[string][]byte
	// ImageStreams is true where the cluster has ImageStreams.
	ImageStreams bool
}

// read is what was read of the cluster.
type read struct {
	sets         []mirror.Set
	image        *imageConfig // nil when there is none
	cas          map[string]string
	imageStreams bool
}

// imageConfig is the part of image.config.openshift.io that nodes follow.
type imageConfig struct {
	allowed, blocked, insecure, search []string
	// caConfigMap is a ConfigMap in the namespace openshift-config.
	caConfigMap string
}

// defaultSearch is where OpenShift's nodes look for a name without a registry.
// Source: templates/common/_base/files/container-registries.yaml of
// https://github.com/openshift/machine-config-operator.
func defaultSearch() []string { return []string{"registry.access.redhat.com", mirror.DockerHub} }

// state is made of what was read; the notes say what was left out of it.
func (r read) state() (s *State, notes []string) {
	s = &State{Rules: &mirror.Rules{}, CAs: map[string][]byte{}, ImageStreams: r.imageStreams}
	var good []mirror.Set
	for _, set := range r.sets {
		if err := check(set); err != nil {
			notes = append(notes, err.Error())
			continue
		}
		good = append(good, set)
	}
	s.Rules.Sources = mirror.Merge(good)
	if r.image == nil {
		return s, notes
	}
	keep := func(field string, list []string, check func(string) error) []string {
		return slices.DeleteFunc(slices.Clone(list), func(v string) bool {
			err := check(v)
			if err != nil {
				notes = append(notes, fmt.Sprintf("image configuration: %s: %q %v; left out", field, v, err))
			}
			return err != nil
		})
	}
	if len(r.image.allowed) > 0 {
		// What is left out allows nothing, even where nothing is left.
		s.Rules.Allowed = [][]string{append([]string{}, keep("allowedRegistries", r.image.allowed, mirror.CheckImage)...)}
	}
	s.Rules.Blocked = keep("blockedRegistries", r.image.blocked, mirror.CheckImage)
	s.Rules.Insecure = keep("insecureRegistries", r.image.insecure, mirror.CheckScope)
	s.Rules.Search = keep("containerRuntimeSearchRegistries", r.image.search, mirror.CheckLocation)
	if len(s.Rules.Search) == 0 {
		s.Rules.Search = defaultSearch()
	}
	for _, key := range slices.Sorted(maps.Keys(r.cas)) {
		// A key of a ConfigMap holds no colon.
		host := strings.ReplaceAll(key, "..", ":")
		if mirror.CheckLocation(host) != nil || strings.Contains(host, "/") {
			continue // such as updateservice-registry, which is for another operator
		}
		if block, _ := pem.Decode([]byte(r.cas[key])); block == nil || block.Type != "CERTIFICATE" {
			notes = append(notes, fmt.Sprintf("CAs of the image configuration: %q holds no certificate in PEM; left out", key))
			continue
		}
		s.CAs[host] = []byte(r.cas[key])
	}
	return s, notes
}

// check says what is wrong with a set. The machine-config operator takes none
// of the cluster's sets while one is wrong; here the others count.
func check(s mirror.Set) error {
	if err := mirror.CheckScope(s.Source); err != nil {
		return fmt.Errorf("mirrors of %q: the source %w; left out", s.Source, err)
	}
	for _, m := range s.Mirrors {
		if err := mirror.CheckLocation(m); err != nil {
			return fmt.Errorf("mirrors of %q: %q %w; left out", s.Source, m, err)
		}
	}
	return nil
}
