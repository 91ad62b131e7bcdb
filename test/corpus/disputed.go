package main

import (
	"bytes"
	_ "embed"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/initguard/initguard/imageinspect"
)

//go:embed disputed.yaml
var disputedLabels []byte

// dispute is a label that is proved wrong.
type dispute struct {
	ID     string `yaml:"id"`
	Answer string `yaml:"answer"`
	Proof  string `yaml:"proof"`

	outcome imageinspect.Outcome
}

// readDisputes reads disputes by the id of their case.
func readDisputes(text []byte) (map[string]dispute, error) {
	var all []dispute
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&all); err != nil {
		return nil, fmt.Errorf("disputed labels: %w", err)
	}
	out := make(map[string]dispute, len(all))
	for _, d := range all {
		if err := d.outcome.UnmarshalText([]byte(d.Answer)); err != nil {
			return nil, fmt.Errorf("disputed label of %q: %w", d.ID, err)
		}
		if _, twice := out[d.ID]; twice || d.Proof == "" {
			return nil, fmt.Errorf("disputed label of %q: it is there twice, or has no proof", d.ID)
		}
		out[d.ID] = d
	}
	return out, nil
}
